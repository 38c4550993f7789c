"""SentenceTransformerEmbedder against direct calls of sentence-transformers on the same tiny folders."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sentence_transformers import SentenceTransformer

from tests.models.open_clip_folders import cache_as
from tests.models.sentence_transformer_folders import save_video
from vlret.errors import UsageError
from vlret.models.registry import load_model
from vlret.models.sentence_transformer import SentenceTransformerEmbedder

TEXTS = ["a photo of a cat", "red car", "a dog " * 20, ""]


@pytest.fixture(scope="session")
def st_video_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_video(tmp_path_factory.mktemp("st_video"))


@pytest.fixture(params=["st_clip_folder", "st_modules_folder", "st_video_folder"])
def folder(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


@pytest.fixture
def model(folder: Path) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder.from_source(str(folder), "cpu", "float32")


@pytest.fixture
def direct(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(str(folder), device="cpu")


@pytest.fixture
def clips() -> list[np.ndarray]:
    """Neither square nor of one length or size."""
    random = np.random.default_rng(0)
    shapes = [(3, 45, 80, 3), (1, 90, 41, 3), (5, 33, 33, 3)]
    return [random.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def test_the_model_sees_the_very_pictures(model, direct, clips, monkeypatch):
    seen = []
    preprocess = model._model.preprocess
    monkeypatch.setattr(
        model._model,
        "preprocess",
        lambda images, **more: (seen.extend(images), preprocess(images, **more))[1],
    )
    model.encode_pixels(clips[:1])
    assert sorted(image.tobytes() for image in seen) == sorted(frame.tobytes() for frame in clips[0])
    assert {(image.mode, image.size) for image in seen} == {("RGB", (80, 45))}
    ours = preprocess([Image.fromarray(frame) for frame in clips[0]])["pixel_values"]
    assert torch.equal(
        ours, direct.preprocess([Image.fromarray(frame) for frame in clips[0]])["pixel_values"]
    )


def test_clip_vectors_equal_direct_calls(model, direct, clips):
    for clip, row in zip(clips, model.embed_clips(clips), strict=True):
        frames = _unit(direct.encode([Image.fromarray(frame) for frame in clip]))
        np.testing.assert_allclose(row, _unit(frames.mean(0)), atol=1e-5)


def test_text_vectors_equal_direct_calls(model, direct):
    np.testing.assert_allclose(model.embed_texts(TEXTS), _unit(direct.encode(TEXTS)), atol=1e-5)


def test_a_text_that_looks_like_a_picture_is_a_text(model, direct, tmp_path):
    path = tmp_path / "cat.jpg"
    Image.new("RGB", (40, 30), "red").save(path)
    name = str(path)
    np.testing.assert_allclose(model.embed_texts([name])[0], _unit(direct.encode({"text": name})), atol=1e-5)
    assert not np.allclose(model.embed_texts([name])[0], _unit(direct.encode(name)), atol=1e-2)


def test_a_row_does_not_depend_on_the_batch(model, clips):
    apart = np.concatenate([model.embed_clips([clip]) for clip in clips])
    np.testing.assert_allclose(model.embed_clips(clips), apart, atol=1e-5)
    texts = np.concatenate([model.embed_texts([text]) for text in TEXTS])
    np.testing.assert_allclose(model.embed_texts(TEXTS), texts, atol=1e-5)


def test_visual_tokens_are_one_unit_vector_a_frame(model, clips):
    tokens = model.encode_pixels(clips)
    assert [tuple(clip.shape) for clip in tokens] == [(len(clip), model.card.dim) for clip in clips]
    assert all(np.allclose(np.linalg.norm(clip, axis=-1), 1, atol=1e-5) for clip in tokens)


def test_no_input_gives_no_rows(model):
    assert model.embed_clips([]).shape == model.embed_texts([]).shape == (0, model.card.dim)


def test_bfloat16_stays_near(folder, model, clips):
    half = SentenceTransformerEmbedder.from_source(str(folder), "cpu", "bfloat16")
    assert (half.device, half.dtype, model.dtype) == ("cpu", "bfloat16", "float32")
    assert (half.embed_clips(clips) * model.embed_clips(clips)).sum(1).min() > 0.995
    assert (half.embed_texts(TEXTS) * model.embed_texts(TEXTS)).sum(1).min() > 0.995


def test_a_query_is_refused(model, clips):
    with pytest.raises(UsageError, match="has no predictor"):
        model.embed_clips(clips, query="what is it?")
    assert not model.card.takes_query


@pytest.mark.parametrize(
    ("name", "dim", "resolution", "text_length", "treatment"),
    [
        ("st_clip_folder", 12, 32, 16, "frames as images, prompt ''"),
        ("st_modules_folder", 5, 32, 16, "frames as images, prompt 'a photo of '"),
        ("st_video_folder", 16, 448, 64, "frames as images, not as video, prompt ''"),
    ],
)
def test_the_card_says_what_was_loaded(name, dim, resolution, text_length, treatment, request):
    folder = request.getfixturevalue(name)
    card = load_model(f"st:{folder}", "cpu").card
    weights = b"".join(file.read_bytes() for file in sorted(folder.rglob("*.safetensors")))
    assert card.weights_hash == hashlib.sha256(weights).hexdigest()
    assert (card.name, card.revision, card.licence) == (f"st:{folder}", "local", "see the folder")
    assert (card.dim, card.resolution, card.text_length) == (dim, resolution, text_length)
    assert card.preprocessing.startswith(f"{treatment}, settings ")


def test_the_temperature_is_the_weights_own(st_clip_folder, st_video_folder):
    clip = SentenceTransformerEmbedder.from_source(str(st_clip_folder), "cpu", "float32")
    scale = clip._model.transformers_model.logit_scale.exp().item()
    assert clip.card.temperature == pytest.approx(1 / scale)
    assert SentenceTransformerEmbedder.from_source(str(st_video_folder), "cpu").card.temperature == 0.01


def test_the_card_tells_settings_that_change_vectors(st_clip_folder, tmp_path):
    copy = Path(shutil.copytree(st_clip_folder, tmp_path / "copy"))
    (copy / "README.md").write_text("nothing of weight")
    one = SentenceTransformerEmbedder.from_source(str(st_clip_folder), "cpu").card
    assert SentenceTransformerEmbedder.from_source(str(copy), "cpu").card.preprocessing == one.preprocessing
    settings = json.loads((copy / "processor_config.json").read_text())
    settings["image_processor"]["image_mean"] = [0.0, 0.0, 0.0]
    (copy / "processor_config.json").write_text(json.dumps(settings))
    other = SentenceTransformerEmbedder.from_source(str(copy), "cpu").card
    assert one.weights_hash == other.weights_hash
    assert one.preprocessing != other.preprocessing


@pytest.mark.parametrize(
    ("name", "n_words"), [("st_clip_folder", 15), ("st_modules_folder", 12), ("st_video_folder", 62)]
)
def test_a_text_is_cut_after_its_last_word(name, n_words, request):
    """The end token counts, so does the prompt "a photo of" of the second, and the third's template has one more."""
    model = SentenceTransformerEmbedder.from_source(str(request.getfixturevalue(name)), "cpu")
    assert not model.is_cut("cat " * n_words)
    assert model.is_cut("cat " * (n_words + 1))


def test_a_cached_hub_model_needs_no_network(st_clip_folder, hub_cache, monkeypatch):
    cache_as("sentence-transformers/clip-ViT-B-32", st_clip_folder, hub_cache)
    monkeypatch.setattr(socket.socket, "connect", _no_network)
    model = load_model("st:clip-ViT-B-32", "cpu", "float32")
    assert (model.card.name, model.card.revision) == ("st:clip-ViT-B-32", "abc123")
    assert model.card.licence == "see https://huggingface.co/sentence-transformers/clip-ViT-B-32"
    local = load_model(f"st:{st_clip_folder}", "cpu", "float32")
    np.testing.assert_array_equal(model.embed_texts(TEXTS), local.embed_texts(TEXTS))
    assert model.card.preprocessing == local.card.preprocessing


def test_no_progress_bar_is_drawn(st_clip_folder, capfd):
    load_model(f"st:{st_clip_folder}", "cpu")
    assert capfd.readouterr() == ("", "")


def _no_network(*_: object) -> None:
    raise AssertionError("the network was used")
