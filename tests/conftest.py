"""Shared by all tests: a tiny embedder that sees colours, odd media files, and the data folder."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.stores import gcs, gcs_server, s3, s3_server, store
from vlret.errors import UsageError
from vlret.models.base import Embedder, ModelCard
from vlret.types import Pixels, Tokens, Vectors

__all__ = ["gcs", "gcs_server", "s3", "s3_server", "store"]  # fixtures

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "grey": (128, 128, 128)}


def pytest_configure() -> None:
    """A shell that runs the tests in the background has them ignore Ctrl-C, and so would the processes they start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow tests first: several processes then end together, on short ones."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Spell out surrogates in what a test printed: pytest-xdist sends reports as UTF-8."""
    report = yield
    report.sections = [(name, _encodable(text)) for name, text in report.sections]
    if report.failed and _encodable(report.longreprtext) != report.longreprtext:
        report.longrepr = _encodable(report.longreprtext)
    return report


def _encodable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()


class ColourEmbedder(Embedder):
    """The mean colour of a clip as its vector; a text is the mean of the colours it names."""

    def __init__(self, name: str = "colour", frames: int = 4) -> None:
        self.card = ModelCard(
            name=name, revision="1", weights_hash="0" * 64, dim=4, frames=frames, resolution=8, resize="squash",
            licence="Apache-2.0", prompts=("{}",), temperature=0.1, text_length=16,
        )  # fmt: skip
        self.n_clips_seen = 0

    def encode_pixels(self, clips: Sequence[Pixels]) -> list[Tokens]:
        self.n_clips_seen += len(clips)
        return [(clip.reshape(-1, 3).mean(0, keepdims=True) / 255).astype(np.float32) for clip in clips]

    def predict(self, tokens: Sequence[Tokens], query: str | None = None) -> Vectors:
        if query:
            raise UsageError(f"{self.card.name} takes no query.")
        return _unit(np.stack([np.append(t.mean(0), 0.1) for t in tokens]))

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return _unit(np.stack([_colour(text) for text in texts]))

    def is_cut(self, text: str) -> bool:
        return len(text.split()) > self.card.text_length


def _colour(text: str) -> np.ndarray:
    seen = [np.array(COLOURS[word]) / 255.0 for word in text.lower().split() if word in COLOURS]
    return np.append(np.mean(seen, 0) if seen else np.zeros(3), 0.1)


def _unit(rows: np.ndarray) -> Vectors:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Embeddings of earlier runs, in the user's cache, would take the place of those that the code of today makes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLRET_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def colour_model() -> ColourEmbedder:
    return ColourEmbedder()


@pytest.fixture
def text_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `build_index` read the text files of `tests.index.stand_in` as videos."""
    from tests.index.stand_in import TextPool

    monkeypatch.setattr("vlret.index.build.DecodePool", TextPool)


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit every four clips."""
    import vlret.index.compact  # noqa: F401 - it keeps the number that it is imported with

    monkeypatch.setattr("vlret.index.writer.SHARD_CLIPS", 4)


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`odd(name)`: the path of an odd file of docs/media.md, made once for all tests."""
    from tests.media.odd import MAKERS

    folder = tmp_path_factory.mktemp("odd")

    def path(name: str) -> Path:
        file = folder / name
        return file if file.exists() else MAKERS[name](file)

    return path


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with photos/, videos/ and annotations/, or a skip with the reason."""
    folder = Path(os.environ.get("VLRET_DATA", "../shared/data"))
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: set VLRET_DATA to the data folder")
    return folder
