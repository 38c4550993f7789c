"""Libraries with every kind of file, and what an index holds."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ColourEmbedder
from tests.index.conftest import write_image, write_video
from tests.index.stand_in import CLIP_S, TextPool, write_text_video
from vlret.index.index import Index
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store

COLOURS = ["red", "green", "blue", "grey"]
TEXT_RULE = f"window:{CLIP_S}"
"""What the stand-in videos are cut by."""


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two roots: a video of 12 s, short ones, images, a copy, a link, names with accents, files that fail."""
    first, second = tmp_path_factory.mktemp("müdia"), tmp_path_factory.mktemp("second")
    write_video(first / "long.mp4", [COLOURS[n % 4] for n in range(12)])
    write_video(first / "sub" / "naïve 日本.mp4", ["blue", "red", "green"])
    write_image(first / "photo.png", "green")
    (first / "bad.mp4").write_bytes(b"not a video at all" * 50)
    (first / ".hidden.mp4").write_bytes(b"x")
    (first / "gone.mp4").symlink_to(first / "nowhere.mp4")
    shutil.copy(first / "sub" / "naïve 日本.mp4", second / "copy.mp4")
    (second / "link.mp4").symlink_to(first / "long.mp4")
    write_image(second / "blue.jpg", "blue")
    write_video(second / "z.mp4", ["grey"])
    return [first, second]


@pytest.fixture
def colours() -> ColourEmbedder:
    return ColourEmbedder()


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of stand-in videos, which are read in this process: long.mp4 has twelve clips."""
    use_texts(monkeypatch)
    return write_texts(tmp_path / "texts")


def use_texts(patch: pytest.MonkeyPatch) -> None:
    for module in ("build", "sharding.encode_plan"):
        patch.setattr(f"vlret.index.{module}.DecodePool", TextPool)
    patch.setattr("vlret.index.sharding.plan_shards.read_headers", text_headers)


def text_headers(paths: Iterable[Path]) -> Iterator[tuple[Path, float | None]]:
    for path in paths:
        words = path.read_text().split()
        yield path, None if "bad" in words else len(words) * CLIP_S


def write_texts(folder: Path) -> Path:
    write_text_video(folder / "a.mp4", 10)
    write_text_video(folder / "bad.mp4", 5, "bad")
    write_text_video(folder / "long.mp4", *range(12))
    write_text_video(folder / "sub" / "é.mp4", 40, 41, 42)
    (folder / ".hidden.mp4").touch()
    return folder


def contents(folder: Path) -> dict[str, object]:
    """All that an index says, but what differs from run to run: ids, dates, and how its rows lie in files."""
    index, snapshot = Index.open(folder), Snapshot.read(Store(folder))
    assert index.check() == []
    rows = index.rows().drop(columns="clip_id").assign(vector=[row.tolist() for row in index.vectors()])
    manifest = snapshot.manifest
    return {
        "rows": rows.sort_values(["path", "start"]).astype(str).to_dict("records"),
        "skipped": sorted(map(repr, snapshot.skipped)),
        "recipe": manifest.recipe, "roots": manifest.roots, "exclude": manifest.exclude,
        "dropped": len(snapshot.dropped),
    }  # fmt: skip


def starts(folder: Path, name: str) -> list[float]:
    """Where the clips of a file begin, in order of their ids."""
    rows = Index.open(folder).rows()
    found: list[float] = rows[[Path(path).name == name for path in rows["path"]]]["start"].tolist()
    return found
