"""Embeddings of the sample media are those stored beside this file: a change of them needs a new ENCODING_VERSION.

After raising ENCODING_VERSION, store the new embeddings with

    python -m tests.evaluation.embeddings.test_encoding_version
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import vlret
from vlret.datasets.base import Media
from vlret.evaluation.embeddings.durations import Durations
from vlret.evaluation.embeddings.embed_media import embed_media, media_item
from vlret.evaluation.embeddings.encoding_version import ENCODING_VERSION
from vlret.evaluation.embeddings.model_embeddings import ModelEmbeddings
from vlret.evaluation.protocol.protocol import Protocol
from vlret.models.base import Embedder, ModelCard
from vlret.models.registry import load_model

STORED = Path(__file__).with_name("sample_embeddings.safetensors")
SAMPLES = Path(vlret.__file__).parent / "assets" / "samples"
MEDIA = [
    Media("whole", ("videos/hands_turn_box.mp4",)), Media("span", ("videos/people_cross_square.mp4",), 0.5, 1.5),
    Media("rest", ("videos/cartoon_rabbit.mp4",), 1.0), Media("portrait", ("photos/astronaut.jpg",)),
    Media("cup", ("photos/coffee_cup.jpg",)), Media("rocket", ("photos/rocket_launch.jpg",)),
]  # fmt: skip
TEXTS = ["a cup of coffee on a table", "Two hands, turning a box!", "ein Hase, \u00fcber eine Wiese"]
QUESTION = "what is in the picture?"
HOW_TO_STORE = "python -m tests.evaluation.embeddings.test_encoding_version"


class PixelGrid(Embedder):
    """The embedding of a clip is a grid of 8 x 8 pixels of four frames: any change of pixels shows."""

    def __init__(self) -> None:
        self.card = ModelCard(
            name="pixel-grid", revision="1", weights_hash="0" * 64, dim=768, frames=4, resolution=64, resize="squash",
            licence="Apache-2.0", prompts=("{}",), temperature=0.1, text_length=16,
        )  # fmt: skip

    def encode_pixels(self, clips):
        return [
            (clip[:4, 4::8, 4::8].reshape(len(clip[:4]), -1) / 255 - 0.5).astype(np.float32) for clip in clips
        ]

    def predict(self, tokens, query=None):
        rows = np.stack([np.resize(token, self.card.dim) for token in tokens])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def embed_texts(self, texts):
        return np.ones((len(texts), self.card.dim), np.float32)

    def is_cut(self, text):
        return False


def embeddings(cache: Path) -> dict[str, np.ndarray]:
    """Of the samples, computed by the code that benchmarks use; `seconds` are durations, NaN for images."""
    items = [media_item(SAMPLES / media.files[0], media) for media in MEDIA]
    mini = ModelEmbeddings(
        load_model("vljepa-mini", "cpu", "float32"), Protocol("samples"), cache, keep_tokens=True
    )
    squash = Protocol("samples", frames=4, sampling="endpoints", resize="squash")
    grid, durations = ModelEmbeddings(PixelGrid(), squash, cache), Durations(cache)
    for query in (None, QUESTION):  # the question is answered from visual tokens
        assert not embed_media(items, [[query]] * len(items), [mini], durations)
    embed_media(items, [[None]] * len(items), [grid], durations)
    seconds = [durations.seconds(item) for item in items]
    return {
        "clips": mini.clips(items), "question": mini.clips(items, QUESTION), "texts": mini.texts(TEXTS),
        "pixels": grid.clips(items), "seconds": np.array(seconds, np.float32),
    }  # fmt: skip


def stored() -> tuple[int, dict[str, np.ndarray]]:
    """The version that was stored, and its embeddings."""
    with safe_open(STORED, framework="numpy") as file:
        return int(file.metadata()["encoding_version"]), load_file(STORED)


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    return embeddings(tmp_path_factory.mktemp("cache"))


def test_embeddings_of_the_samples_are_those_of_this_encoding_version(computed):
    """The tolerance allows for another CPU (AVX2 or AVX-512) and no more."""
    for name, expected in stored()[1].items():
        change = f"{name} changed: if that is meant, raise ENCODING_VERSION, then run `{HOW_TO_STORE}`"
        if name == "seconds":
            np.testing.assert_allclose(computed[name], expected, atol=1e-3, err_msg=change)
            continue
        assert (computed[name] * expected).sum(1).min() > 0.9999, change
        assert np.abs(computed[name] - expected).max() < 2e-3, change


def test_every_embedding_is_stored(computed):
    assert {name: array.shape for name, array in stored()[1].items()} == {
        name: array.shape for name, array in computed.items()
    }


def test_the_stored_embeddings_are_of_this_version():
    assert stored()[0] == ENCODING_VERSION, f"ENCODING_VERSION was raised: run `{HOW_TO_STORE}`"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        save_file(embeddings(Path(folder)), STORED, {"encoding_version": str(ENCODING_VERSION)})
