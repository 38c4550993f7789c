"""Names and directories to embedders."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import open_clip
import pytest

from tests.models.open_clip_folders import cache_as
from tests.refusal import refused
from vlret.models.open_clip import OpenCLIP
from vlret.models.registry import ASSETS, MODELS, list_models, load_model

OPEN_CLIP_NAMES = [name for name, spec in MODELS.items() if spec.hub]


def test_the_list_has_every_model_with_every_key():
    models = list_models()
    assert [model["name"] for model in models] == ["vljepa-mini", "clip", "siglip2", "pe-core"]
    for model in models:
        assert set(model) == {
            "name", "description", "dim", "frames", "resolution", "licence", "installed", "how_to_get",
        }  # fmt: skip
    json.dumps(models)


@pytest.mark.parametrize("name", OPEN_CLIP_NAMES)
def test_the_list_agrees_with_open_clip(name):
    spec = MODELS[name]
    arch, tag = spec.source.split("/")
    config = open_clip.get_model_config(arch)
    assert (spec.dim, spec.resolution) == (config["embed_dim"], config["vision_cfg"]["image_size"])
    assert spec.hub + "/" == open_clip.get_pretrained_cfg(arch, tag)["hf_hub"]


@pytest.mark.parametrize("name", OPEN_CLIP_NAMES)
def test_an_alias_is_its_cached_weights(name, clip_folder, hub_cache):
    spec = MODELS[name]
    with refused("model_not_downloaded") as refusal:
        load_model(name, "cpu")
    assert f"hf download {spec.hub}" in refusal.value.hint
    cache_as(spec.hub, clip_folder, hub_cache)
    assert next(model for model in list_models() if model["name"] == name)["installed"]
    assert load_model(name, "cpu").card == load_model(f"open_clip:{spec.source}", "cpu").card


def test_an_unknown_name_gets_the_nearest():
    with refused("unknown_model") as refusal:
        load_model("siglib2")
    assert refusal.value.message == "'siglib2' is neither a model nor a directory; did you mean siglip2?"


@pytest.mark.parametrize(
    ("given", "meant"),
    [("CLIP", "clip"), ("Siglip2", "siglip2"), ("PE-Core", "pe-core"), ("vljepa_mini", "vljepa-mini")],
)
def test_only_near_names_are_offered(given, meant):
    with refused("unknown_model") as refusal:
        load_model(given)
    assert f"did you mean {meant}?" in refusal.value.message


@pytest.mark.parametrize("given", ["resnet", "films/holiday.mp4"])
def test_no_name_is_offered_where_none_is_near(given):
    with refused("unknown_model") as refusal:
        load_model(given)
    assert "did you mean" not in str(refusal.value)


@pytest.mark.parametrize(
    "given", ["https://huggingface.co/openai/clip", "HTTP://a/b", "s3://bucket/clip", "file:///clip"]
)
def test_a_url_is_no_model(given):
    with refused("unknown_model") as refusal:
        load_model(given)
    assert "is a URL" in refusal.value.message


def test_a_directory_is_recognised_by_its_configuration(clip_folder, tmp_path):
    assert isinstance(load_model(clip_folder, "cpu"), OpenCLIP)
    with refused("not_a_model"):
        load_model(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with refused("not_a_model"):
        load_model(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with refused("damaged_config"):
        load_model(tmp_path)


def test_a_name_takes_precedence_over_a_directory(clip_folder, hub_cache, tmp_path, monkeypatch):
    (tmp_path / "clip").symlink_to(clip_folder)
    monkeypatch.chdir(tmp_path)
    with refused("model_not_downloaded"):
        load_model("clip", "cpu")
    assert isinstance(load_model("./clip", "cpu"), OpenCLIP)


@pytest.mark.parametrize(
    ("device", "dtype", "code"), [("gpu", "auto", "unknown_device"), ("cpu", "float16", "unknown_dtype")]
)
def test_devices_and_dtypes_are_checked_before_anything_else(device, dtype, code):
    with refused(code):
        load_model("vljepa-mini", device, dtype)


def test_listing_models_is_light():
    code = "import sys; from vlret.models.registry import list_models; list_models(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"torch", "transformers", "timm", "open_clip", "av"} & set(modules.split())


@pytest.mark.skipif(not MODELS["vljepa-mini"].installed, reason="vljepa-mini is not in this checkout")
class TestMini:
    def test_a_text_loads_neither_timm_nor_open_clip_nor_av(self):
        code = (
            "import sys; from vlret import load_model; load_model('vljepa-mini').embed_texts(['a dog']);"
            "print(*sys.modules)"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert not {"timm", "open_clip", "av"} & set(run.stdout.split())

    def test_name_and_folder_are_the_same_model(self):
        by_name, by_folder = load_model("vljepa-mini"), load_model(Path(ASSETS, "vljepa-mini"))
        assert by_name.card.weights_hash == by_folder.card.weights_hash

    def test_the_list_agrees_with_the_card(self):
        card, spec = load_model("vljepa-mini").card, MODELS["vljepa-mini"]
        assert (card.dim, card.frames, card.resolution) == (spec.dim, spec.frames, spec.resolution)
        assert card.licence == spec.licence
