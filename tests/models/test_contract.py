"""The contract of `Embedder`, over every model: a new one is a case here, made by one function or class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.mini.models import LinearBaseline
from examples.mean_colour import MeanColour
from tests.models.vljepa.tiny import tiny_folder, tiny_model
from tests.refusal import refused
from vlret.models.base import Embedder, ModelCard
from vlret.models.inputs import pixel_list, text_list
from vlret.models.registry import load_model
from vlret.types import Pixels, Tokens, Vectors
from vlret.vectors import unit_rows

TEXTS = ["a dog runs", "a cat", "a red car", "a photo of a dog"]
CARD_TEXTS = ("name", "revision", "weights_hash", "licence")
Request = pytest.FixtureRequest


class Brightness(Embedder):
    """A new embedder is one small class: mean and deviation of a clip's values, length of a text."""

    def __init__(self) -> None:
        self.card = ModelCard(
            name="brightness", revision="1", weights_hash="0" * 64, dim=3, frames=2, resolution=16, resize="squash",
            licence="Apache-2.0", prompts=("{}",), temperature=0.1, text_length=16, takes_query=True,
        )  # fmt: skip

    def encode_pixels(self, clips: Sequence[Pixels]) -> list[Tokens]:
        return [np.array([[clip.mean(), clip.std(), 1]], np.float32) for clip in pixel_list(clips)]

    def predict(self, tokens: Sequence[Tokens], query: str | None = None) -> Vectors:
        rows = [token.mean(0) + len(query or "") for token in tokens]
        return unit_rows(np.array(rows, np.float32).reshape(-1, 3))

    def embed_texts(self, texts: Iterable[str]) -> Vectors:
        rows = [(len(text), text.count(" "), 1) for text in text_list(texts)]
        return unit_rows(np.array(rows, np.float32).reshape(-1, 3))

    def is_cut(self, text: str) -> bool:
        return len(text.split()) > self.card.text_length


def tiny_vljepa(request: Request, **changes: Any) -> Embedder:
    folder = request.getfixturevalue("tmp_path_factory").mktemp("tiny")
    return load_model(tiny_folder(folder, tiny_model(**changes)), "cpu", "float32")


def linear_baseline(request: Request) -> Embedder:
    """Its two linear layers give 12 dimensions; the model whose towers it takes has 20."""
    folder = request.getfixturevalue("tmp_path_factory").mktemp("baseline")
    torch.manual_seed(0)
    heads = {f"{side}.weight": torch.randn(12, width) for side, width in (("visual", 32), ("text", 24))}
    heads |= {f"{side}.bias": torch.randn(12) for side in ("visual", "text")}
    return LinearBaseline(tiny_folder(folder, tiny_model()), heads)


def of_folder(fixture: str, prefix: str = "") -> Callable[[Request], Embedder]:
    return lambda request: load_model(f"{prefix}{request.getfixturevalue(fixture)}", "cpu", "float32")


def of_transformers(family: str) -> Callable[[Request], Embedder]:
    return lambda request: load_model(f"hf:{request.getfixturevalue('hf_folders')[family]}", "cpu", "float32")


EMBEDDERS: dict[str, Callable[[Request], Embedder]] = {
    "vljepa": tiny_vljepa,
    "vljepa, query from the Y-encoder": lambda request: tiny_vljepa(
        request, query_embeddings="y_encoder", int8_embeddings=True
    ),
    "vljepa of V-JEPA 2 and Gemma": lambda request: tiny_vljepa(request, x="vjepa2", y="gemma3_text"),
    "open_clip": of_folder("clip_folder"),
    "open_clip with a tokenizer": of_folder("siglip_folder"),
    "sentence-transformers": of_folder("st_clip_folder", "st:"),
    "dual encoder of images": of_transformers("siglip2"),
    "dual encoder of videos": of_transformers("xclip"),
    "dual encoder of videos of any length": of_transformers("pe_audio_video"),
    "the linear baseline of the benchmarks": linear_baseline,
    "custom class": lambda _: MeanColour(),
    "a class of this file": lambda _: Brightness(),
}


@pytest.fixture(scope="module", params=EMBEDDERS)
def model(request: Request) -> Embedder:
    return EMBEDDERS[request.param](request)


@pytest.fixture(scope="module")
def clips(model: Embedder) -> list[Pixels]:
    """Four different clips, two of them of one frame."""
    rng = np.random.default_rng(0)
    tops = (250, 60, 200, 120)
    return [
        rng.integers(0, top, (t, 40, 60, 3), dtype=np.uint8)
        for t, top in zip((4, 1, 4, 1), tops, strict=True)
    ]


@pytest.fixture(scope="module")
def rows(model: Embedder, clips: list[Pixels]) -> Vectors:
    return model.embed_clips(clips)


def assert_unit(rows: Vectors, n: int, dim: int) -> None:
    assert rows.shape == (n, dim)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(n), abs=1e-5)


def test_tokens_of_frames_that_are_encoded_alone_are_those_of_the_clip(
    model: Embedder, clips: list[Pixels]
) -> None:
    if not model.encodes_frames_alone:
        pytest.skip("its tokens belong to several frames each")
    for clip, tokens in zip(clips, model.encode_pixels(clips), strict=True):
        alone = np.concatenate(model.encode_pixels([frame[None] for frame in clip]))
        np.testing.assert_allclose(alone, tokens, atol=1e-5, rtol=1e-4)


def test_rows_are_float32_of_unit_length(model: Embedder, rows: Vectors) -> None:
    assert_unit(rows, 4, model.card.dim)
    assert_unit(model.embed_texts(TEXTS), len(TEXTS), model.card.dim)


def test_rows_do_not_depend_on_the_batch_and_keep_their_order(
    model: Embedder, clips: list[Pixels], rows: Vectors
) -> None:
    alone = np.concatenate([model.embed_clips([clip]) for clip in clips])
    np.testing.assert_allclose(rows, alone, atol=1e-4)
    np.testing.assert_allclose(model.embed_clips(clips[::-1]), rows[::-1], atol=1e-4)
    together = model.embed_texts(TEXTS)
    np.testing.assert_allclose(
        together, np.concatenate([model.embed_texts([text]) for text in TEXTS]), atol=1e-4
    )
    np.testing.assert_allclose(model.embed_texts(TEXTS[::-1]), together[::-1], atol=1e-4)


def test_rows_do_not_depend_on_what_other_threads_encode(
    model: Embedder, clips: list[Pixels], rows: Vectors
) -> None:
    if not model.encodes_in_threads:
        pytest.skip("it is called from one thread at a time")
    model.load()
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda clip: model.embed_clips([clip]), clips * 3))
    np.testing.assert_allclose(np.concatenate(found), np.concatenate([rows] * 3), atol=1e-4)


def test_different_clips_have_different_rows(rows: Vectors) -> None:
    distances = np.abs(rows[:, None] - rows[None]).max(-1)
    assert (distances + np.eye(4) > 1e-6).all()


def test_tokens_are_encoded_once_for_any_query(model: Embedder, clips: list[Pixels], rows: Vectors) -> None:
    tokens = model.encode_clips(clips)
    assert [(token.dtype, token.ndim) for token in tokens] == [(np.float32, 2)] * 4
    np.testing.assert_allclose(model.predict(tokens), rows, atol=1e-5)
    np.testing.assert_allclose(model.predict(tokens, model.card.default_query), rows, atol=1e-5)


def test_a_query_changes_rows_only_of_a_model_that_takes_one(
    model: Embedder, clips: list[Pixels], rows: Vectors
) -> None:
    if not model.card.takes_query:
        with refused("no_predictor"):
            model.embed_clips(clips, "is there a dog ?")
        return
    queried = model.embed_clips(clips, "is there a dog ?")
    assert_unit(queried, 4, model.card.dim)
    assert np.abs(queried - rows).max() > 1e-4


def test_nothing_in_nothing_out(model: Embedder) -> None:
    assert model.embed_texts([]).shape == (0, model.card.dim)
    assert model.embed_clips([]).shape == (0, model.card.dim)
    assert model.encode_pixels([]) == []
    assert (model.embed_texts([]).dtype, model.embed_clips([]).dtype) == (np.float32, np.float32)


def test_the_card_is_complete(model: Embedder) -> None:
    card = model.card
    assert all(getattr(card, name) for name in CARD_TEXTS)
    assert len(card.weights_hash) == 64
    assert card.prompts
    assert all(prompt.count("{}") == 1 for prompt in card.prompts)
    assert card.temperature > 0
    assert card.takes_query or not card.default_query
    assert ModelCard.from_dict(card.to_dict()) == card


def test_a_text_is_cut_from_some_length_on(model: Embedder) -> None:
    assert not model.is_cut("a dog")
    assert model.is_cut("dog " * (model.card.text_length + 1))


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda model: model.embed_texts("a dog"), "not_a_list"),
        (lambda model: model.embed_texts(["a dog", 3]), "wrong_type"),
        (lambda model: model.embed_texts(["\udcff"]), "not_unicode"),
        (lambda model: model.embed_clips(np.zeros((2, 8, 8, 3), np.uint8)), "not_a_list"),
        (lambda model: model.embed_clips([np.zeros((0, 8, 8, 3), np.uint8)]), "no_pixels"),
        (lambda model: model.embed_clips([3]), "wrong_type"),
        (lambda model: model.encode_pixels(["a.mp4"]), "not_decoded"),
        (lambda model: model.embed_clips([], 3), "wrong_type"),
    ],
)
def test_wrong_input_is_refused(model: Embedder, call: Callable[[Embedder], object], code: str) -> None:
    with refused(code):
        call(model)
