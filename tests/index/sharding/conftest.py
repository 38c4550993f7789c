"""A library with every kind of file, its plan, and what an index holds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ColourEmbedder
from tests.index.conftest import write_image, write_video
from vlret.index.index import Index
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store

COLOURS = ["red", "green", "blue", "grey"]


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
def model() -> ColourEmbedder:
    return ColourEmbedder()


def contents(folder: Path) -> dict[str, object]:
    """All that an index says, but what differs from run to run: ids, dates, and how its rows lie in files."""
    index, snapshot = Index.open(folder), Snapshot.read(Store(folder))
    assert index.check() == []
    rows = index.rows().drop(columns="clip_id").assign(vector=[row.tolist() for row in index.vectors()])
    manifest = snapshot.manifest
    return {
        "rows": rows.sort_values(["path", "start"]).reset_index(drop=True).to_json(orient="split", date_unit="us"),
        "skipped": sorted(map(repr, snapshot.skipped)),
        "recipe": manifest.recipe, "roots": manifest.roots, "exclude": manifest.exclude,
        "dropped": len(snapshot.dropped),
    }  # fmt: skip


def starts(folder: Path, name: str) -> list[float]:
    rows = Index.open(folder).rows()
    chosen: pd.DataFrame = rows[[Path(path).name == name for path in rows["path"]]]
    return chosen["start"].tolist()
