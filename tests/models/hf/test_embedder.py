"""Dual encoders of transformers against direct calls, on tiny random models of every family."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.models.hf.direct import N_FRAMES, Direct
from tests.models.hf.folders import SAVE
from tests.refusal import refused
from vlret.models.base import Embedder
from vlret.models.hf.families import FAMILIES
from vlret.models.hf.videoprism import canonical
from vlret.models.registry import load_model

VIDEO = ("pe_audio_video", "pe_video", "videoprism", "xclip")
FIXED = ("videoprism", "xclip")
IMAGE = tuple(kind for kind in SAVE if kind not in VIDEO)
TEXTS = ["a photo of a cat", "red car", "a dog " * 20, "cat"]


@pytest.fixture(params=SAVE)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def folder(kind: str, hf_folders: dict[str, Path]) -> Path:
    return hf_folders[kind]


@pytest.fixture
def model(folder: Path) -> Embedder:
    return load_model(f"hf:{folder}", "cpu", "float32")


@pytest.fixture
def clips() -> list[np.ndarray]:
    """As many frames as the models of videos read, neither square nor of one size."""
    random = np.random.default_rng(0)
    shapes = [(N_FRAMES, 45, 80, 3), (N_FRAMES, 90, 41, 3), (N_FRAMES, 33, 33, 3)]
    return [random.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]


def test_every_family_has_a_tiny_model():
    assert set(SAVE) == set(FAMILIES)


def test_clip_vectors_equal_direct_calls(kind, folder, model, clips):
    direct = Direct(kind, folder)
    np.testing.assert_allclose(model.embed_clips(clips), [direct.clip(clip) for clip in clips], atol=1e-5)


def test_text_vectors_equal_direct_calls(kind, folder, model):
    direct = Direct(kind, folder)
    seen = [canonical(text) for text in TEXTS] if kind == "videoprism" else TEXTS
    np.testing.assert_allclose(model.embed_texts(TEXTS), [direct.text(text) for text in seen], atol=1e-5)


def test_a_row_does_not_depend_on_the_batch(model, clips):
    clips = [*clips, clips[0][:1]]
    apart = np.concatenate([model.embed_clips([clip]) for clip in clips])
    np.testing.assert_allclose(model.embed_clips(clips), apart, atol=1e-5)
    texts = np.concatenate([model.embed_texts([text]) for text in TEXTS])
    np.testing.assert_allclose(model.embed_texts(TEXTS), texts, atol=1e-5)


def test_bfloat16_stays_near(folder, model, clips):
    half = load_model(f"hf:{folder}", "cpu", "bfloat16")
    assert (half.device, half.dtype, model.dtype) == ("cpu", "bfloat16", "float32")
    assert (half.embed_clips(clips) * model.embed_clips(clips)).sum(1).min() > 0.995
    assert (half.embed_texts(TEXTS) * model.embed_texts(TEXTS)).sum(1).min() > 0.995


@pytest.mark.parametrize("kind", IMAGE, indirect=True)
def test_images_are_pooled_as_those_of_open_clip(model, clips):
    assert model.frame_pooling == "mean of the frames' unit vectors"
    assert model.encodes_frames_alone
    assert (model.card.frames, model.encode_pixels(clips)[0].shape) == (8, (N_FRAMES, model.card.dim))


@pytest.mark.parametrize("kind", VIDEO, indirect=True)
def test_order_matters_to_a_model_of_videos(model, clips):
    assert not model.encodes_frames_alone
    assert (model.card.frames, model.encode_pixels(clips)[0].shape) == (N_FRAMES, (1, model.card.dim))
    assert np.abs(model.embed_clips([clips[0][::-1]]) - model.embed_clips(clips[:1])).max() > 1e-4


@pytest.mark.parametrize("kind", FIXED, indirect=True)
@pytest.mark.parametrize(("given", "seen"), [(1, [0, 0, 0, 0]), (2, [0, 0, 1, 1]), (3, [0, 1, 1, 2]),
                                             (5, [0, 1, 3, 4]), (8, [1, 3, 5, 7])])  # fmt: skip
def test_a_clip_of_other_length_is_made_as_long_as_the_model_reads(model, given, seen):
    clip = np.random.default_rng(1).integers(0, 256, (given, 40, 50, 3), dtype=np.uint8)
    np.testing.assert_allclose(model.embed_clips([clip]), model.embed_clips([clip[seen]]), atol=1e-6)


@pytest.mark.parametrize("kind", FIXED, indirect=True)
def test_more_frames_than_the_model_reads_are_refused_where_they_are_asked_for(model, clips):
    model.check_frames(N_FRAMES)
    model.check_frames(2)
    with refused("frames_of_model") as refusal:
        model.embed_clips(clips, n_frames=5)
    assert (refusal.value.fields["given"], refusal.value.fields["most"]) == (5, N_FRAMES)


@pytest.mark.parametrize("kind", ["pe_video", "pe_audio_video"], indirect=True)
def test_pe_reads_any_number_of_frames(kind, folder, model):
    model.check_frames(100)
    direct = Direct(kind, folder)
    for n in (1, 3, 7):
        clip = np.random.default_rng(n).integers(0, 256, (n, 40, 50, 3), dtype=np.uint8)
        np.testing.assert_allclose(model.embed_clips([clip])[0], direct.clip(clip), atol=1e-5)


def test_settings_as_the_first_releases_wrote_them_give_the_same_pixels(hf_folders, tmp_path, clips):
    """Many repositories still hold them: the class has an older name, and sizes are numbers."""
    copy = Path(shutil.copytree(hf_folders["xclip"], tmp_path / "xclip"))
    settings = json.loads((copy / "preprocessor_config.json").read_text())
    kept = ("do_resize", "do_center_crop", "do_normalize", "image_mean", "image_std", "resample")
    old = {name: settings[name] for name in kept}
    old |= {"feature_extractor_type": "VideoMAEFeatureExtractor", "size": 32, "crop_size": 32}
    (copy / "preprocessor_config.json").write_text(json.dumps(old))
    new, other = (load_model(f"hf:{folder}", "cpu", "float32") for folder in (hf_folders["xclip"], copy))
    np.testing.assert_allclose(new.embed_clips(clips), other.embed_clips(clips), atol=1e-6)


@pytest.mark.parametrize("kind", ["siglip", "siglip2", "videoprism"], indirect=True)
def test_case_is_dropped_where_training_did(model):
    np.testing.assert_array_equal(model.embed_texts(["A Red CAR"]), model.embed_texts(["a red car"]))


def test_punctuation_is_dropped_for_videoprism():
    assert canonical("A cat, a dog -- and a (red) car!") == "a cat a dog and a red car."


@pytest.mark.parametrize("kind", ["clip", "metaclip_2", "siglip", "siglip2", "videoprism"], indirect=True)
def test_texts_load_no_vision_tower(model):
    model.embed_texts(TEXTS)
    assert "vision_tower" not in vars(model._parts)
    assert "_both" not in vars(model._parts)


def test_a_text_is_cut_after_its_last_token(model):
    """The end token counts; the full stop of VideoPrism is one with the last word here."""
    assert not model.is_cut(" ".join(["cat"] * 15))
    assert model.is_cut(" ".join(["cat"] * 16))


def test_the_card_says_what_was_loaded(kind, folder, model):
    card = model.card
    weights = (folder / "model.safetensors").read_bytes()
    assert card.weights_hash == hashlib.sha256(weights).hexdigest()
    assert (card.name, card.revision, card.licence) == (f"hf:{folder}", "local", "see the folder")
    assert (card.resize, card.resolution, card.text_length, card.trained_on) == ("own", 32, 16, ())
    assert card.dim == model.embed_texts(["cat"]).shape[1] == model.embed_clips([]).shape[1]
    assert card.preprocessing.startswith("whole clips" if kind in VIDEO else "frames as images")


def test_the_temperature_is_the_weights_own(kind, folder, model):
    direct = Direct(kind, folder).model
    if kind == "videoprism":
        expected = 0.01
    elif kind == "align":
        expected = direct.temperature.item()
    elif kind.startswith("pe"):
        expected = 1 / getattr(direct, "video_model", direct).text_video_logit_scale.item()
    else:
        expected = 1 / direct.logit_scale.exp().item()
    assert model.card.temperature == pytest.approx(expected)


def test_nothing_is_printed(folder, capfd):
    model = load_model(f"hf:{folder}", "cpu", "float32")
    model.embed_texts(["a cat"])
    model.load()
    assert capfd.readouterr() == ("", "")
