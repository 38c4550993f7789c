"""Which engine computes which model where."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.models.vljepa.tiny import tiny_folder, tiny_model
from tests.refusal import refused
from vlret.models.registry import load_model
from vlret.models.vljepa.checks import read_config
from vlret.models.vljepa.engines import choose, openvino_engine


def engine_of(**settings: str) -> tuple[str, str]:
    model = load_model("vljepa-mini", **settings)
    return model.engine, model.dtype


def test_openvino_computes_vljepa_mini_on_a_processor(monkeypatch):
    monkeypatch.setattr(choose, "sees_gpu", lambda: False)
    for device in ("auto", "cpu"):
        assert engine_of(device=device, dtype="float32") == ("openvino", "float32")
    assert engine_of(engine="torch", dtype="float32") == ("torch", "float32")


@pytest.mark.parametrize(("native", "dtype"), [(True, "bfloat16"), (False, "float32")])
def test_auto_dtype_follows_the_processor(native, dtype, monkeypatch):
    monkeypatch.setattr(openvino_engine, "computes_bfloat16", lambda: native)
    assert engine_of(device="cpu") == ("openvino", dtype)


def test_bfloat16_that_the_processor_lacks_is_left_to_torch(monkeypatch):
    monkeypatch.setattr(openvino_engine, "computes_bfloat16", lambda: False)
    assert engine_of(device="cpu", dtype="bfloat16") == ("torch", "bfloat16")
    with refused("engine_unusable") as refusal:
        engine_of(device="cpu", dtype="bfloat16", engine="openvino")
    assert "does not compute in bfloat16" in refusal.value.message


def test_a_gpu_is_used_by_torch(monkeypatch):
    monkeypatch.setattr(choose, "sees_gpu", lambda: True)
    assert choose.open_openvino(*arguments(device="auto")) is None
    assert choose.open_openvino(*arguments(device="cpu")).name == "openvino"
    with refused("engine_unusable"):
        choose.open_openvino(*arguments(device="auto", engine="openvino"))


def test_without_openvino_torch_computes(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert engine_of(device="cpu", dtype="float32") == ("torch", "float32")
    with refused("engine_unusable") as refusal:
        engine_of(device="cpu", engine="openvino")
    assert "vljepa-mini: OpenVINO cannot be imported" in refusal.value.message


def test_an_openvino_that_cannot_be_imported_is_left_out(tmp_path: Path, monkeypatch):
    (tmp_path / "openvino.py").write_text("raise ImportError('libtbb.so.12 is missing')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "openvino", raising=False)
    assert engine_of(device="cpu") == engine_of(device="cpu", engine="torch")
    with refused("engine_unusable") as refusal:
        engine_of(device="cpu", engine="openvino")
    assert "libtbb.so.12 is missing" in refusal.value.message


def test_other_models_are_computed_by_torch(tmp_path: Path):
    folder = tiny_folder(tmp_path, tiny_model())
    assert load_model(folder, "cpu").engine == "torch"
    for name in (folder, "clip", "open_clip:ViT-B-32/openai", "some_module:SomeClass"):
        with refused("engine_unusable"):
            load_model(name, "cpu", engine="openvino")


def test_weights_in_bfloat16_are_left_to_torch(monkeypatch):
    monkeypatch.setattr(choose, "has_bfloat16", lambda folder: True)
    assert choose.open_openvino(*arguments()) is None


def test_only_what_the_vision_side_reads_must_be_that_of_vljepa_mini():
    settings = read_config(choose.MINI)
    assert choose.fits({**settings, "transformers_version": "9", "y_config": {}})
    for name, value in (
        ("grid", 2),
        ("resolution", 224),
        ("resize", "crop"),
        ("query_embeddings", "own"),
        ("new", 1),
    ):
        assert not choose.fits({**settings, name: value})
    wider = {**settings["predictor_config"], "attention_bias": True}
    assert not choose.fits({**settings, "predictor_config": wider})


def test_an_unknown_engine_is_refused():
    with refused("unknown_engine"):
        load_model("vljepa-mini", engine="tensorrt")


def arguments(device: str = "cpu", engine: str = "auto") -> tuple[object, ...]:
    settings = read_config(choose.MINI)
    requested = choose.Requested(device, "float32", engine)
    return choose.MINI, "vljepa-mini", settings, requested, lambda texts: None
