"""A user's own captions, labels and folders."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import pytest

from vlret.datasets.custom import read_captions, read_folder, read_labels, read_vqa
from vlret.datasets.files import DatasetError
from vlret.datasets.registry import missing_media, resolve
from vlret.errors import MediaError

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
        ("path,text\na.mp4,b\n", "line 2: 'caption' is missing, there is path, text. Correct"),
        ("path,caption\na.mp4,\n", "line 2: '' is not a text"),
        ("path,caption\n,b\n", "line 2: '' is not a path"),
        ("path,caption\na.mp4\n", "line 2: '' is not a text"),
        ("path,caption,start,end\na.mp4,b,2,1\n", "line 2: the part from 2 to 1 s has no length"),
        ("path,caption,start,end\na.mp4,b,x,1\n", "line 2: could not convert string to float: 'x'"),
        ("path,caption,start,end\na.mp4,b,-1,1\n", "line 2: '-1' is not a number of seconds from 0 on"),
        ("path,caption\na.mp4,a man, walking\n", "line 2 has 3 cells, the first row has 2"),
        ("path,caption\n", "has no row"),
        ("", "has no rows"),
        (b"path,caption\na.mp4,caf\xe9\n", "UTF-8"),
        ('path,caption\na.mp4,x\nb.mp4,"a wall\nc.mp4,y\nd.mp4,z\n', "line 3: a quotation mark that opens"),
        ('path,caption\na.mp4,"a "big" wall"\n', "line 2: text follows the closing"),
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
        with pytest.raises(DatasetError, match=r"There is no file .* path, caption"):
            read_captions(path)
    with pytest.raises(DatasetError, match=r"path, label, or a directory"):
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
    assert missing_media(found.media, tmp_path / "set") == []
    assert missing_media(found.media, tmp_path) == found.media
    assert resolve(found.media[0], tmp_path / "set") == tmp_path / "set/jump/b.JPG"
    with pytest.raises(DatasetError, match="no subdirectory with media"):
        read_folder(tmp_path / "set/empty")


@pytest.mark.parametrize(
    "name",
    ["__MACOSX/cat/._a.png", "__MACOSX/a.png", "cat/._a.png", "cat/.hidden.png", "cat/@eaDir/a.png", "@eaDir/a.png",
     "cat/x/.AppleDouble/a.png", "cat/a.png.part", "$RECYCLE.BIN/a.png", "#recycle/a.png", ".Trashes/a.png",
     "System Volume Information/a.png", "lost+found/a.png"],
)  # fmt: skip
def test_what_an_index_passes_over_is_no_class_and_no_item(put: Put, tmp_path: Path, name: str):
    for kept in ("set/cat/a.png", "set/dog/deep/b.mp4", f"set/{name}"):
        put(kept, b"x")
    found = read_folder(tmp_path / "set")
    assert found.classes == ["cat", "dog"]
    assert [medium.id for medium in found.media] == ["cat/a.png", "dog/deep/b.mp4"]


def test_a_folder_given_from_elsewhere_or_linked(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("set/cat/a.png", "elsewhere/b.png", "other/x.txt"):
        put(name, b"x")
    os.symlink(tmp_path / "elsewhere", tmp_path / "set" / "dog")
    os.symlink("loop", tmp_path / "set" / "loop")
    monkeypatch.chdir(tmp_path / "other")
    found = read_folder(Path("../set"))
    assert (found.card.name, found.classes) == ("set", ["cat", "dog"])
    assert missing_media(found.media, Path("../set")) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "Path;Caption\na.mp4;One, two\nb.mp4;Three\n"),
        ("a.tsv", "path\tcaption\na.mp4\tOne, two\nb.mp4\tThree\n"),
        ("a.jsonl", '{"video": "a.mp4", "caption": "One, two"}\n{"video": "b.mp4", "caption": "Three"}\n'),
        ("a.json", '[{"path": "a.mp4", "caption": "One, two"}, {"path": "./b.mp4", "caption": "Three"}]'),
    ],
)
def test_captions_in_other_forms(put: Put, name: str, text: str):
    found = read_captions(put(name, text))
    assert ([medium.id for medium in found.media], found.texts) == (["a.mp4", "b.mp4"], ["One, two", "Three"])


NFC, NFD = normalize("NFC", "Ñandú.jpg"), normalize("NFD", "Ñandú.jpg")


@pytest.mark.parametrize(("listed", "there"), [(NFC, NFD), (NFD, NFC), (f"x/{NFC}", f"x/{NFD}")])
def test_names_in_another_normal_form_are_found(put: Put, tmp_path: Path, listed: str, there: str):
    put(there, b"x")
    found = read_captions(put("a.csv", f"path,caption\n{listed},A bird\n"))
    assert missing_media(found.media, tmp_path) == []
    assert resolve(found.media[0], tmp_path) == tmp_path / there


def test_a_name_that_is_that_of_two_files_in_normal_form_is_told(put: Put, tmp_path: Path):
    for name in ("e\u0323\u0302.jpg", "\u1ec7.jpg"):
        put(name, b"x")
    found = read_captions(put("a.csv", "path,caption\n\u1eb9\u0302.jpg,A letter\n"))
    if len({path.name for path in tmp_path.glob("*.jpg")}) < 2:
        pytest.skip("this file system knows one normal form")
    with pytest.raises(MediaError, match="two files"):
        missing_media(found.media, tmp_path)


def test_paths_written_in_two_ways_are_one_medium(put: Put):
    found = read_captions(put("a.csv", f"path,caption\nx/{NFC},a\n./x/{NFD},b\nx//{NFC},c\n"))
    assert (len(found.media), found.owner) == (1, [0, 0, 0])


def test_questions(put: Put):
    rows = [
        {"path": "a.mp4", "question": "What?", "answers": ["cat", "dog"], "answer": "dog"},
        {"path": "a.mp4", "question": "Is it?", "answers": ["yes", "no"], "answer": "yes"},
    ]
    found = read_vqa(put("q.jsonl", rows))
    table = "path,question,answers,answer\n" + "".join(
        f"{row['path']},{row['question']},{'|'.join(row['answers'])},{row['answer']}\n" for row in rows
    )
    assert replace(found, card=read_vqa(put("q.csv", table)).card) == read_vqa(put("q.csv", table))
    assert [medium.files for medium in found.media] == [("a.mp4",)]
    assert [(q.text, q.answer, q.candidates) for q in found.questions] == [
        ("What?", "dog", ("cat", "dog")),
        ("Is it?", "yes", ("yes", "no")),
    ]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            {"question": "q", "answers": ["a", "b"], "answer": "a"},
            "line 1: None is not a path",
        ),
        ({"path": "a", "answers": ["a", "b"], "answer": "a"}, "line 1: The question is None"),
        ({"path": "a", "question": "q", "answers": ["a", "b"]}, "line 1: the answer '' is not one of a, b"),
        (
            {"path": "a", "question": "q", "answers": ["a", "b"], "answer": "c"},
            "the answer 'c' is not one of a, b",
        ),
        ({"path": "a", "question": "q", "answers": ["a"], "answer": "a"}, "two or more that differ"),
        ({"path": "a", "question": "q", "answers": ["a", "a"], "answer": "a"}, "two or more that differ"),
    ],
)
def test_questions_that_cannot_be_scored_are_told(put: Put, row: dict[str, object], told: str):
    with pytest.raises(DatasetError, match=told):
        read_vqa(put("q.jsonl", json.dumps(row)))
    with pytest.raises(DatasetError, match=r"There is no file .* path, question, answers, answer"):
        read_vqa(Path("none.jsonl"))
