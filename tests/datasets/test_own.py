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
        ("path,text\na.mp4,b\n", "has the columns path, text. Save it as a CSV in UTF-8"),
        ("path,caption\na.mp4,\n", "row 1: '' stands where a text is needed"),
        ("path,caption\n,b\n", "row 1: the path is empty"),
        ("path,caption\na.mp4\n", "row 1: None stands where a text is needed"),
        ("path,caption,start,end\na.mp4,b,2,1\n", "row 1: the part from 2 to 1 s has no length"),
        ("path,caption,start,end\na.mp4,b,x,1\n", "row 1: could not convert string to float: 'x'"),
        ("path,caption,start,end\na.mp4,b,-1,1\n", "row 1: '-1' stands where seconds from 0 are needed"),
        ("path,caption\na.mp4,a man, walking\n", "row 1: it has more cells than the header"),
        ("path,caption\n", "has a header and no rows"),
        ("", "has no columns"),
        (b"path,caption\na.mp4,caf\xe9\n", "UTF-8"),
        ('path,caption\na.mp4,x\nb.mp4,"a wall\nc.mp4,y\nd.mp4,z\n', "line 3: a quotation mark that opens"),
        ('path,caption\na.mp4,"a "big" wall"\n', "line 2: a quoted text goes on"),
    ],
)
def test_damaged_captions_are_told_with_file_and_row(put: Put, rows: str | bytes, told: str):
    file = put("mine.csv", rows)
    with pytest.raises(DatasetError) as caught:
        read_captions(file)
    assert told in str(caught.value)
    assert caught.value.hint
    assert not any(word in str(caught.value) for word in ("Fetch", "owner", "annotation"))


def test_missing_captions_are_told(tmp_path: Path):
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(DatasetError, match=r"There is no file .* columns path, caption\."):
            read_captions(path)
    with pytest.raises(DatasetError, match=r"columns path, label, or a folder"):
        read_labels(tmp_path / "nothing.csv")


def test_quoted_captions_and_empty_cells_at_the_end(put: Put):
    found = read_captions(put("mine.csv", 'path,caption\na.mp4,"a ""big"", red wall"\nb.mp4,5" wide,,\n'))
    assert found.texts == ['a "big", red wall', '5" wide']


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
