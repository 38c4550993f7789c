"""`vlret duplicates`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import paint_image, vlret
from tests.tasks.duplicates.moving import pictures, write


@pytest.fixture
def copies(tmp_path: Path, models: Path) -> tuple[Path, Path]:
    """(media, index): a video, its trimmed and mirrored copy, and an image twice."""
    media = tmp_path / "media"
    frames = pictures(1, 8)
    write(media / "a.mp4", frames)
    write(media / "b.mp4", frames[16:, :, ::-1])
    for name in ("p.png", "q.png"):
        paint_image(media / name, "red")
    assert vlret("index", media, "--out", tmp_path / "index", "--model", models / "colour").code == 0
    return media, tmp_path / "index"


def test_copies_are_listed_with_their_seconds(copies):
    media, index = copies
    run = vlret("duplicates", index)
    assert run.out.splitlines() == [
        f"{media}/a.mp4 0:02-0:08 = {media}/b.mp4 0:00-0:06  (mirrored)",
        "",
        f"{media}/p.png = {media}/q.png  (the same bytes)",
    ]
    assert run.err == "vlret: 4 files in 2 groups of the same footage\n"


def test_json_holds_the_groups(copies):
    media, index = copies
    document = vlret("duplicates", index, "--json").json
    assert (document["schema"], document["index"]) == (1, str(index))
    assert [group["files"] for group in document["groups"]] == [
        [str(media / name) for name in names] for names in (("a.mp4", "b.mp4"), ("p.png", "q.png"))
    ]
    (pair,) = document["groups"][0]["pairs"]
    assert pair == {
        "a": {"path": str(media / "a.mp4"), "start": 2, "end": 8},
        "b": {"path": str(media / "b.mp4"), "start": 0, "end": 6}, "mirrored": True, "same_bytes": False,
    }  # fmt: skip


def test_a_pair_is_set_apart_and_back(copies):
    media, index = copies
    both = (media / "b.mp4", media / "a.mp4")
    assert len(vlret("duplicates", index, "--not", *both).out.splitlines()) == 1
    assert len(vlret("duplicates", index).out.splitlines()) == 1
    assert len(vlret("duplicates", index, "--undo-not", *both).out.splitlines()) == 3
    run = vlret("duplicates", index, "--not", media / "a.mp4", media / "none.mp4")
    assert (run.code, run.out) == (1, "")
    assert "none.mp4" in run.err
