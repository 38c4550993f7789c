"""The registry: names, cards, choices, and the list of what is here and what is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vlret.datasets.base import Media, SetCard
from vlret.datasets.files import DatasetError
from vlret.datasets.registry import (
    card,
    load,
    missing_annotations,
    missing_media,
    names,
    options,
    overview,
    resolve,
)
from vlret.errors import UsageError

from .conftest import Put

KEYS = (
    "name", "task", "split", "items", "texts", "classes", "questions", "annotations_found", "missing", "licence",
    "source", "choices",
)  # fmt: skip
INCOMPLETE = {
    "pvd", "vdc1k", "egoexo4d", "imagenet", "gqa", "tallyqa", "popev2", "vitatecs", "worldprediction",
}  # fmt: skip


def every_card() -> list[tuple[str, dict, SetCard]]:
    """Each set with its usual choices and with each choice made otherwise."""
    made = []
    for name in names():
        usual = {choice: allowed[0] for choice, allowed in options(name).items()}
        others = [
            {**usual, choice: value} for choice, allowed in options(name).items() for value in allowed[1:]
        ]
        made += [(name, choices, card(name, **choices)) for choices in (usual, *others)]
    return made


def test_names_hold_the_sets_of_the_paper():
    assert len(names()) == len(set(names())) == 31
    tasks = [card(name).task for name in names()]
    assert {task: tasks.count(task) for task in set(tasks)} == {
        "retrieval": 11, "classification": 10, "vqa": 8, "text": 2,
    }  # fmt: skip


@pytest.mark.parametrize(("name", "choices", "made"), every_card(), ids=str)
def test_every_card_is_filled_in(name: str, choices: dict, made: SetCard):
    assert made.name == name
    assert made.title
    assert made.split
    assert made.licence
    assert made.source
    assert made.metric
    assert made.annotations
    assert made.overlaps
    assert all(value in " ".join(made.choices.values()) or value for value in choices.values())
    assert all(prompt.count("{}") == 1 for prompt in made.prompts)
    assert bool(made.prompts) == (made.task == "classification")
    assert all(0 < row.value < 100 for row in made.published)


def test_usual_choices_are_those_of_the_card_without_choices():
    for name in names():
        assert card(name) == card(name, **{choice: allowed[0] for choice, allowed in options(name).items()})


def test_a_choice_that_matters_changes_the_card():
    usual = {name: card(name) for name in names()}
    for name, choices, made in every_card():
        if choices != {choice: allowed[0] for choice, allowed in options(name).items()}:
            changed = next(c for c, allowed in options(name).items() if choices[c] != allowed[0])
            # the extent of a task does not concern steps, nor the steps a task
            assert made != usual[name] or (name, changed) == ("coin", "extent")


@pytest.mark.parametrize(
    ("name", "choices", "told"),
    [
        ("msrvt", {}, r"no benchmark set 'msrvt'. There are: msrvtt, activitynet"),
        ("msrvtt", {"splt": "full"}, r"msrvtt has no choice 'splt'. It has: split"),
        ("msrvtt", {"split": "1k-B"}, r"split of msrvtt was given as '1k-B'. Allowed: 1k-A, full"),
        ("visla", {"name": "x"}, r"visla has no choice 'name'"),
        ("dream1k", {"split": "x"}, r"dream1k has no choice 'split'. It has: none"),
    ],
)
def test_wrong_names_and_choices_are_told(tmp_path: Path, name: str, choices: dict, told: str):
    with pytest.raises(UsageError, match=told):
        load(name, tmp_path, **choices)


def test_a_missing_folder_of_annotations_is_told(tmp_path):
    with pytest.raises(DatasetError, match=r"There is no folder .*none"):
        load("msrvtt", tmp_path / "none")


@pytest.mark.parametrize("name", names())
def test_every_set_tells_what_it_misses(tmp_path: Path, name: str):
    missing = missing_annotations(name, tmp_path)
    assert len(missing) == len(card(name).annotations)
    with pytest.raises(DatasetError, match=re.escape(f"has no {'; no '.join(missing)}")):
        load(name, tmp_path)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"[[]]", b'{"a": 1}', b"\xff\xff", b"a,b\n1\n", b"[null]"]
)
def test_files_of_another_form_are_a_clear_error(put: Put, tmp_path: Path, name: str, content: bytes):
    """Whatever stands in the files, the error is one of ours and names a file or the set."""
    folder = "ek100" if name == "ek100_anticipation" else name
    for entry in card(name).annotations:
        put(f"{folder}/{entry.split(' | ', maxsplit=1)[0].replace('*', '1')}", content)
    with pytest.raises(DatasetError) as caught:
        load(name, tmp_path)
    assert str(tmp_path) in caught.value.message or name in caught.value.message
    assert caught.value.hint


def test_overview_without_annotations_lists_all_as_missing():
    rows = overview(None)
    assert [row["name"] for row in rows] == names()
    for row in rows:
        assert tuple(row) == KEYS
        assert row["missing"]
        assert not row["annotations_found"]
        assert {row[key] for key in ("items", "texts", "classes", "questions")} == {None}


@pytest.mark.data
def test_overview_of_the_real_files(real_overview: dict[str, dict]):
    rows = real_overview
    assert list(rows) == names()
    assert {name for name, row in rows.items() if not row["annotations_found"]} == INCOMPLETE
    assert all(bool(row["missing"]) == (name in INCOMPLETE) for name, row in rows.items())
    assert all(row["items"] for name, row in rows.items() if name not in INCOMPLETE)
    assert rows["vitatecs"]["missing"] == ["Type.jsonl"]
    assert rows["vdc1k"]["items"] == 1027
    assert rows["popev2"]["questions"] is None


def test_overview_goes_on_after_a_damaged_file(put: Put, tmp_path: Path):
    put("dream1k/DREAM-1k.jsonl", "{")
    rows = {row["name"]: row for row in overview(tmp_path)}
    assert len(rows) == len(names())
    assert "DREAM-1k.jsonl, line 1 is not JSON" in rows["dream1k"]["missing"][0]


def test_media_are_found_under_their_first_name_that_exists(put: Put, tmp_path: Path):
    put("msrvtt/MSRVTT_JSFUSION_test.csv", "video_id,sentence\nvideo1,a\nvideo2,b\n")
    found = load("msrvtt", tmp_path)
    put("data/videos/video1.webm", b"")
    (tmp_path / "data/video2.mp4").mkdir(parents=True)  # a folder is no video
    assert resolve(found.media[0], tmp_path / "data") == tmp_path / "data/videos/video1.webm"
    put("data/video1.mp4", b"")
    assert resolve(found.media[0], tmp_path / "data") == tmp_path / "data/video1.mp4"
    assert [medium.id for medium in missing_media(found, tmp_path / "data")] == ["video2"]
    assert resolve(Media("x", ()), tmp_path) is None


@pytest.mark.data
def test_complete_sets_have_no_gaps(annotations: Path):
    for name in ("didemo", "msvd", "flickr8k"):
        assert "without captions" not in load(name, annotations).card.choices
