"""Copies in an index: found by frames, recorded once, and set apart by the user for good."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ColourEmbedder
from tests.refusal import refused
from tests.tasks.duplicates.moving import pictures, write
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.index.remove import remove_files
from vlret.tasks.duplicates import find
from vlret.tasks.duplicates.find import find_duplicates
from vlret.tasks.duplicates.groups import Duplicates, connected
from vlret.tasks.duplicates.marks import set_apart, undo_set_apart


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """a and its trimmed copy, another recording of the same camera, the same bytes twice, two images."""
    folder = tmp_path / "media"
    frames = pictures(1, 8)
    write(folder / "a.mp4", frames)
    write(folder / "a_trimmed.mp4", frames[16:])
    write(folder / "other.mp4", pictures(2, 8))
    shutil.copy(folder / "other.mp4", folder / "other_again.mp4")
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (16, 16, 3), np.uint8)).resize(
        (320, 200)
    )
    picture.save(folder / "p.png")
    picture.resize((160, 100)).save(folder / "p_small.jpg")
    return folder


@pytest.fixture
def folder(media: Path, tmp_path: Path) -> Path:
    build_index(media, tmp_path / "index", ColourEmbedder(), progress=False)
    return tmp_path / "index"


def names(found: Duplicates) -> list[list[str]]:
    return [[Path(path).name for path in group.files] for group in found.groups]


ALL = [["a.mp4", "a_trimmed.mp4"], ["other.mp4", "other_again.mp4"], ["p.png", "p_small.jpg"]]


def test_copies_are_found_with_their_seconds(folder: Path) -> None:
    found = find_duplicates(folder)
    assert names(found) == ALL
    (trimmed,), (same,), (image,) = (group.pairs for group in found.groups)
    assert (trimmed.a.start, trimmed.a.end, trimmed.b.start, trimmed.b.end) == (2, 8, 0, 6)
    assert (same.same_bytes, same.a.end, trimmed.same_bytes, trimmed.mirrored) == (True, 8, False, False)
    assert (image.a.start, image.a.end) == (0, 0)


def test_a_pair_is_compared_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = find_duplicates(folder)
    monkeypatch.setattr(find, "compare", lambda *_: pytest.fail("compared again"))
    assert find_duplicates(folder) == first


def test_a_file_that_is_gone_is_not_judged(folder: Path, media: Path) -> None:
    moved = (media / "a.mp4").rename(media.parent / "a.mp4")
    assert names(find_duplicates(folder)) == ALL[1:]
    moved.rename(media / "a.mp4")
    assert names(find_duplicates(folder)) == ALL


def test_a_stopped_run_keeps_what_was_compared(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = []

    def stopped(*arguments: object) -> object:
        if judged:
            raise KeyboardInterrupt
        judged.append(compare(*arguments))
        return judged[0]

    compare = find.compare
    monkeypatch.setattr(find, "compare", stopped)
    with pytest.raises(KeyboardInterrupt):
        find_duplicates(folder)
    assert len(Index.open(folder).copies.judged) + len(ALL) - 1 >= 2
    monkeypatch.setattr(find, "compare", compare)
    assert names(find_duplicates(folder)) == ALL


def test_a_pair_set_apart_stays_so_and_can_be_undone(folder: Path, media: Path) -> None:
    find_duplicates(folder)
    set_apart(folder, media / "a_trimmed.mp4", media / "a.mp4")
    set_apart(folder, media / "other.mp4", media / "other_again.mp4")
    assert names(find_duplicates(folder)) == ALL[2:]

    (media / "a.mp4").rename(media / "b.mp4")
    build_index(media, folder, ColourEmbedder(), prune=True, progress=False)
    remove_files(folder, [media / "p.png"])
    Index.open(folder).compact()
    build_index(media, folder, ColourEmbedder(), progress=False)
    assert names(find_duplicates(folder)) == [["p.png", "p_small.jpg"]]
    assert Index.open(folder).check() == []

    undo_set_apart(folder, media / "b.mp4", media / "a_trimmed.mp4")
    undo_set_apart(folder, media / "other_again.mp4", media / "other.mp4")
    assert names(find_duplicates(folder)) == [["a_trimmed.mp4", "b.mp4"], *ALL[1:]]


def test_marks_of_files_that_are_not_there_are_refused(folder: Path, media: Path) -> None:
    a, other = media / "a.mp4", media / "other.mp4"
    with refused("not_in_index"):
        set_apart(folder, a, media / "none.mp4")
    with refused("same_file_twice"):
        set_apart(folder, a, a)
    with refused("not_set_apart"):
        undo_set_apart(folder, a, other)


def test_pairs_are_joined_into_groups() -> None:
    assert connected([("c", "d"), ("b", "a"), ("d", "e"), ("a", "b")]) == [["a", "b"], ["c", "d", "e"]]
    assert connected([(4, 1), (3, 2), (1, 2)]) == [[1, 2, 3, 4]]
