"""OpenVINO and numpy against the torch modules of vljepa-mini, on frames of the sample media."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.refusal import refused
from vlret.media.decode import read_clip
from vlret.models.registry import ASSETS, load_model
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.engines.openvino_engine import OpenVINOEngine, computes_bfloat16
from vlret.types import Pixels, Vectors

MINI = ASSETS / "vljepa-mini"
PHOTOS = sorted((ASSETS / "samples" / "photos").iterdir())[:4]
VIDEOS = sorted((ASSETS / "samples" / "videos").glob("*.mp4"))[:2]


def cosines(a: Vectors, b: Vectors) -> Vectors:
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.fixture(scope="module")
def clips() -> list[Pixels]:
    return [
        *(read_clip(photo, 1, size=(260, 260)).pixels for photo in PHOTOS),
        *(read_clip(video, 8, size=(260, 260)).pixels for video in VIDEOS),
    ]


@pytest.fixture(scope="module")
def reference() -> VLJEPA:
    return load_model("vljepa-mini", "cpu", "float32", "torch")


@pytest.fixture(scope="module")
def model() -> VLJEPA:
    return load_model("vljepa-mini", "cpu", "float32", "openvino")


def test_visual_tokens_are_those_of_the_torch_modules(model, reference, clips):
    for tokens, expected in zip(model.encode_pixels(clips), reference.encode_pixels(clips), strict=True):
        np.testing.assert_allclose(tokens, expected, atol=1e-4)
        assert cosines(tokens, expected).min() > 0.999999


@pytest.mark.parametrize("query", ["", "what is shown?"])
def test_predictions_are_those_of_the_torch_modules(query, model, reference, clips):
    tokens = reference.encode_pixels(clips)
    np.testing.assert_allclose(model.predict(tokens, query), reference.predict(tokens, query), atol=1e-5)
    rows, expected = (one.embed_clips(clips, query) for one in (model, reference))
    assert cosines(rows, expected).min() > 0.9999


def test_another_size_is_squashed_as_for_torch(model, reference):
    photo = read_clip(PHOTOS[0], 1).pixels
    assert photo.shape[1:3] != (260, 260)
    np.testing.assert_allclose(
        model.encode_pixels([photo])[0], reference.encode_pixels([photo])[0], atol=1e-4
    )


@pytest.mark.skipif(not computes_bfloat16(), reason="this processor does not compute in bfloat16")
def test_bfloat16_stays_near(reference, clips):
    half = load_model("vljepa-mini", "cpu", "bfloat16", "openvino")
    rows, expected = half.embed_clips(clips), reference.embed_clips(clips)
    assert 0.995 < cosines(rows, expected).min() < 0.99999  # and is bfloat16


def test_float32_is_not_rounded_to_bfloat16(model):
    assert str(model._engine.x_encoder.get_property("INFERENCE_PRECISION_HINT")) == "<Type: 'float32'>"


def test_a_row_does_not_depend_on_the_batch(model, clips):
    together = model.encode_pixels(clips)
    for clip, expected in zip(clips, together, strict=True):
        np.testing.assert_allclose(model.encode_pixels([clip])[0], expected, atol=1e-5)


def test_an_index_run_has_several_encoders_of_pytorch_alone(model, reference):
    assert (model.encodes_in_threads, reference.encodes_in_threads) == (False, True)


def test_several_threads_encode_at_once(model, clips):
    expected = model.encode_pixels(clips)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda clip: model.encode_pixels([clip])[0], clips * 4))
    for tokens, own in zip(found, expected * 4, strict=True):
        np.testing.assert_allclose(tokens, own, atol=1e-5)


def copied(tmp_path: Path, tower: str, change) -> OpenVINOEngine:
    """An engine over towers of which one has other weights."""
    for name in ("x_encoder", "predictor"):
        shutil.copy(MINI / f"{name}.safetensors", tmp_path)
    weights = load_file(tmp_path / f"{tower}.safetensors")
    change(weights)
    save_file(weights, tmp_path / f"{tower}.safetensors")
    model = load_model("vljepa-mini", "cpu", "float32", "openvino")
    model._engine.folder = tmp_path
    return model


NET = "x_encoder.model.timm_model"
HEAD = f"{NET}.conv_head.weight"
BLOCK = f"{NET}.blocks.2.2."  # the last of its stage: the graph would be sound without it, and with one more


def repeat_block(weights) -> None:
    weights.update(
        {key.replace(BLOCK, f"{NET}.blocks.2.3."): weights[key] for key in weights if BLOCK in key}
    )


def drop_block(weights) -> None:
    for key in [key for key in weights if BLOCK in key]:
        del weights[key]


@pytest.mark.parametrize(
    ("tower", "change"),
    [
        ("x_encoder", lambda weights: weights.update(more=weights[HEAD])),
        ("x_encoder", lambda weights: weights.pop(HEAD)),
        ("x_encoder", lambda weights: weights.update({HEAD: weights[HEAD][:, 1:]})),
        ("x_encoder", lambda weights: weights.update({HEAD: weights[HEAD].astype(np.int8)})),
        ("x_encoder", repeat_block),
        ("x_encoder", drop_block),
        ("predictor", lambda weights: weights.update(more=np.ones(1, np.float32))),
        ("predictor", lambda weights: weights.update({"predictor.norm.weight": np.ones(1, np.float32)})),
    ],
    ids=[
        "unknown",
        "missing",
        "shape",
        "type",
        "one more block",
        "a block less",
        "more",
        "one number for all",
    ],
)
def test_weights_that_do_not_fit_are_refused(tower, change, tmp_path, clips):
    with refused("weights_mismatch"):
        copied(tmp_path, tower, change).embed_clips(clips[:1])


@pytest.mark.parametrize(
    ("tower", "name", "value"),
    [
        ("x_encoder", f"{NET}.conv_stem.weight", np.nan),
        ("x_encoder", f"{NET}.bn1.running_var", -1),
        ("predictor", "predictor.norm.weight", np.nan),
    ],
)
def test_weights_that_are_not_finite_are_refused(tower, name, value, tmp_path, clips):
    """OpenVINO's clamp turns NaN into numbers."""
    with refused("not_finite"):
        copied(tmp_path, tower, lambda weights: weights[name].fill(value)).embed_clips(clips[:1])


def test_a_gate_beyond_float32_gives_no_warning(recwarn, tmp_path, clips):
    name = "predictor.layers.0.mlp.gate_proj.weight"
    copied(tmp_path, "predictor", lambda weights: weights[name].__imul__(np.float16(3000))).embed_clips(
        clips[:1]
    )
    assert not [one for one in recwarn if one.category is RuntimeWarning]


def test_a_missing_tower_is_named(tmp_path, clips):
    model = copied(tmp_path, "predictor", lambda weights: None)
    (tmp_path / "x_encoder.safetensors").unlink()
    with refused("file_missing"):
        model.encode_pixels(clips[:1])
