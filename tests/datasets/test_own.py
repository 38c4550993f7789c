"""A user's own captions, labels and folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlret.datasets.files import DatasetError
from vlret.datasets.own import read_captions, read_folder, read_labels
from vlret.datasets.registry import missing_media, resolve

from .conftest import Put


def test_captions_with_and_without_times(put: Put, tmp_path: Path):
    file = put(
        "mine.csv",
        "path,caption,start,end\na  b.mp4,One,,\na  b.mp4,Two,,\na  b.mp4,Three,1.5,2:00\nc.mp4,F,3,\n",
    )
    found = read_captions(file)
    assert found.texts == ["One", "Two", "Three", "F"]
    assert found.owner == [0, 0, 1, 2]
    assert [(m.files[0], m.start, m.end) for m in found.media] == [
        ("a  b.mp4", 0.0, None), ("a  b.mp4", 1.5, 120.0), ("c.mp4", 3.0, None),
    ]  # fmt: skip
    assert found.card.name == "mine"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("path,text\na.mp4,b\n", "has the columns path, text. It needs path, caption"),
        ("path,caption\na.mp4,\n", "row 1: '' stands where a text is needed"),
        ("path,caption\n,b\n", "row 1: the path is empty"),
        ("path,caption\na.mp4\n", "row 1: None stands where a text is needed"),
        ("path,caption,start,end\na.mp4,b,2,1\n", "row 1: the part from 2 to 1 s has no length"),
        ("path,caption,start,end\na.mp4,b,x,1\n", "row 1: could not convert string to float: 'x'"),
        ("path,caption,start,end\na.mp4,b,-1,1\n", "row 1: '-1' stands where seconds from 0 are needed"),
        ("path,caption\n", "No item of mine"),
        ("", "has the columns"),
    ],
)
def test_damaged_captions_are_told_with_file_and_row(put: Put, rows: str, told: str):
    file = put("mine.csv", rows)
    with pytest.raises(DatasetError) as caught:
        read_captions(file)
    assert told in str(caught.value)


def test_missing_captions_are_told(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"nothing.csv cannot be read"):
        read_captions(tmp_path / "nothing.csv")


def test_labels_may_be_several(put: Put):
    found = read_labels(put("mine.csv", "path,label\na.mp4,run\nb.mp4,jump\na.mp4,jump\na.mp4,run\n"))
    assert found.classes == ["jump", "run"]
    assert found.labels == [(1, 0), (0,)]


def test_folders_are_classes(put: Put, tmp_path: Path):
    for name in ("throw_ball/x/a.mp4", "jump/b.JPG", "jump/notes.txt", "empty/readme.txt", ".cache/c.mp4"):
        put(f"set/{name}", b"")
    found = read_folder(tmp_path / "set")
    assert found.classes == ["jump", "throw ball"]
    assert [medium.files for medium in found.media] == [("jump/b.JPG",), ("throw_ball/x/a.mp4",)]
    assert found.labels == [(0,), (1,)]
    assert missing_media(found, tmp_path / "set") == []
    assert missing_media(found, tmp_path) == found.media
    assert resolve(found.media[0], tmp_path / "set") == tmp_path / "set/jump/b.JPG"
    with pytest.raises(DatasetError, match="no folder with media"):
        read_folder(tmp_path / "set/empty")
