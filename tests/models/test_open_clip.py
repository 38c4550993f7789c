"""OpenCLIP against direct calls of open_clip on the same tiny folders."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from torch.nn.functional import normalize

from tests.models.open_clip_folders import CLIP, SIGLIP, cache_as
from vlret.errors import UsageError
from vlret.models.open_clip import OpenCLIP, trained_on

TEXTS = ["a photo of a cat", "A Photo, of_a CAT!", "red car", "a dog " * 20, ""]


@pytest.fixture(scope="module", params=["clip_folder", "siglip_folder", "pe_folder"])
def folder(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def model(folder: Path) -> OpenCLIP:
    return OpenCLIP.from_folder(folder, "cpu", "float32")


@pytest.fixture
def clips() -> list[np.ndarray]:
    """Neither square nor of one length or size."""
    random = np.random.default_rng(0)
    shapes = [(2, 45, 80, 3), (1, 90, 41, 3), (3, 33, 33, 3)]
    return [random.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]


def test_frames_go_through_the_models_own_transform(model, folder, clips, monkeypatch):
    _, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    seen = []
    encode = model._model.encode_image
    monkeypatch.setattr(model._model, "encode_image", lambda images: (seen.append(images), encode(images))[1])
    model.encode_pixels(clips)
    expected = torch.stack([preprocess(Image.fromarray(frame)) for clip in clips for frame in clip])
    assert torch.equal(torch.cat(seen), expected)


def test_clip_vectors_equal_direct_calls(model, folder, clips):
    direct, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    direct.eval()
    for clip, row in zip(clips, model.embed_clips(clips), strict=True):
        with torch.no_grad():
            images = torch.stack([preprocess(Image.fromarray(frame)) for frame in clip])
            frames = normalize(direct.encode_image(images), dim=-1)
        np.testing.assert_allclose(row, normalize(frames.mean(0), dim=0).numpy(), atol=1e-5)


def test_text_vectors_equal_direct_calls(model, folder):
    direct = open_clip.create_model_from_pretrained(f"local-dir:{folder}", return_transform=False).eval()
    ids = open_clip.get_tokenizer(f"local-dir:{folder}")(TEXTS)
    assert torch.equal(model._tokenizer(TEXTS), ids)
    with torch.no_grad():
        expected = normalize(direct.encode_text(ids), dim=-1).numpy()
    np.testing.assert_allclose(model.embed_texts(TEXTS), expected, atol=1e-5)


def test_a_row_does_not_depend_on_the_batch(model, clips):
    together = model.embed_clips(clips)
    apart = np.concatenate([model.embed_clips([clip]) for clip in clips])
    np.testing.assert_allclose(together, apart, atol=1e-5)
    texts = np.concatenate([model.embed_texts([text]) for text in TEXTS])
    np.testing.assert_allclose(model.embed_texts(TEXTS), texts, atol=1e-5)


def test_visual_tokens_are_one_unit_vector_a_frame(model, clips):
    assert model.frame_pooling == "mean of the frames' unit vectors"
    tokens = model.encode_pixels(clips)
    assert [tuple(clip.shape) for clip in tokens] == [(len(clip), model.card.dim) for clip in clips]
    assert all(np.allclose(np.linalg.norm(clip, axis=-1), 1, atol=1e-5) for clip in tokens)


def test_no_input_gives_no_rows(model):
    assert model.embed_clips([]).shape == model.embed_texts([]).shape == (0, model.card.dim)


def test_bfloat16_stays_near(folder, model, clips):
    half = OpenCLIP.from_folder(folder, "cpu", "bfloat16")
    cosines = (half.embed_clips(clips) * model.embed_clips(clips)).sum(1)
    assert cosines.min() > 0.995
    np.testing.assert_array_equal(half.embed_texts(TEXTS), model.embed_texts(TEXTS))


def test_a_query_is_refused(model, clips):
    with pytest.raises(UsageError, match="has no predictor"):
        model.embed_clips(clips[1:2], query="what is it?")
    assert not model.card.takes_query


def test_the_card_says_what_was_loaded(model, folder):
    weights = folder / "open_clip_model.safetensors"
    assert model.card.weights_hash == hashlib.sha256(weights.read_bytes()).hexdigest()
    scale = model._model.logit_scale.exp().item()
    assert model.card.temperature == pytest.approx(1 / scale)
    assert (model.card.name, model.card.revision) == (str(folder), "local")
    config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
    assert (model.card.dim, model.card.resolution, model.card.text_length) == (
        config["embed_dim"],
        config["vision_cfg"]["image_size"],
        config["text_cfg"]["context_length"],
    )


def test_siglip_text_is_canonicalised_and_padded_to_its_length(siglip_folder):
    ids = OpenCLIP.from_folder(siglip_folder, "cpu", "float32")._tokenizer(["A Photo, of_a CAT!"])
    assert ids.tolist() == [[3, 4, 6, 3, 7, 1, 0, 0]]


@pytest.mark.parametrize(("name", "n_words"), [("clip_folder", 14), ("siglip_folder", 7)])
def test_a_text_is_cut_after_its_last_word(name, n_words, request):
    model = OpenCLIP.from_folder(request.getfixturevalue(name), "cpu", "float32")
    assert not model.is_cut("cat " * n_words)
    assert model.is_cut("cat " * (n_words + 1))


def test_a_cached_hub_model_needs_no_network(siglip_folder, hub_cache, monkeypatch):
    cache_as("timm/ViT-B-16-SigLIP2", siglip_folder, hub_cache)
    monkeypatch.setattr(socket.socket, "connect", _no_network)
    model = OpenCLIP.from_hub("ViT-B-16-SigLIP2/webli", "cpu", "float32")
    assert (model.card.name, model.card.revision) == ("open_clip:ViT-B-16-SigLIP2/webli", "abc123")
    local = OpenCLIP.from_folder(siglip_folder, "cpu", "float32")
    np.testing.assert_array_equal(model.embed_texts(TEXTS), local.embed_texts(TEXTS))


def test_the_card_lists_what_published_weights_were_trained_on(siglip_folder, hub_cache):
    cache_as("timm/ViT-B-16-SigLIP2", siglip_folder, hub_cache)
    assert OpenCLIP.from_hub("ViT-B-16-SigLIP2/webli", "cpu", "float32").card.trained_on == ("WebLI",)
    assert OpenCLIP.from_folder(siglip_folder, "cpu", "float32").card.trained_on == ()
    assert trained_on("open_clip:ViT-B-32/openai") == ("WIT-400M", "YFCC100M")
    assert trained_on("open_clip:PE-Core-L-14-336/meta") == ("MetaCLIP", "PE Video")
    assert trained_on("open_clip:coca_ViT-B-32/mscoco_finetuned_laion2b_s13b_b90k") == (
        "COCO captions",
        "LAION-2B",
    )


def test_the_tag_completes_what_the_hub_configuration_leaves_out(siglip_folder, hub_cache):
    snapshot = cache_as("timm/ViT-B-16-SigLIP2", siglip_folder, hub_cache)
    config = {**SIGLIP, "preprocess_cfg": {"mean": [0.1, 0.2, 0.3]}}
    (snapshot / "open_clip_config.json").write_text(json.dumps(config))
    used = OpenCLIP.from_hub("ViT-B-16-SigLIP2/webli", "cpu", "float32")._model.visual.preprocess_cfg
    assert (used["mean"], used["std"], used["resize_mode"]) == ([0.1, 0.2, 0.3], (0.5, 0.5, 0.5), "squash")


def test_openais_weights_get_the_activation_they_were_trained_with(clip_folder, hub_cache):
    """The tag knows it, the plain architecture does not."""
    cache_as("timm/vit_base_patch16_clip_224.openai", clip_folder, hub_cache)
    model = OpenCLIP.from_hub("ViT-B-16/openai", "cpu", "float32")._model
    assert isinstance(model.visual.transformer.resblocks[0].mlp.gelu, open_clip.transformer.QuickGELU)


def test_the_two_tiny_models_have_different_preprocessing():
    """Else a transform taken from the wrong model would go unseen above."""
    assert CLIP["preprocess_cfg"]["resize_mode"] != SIGLIP["preprocess_cfg"]["resize_mode"]


def _no_network(*_: object) -> None:
    raise AssertionError("the network was used")


def test_device_and_dtype_are_told(folder):
    auto = OpenCLIP.from_folder(folder, "cpu")
    assert auto.dtype in ("float32", "bfloat16")
    half = OpenCLIP.from_folder(folder, "cpu", "bfloat16")
    assert (half.device, half.dtype) == ("cpu", "bfloat16")


def test_the_card_tells_preprocessing_that_changes_vectors(folder, tmp_path):
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    config = json.loads((copy / "open_clip_config.json").read_text())
    config["preprocess_cfg"]["mean"] = [0.0, 0.0, 0.0]
    (copy / "open_clip_config.json").write_text(json.dumps(config))
    one, other = OpenCLIP.from_folder(folder, "cpu").card, OpenCLIP.from_folder(copy, "cpu").card
    assert one.weights_hash == other.weights_hash
    assert one.preprocessing != other.preprocessing
    assert "mean [0.0, 0.0, 0.0]" in other.preprocessing
