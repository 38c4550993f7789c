"""The registry: names, cards, choices, and the list of what is here and what is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.refusal import refused
from vlret.datasets.base import Media, SetCard
from vlret.datasets.files import OR, DatasetError
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
from .small import SMALL, write_annotations

KEYS = (
    "name", "task", "split", "items", "texts", "classes", "questions", "annotations_found", "state", "missing",
    "trimmed", "licence", "source", "choices",
)  # fmt: skip
STATES = {
    "trimmed": {"tallyqa", "vitatecs"}, "rebuilt": {"coin", "crosstask"},
    "missing": {"pvd", "vdc1k", "egoexo4d", "imagenet", "gqa", "popev2", "worldprediction"},
}  # fmt: skip
INCOMPLETE = set().union(*STATES.values())
IDLE = {
    ("coin", "step"): {"extent"}, ("coin", "task"): {"steps"}, ("crosstask", "task"): {"steps"},
    ("ek100", "verb"): {"candidates", "text"}, ("ek100", "noun"): {"candidates", "text"},
    ("ek100_anticipation", "verb"): {"candidates", "text"}, ("ek100_anticipation", "noun"): {"candidates", "text"},
}  # fmt: skip
"""Choices that a set and its target leave without effect."""
NOT_COUNTED = {"test/*.tar", "test/*.json", "test-*.parquet", "data/test-*.parquet"}
"""Shards say themselves how many they are; of PVD-Bench's tars nobody here has counted them."""


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


@pytest.mark.parametrize(
    ("name", "choices", "made"), [pytest.param(*one, id=f"{one[0]} {one[1]}") for one in every_card()]
)
def test_every_card_is_filled_in(name: str, choices: dict, made: SetCard):
    assert made.name == name
    assert made.title
    assert made.split
    assert made.licence
    assert made.source
    assert made.metric
    assert made.annotations
    assert made.overlaps
    idle = IDLE.get((name, choices.get("target")), set())
    assert {choice: made.choices.get(choice) for choice in choices} == {
        choice: None if choice in idle else value for choice, value in choices.items()
    }
    assert all(prompt.count("{}") == 1 for prompt in made.prompts)
    assert bool(made.prompts) == (made.task == "classification")
    assert all(0 < row.value < 100 for row in made.published)
    patterns = {one for entry in made.annotations for one in entry.split(OR) if "*" in one}
    assert patterns - NOT_COUNTED == {one for one in made.n_files if one in patterns}


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
        ("msrvt", {}, r"no dataset 'msrvt'. There are: msrvtt, activitynet"),
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
    with refused("annotations_missing"):
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
        assert (row["state"], row["trimmed"]) == ("missing", [])
        assert {row[key] for key in ("items", "texts", "classes", "questions")} == {None}


@pytest.mark.data
def test_overview_of_the_real_files(real_overview: dict[str, dict]):
    rows = real_overview
    assert list(rows) == names()
    assert {name for name, row in rows.items() if not row["annotations_found"]} == INCOMPLETE
    assert all(bool(row["missing"]) == (name in INCOMPLETE) for name, row in rows.items())
    assert all(row["items"] for name, row in rows.items() if name not in INCOMPLETE)
    for state, of_state in STATES.items():
        assert {name for name, row in rows.items() if row["state"] == state} == of_state
    assert rows["vitatecs"]["missing"] == ["Type.jsonl"]
    assert rows["vitatecs"]["trimmed"] == ["Type.first500.jsonl"]
    assert (rows["coin"]["missing"], rows["coin"]["trimmed"]) == (["COIN.json"], ["COIN.json (rebuilt)"])
    assert rows["crosstask"]["trimmed"][1] == "58 of 2750 files annotations/*.csv (rebuilt)"
    assert rows["vdc1k"]["items"] == 1027
    assert rows["popev2"]["questions"] is None


@pytest.mark.parametrize(
    ("name", "n_first", "more", "told"),
    [
        ("hmdb51", 3, {}, "3 of 51 files testTrainMulti_7030_splits/*_test_split1.txt"),
        ("flickr30k", 4, {}, "3 of 5 files test_2016.*.en.gz"),
        ("crosstask", 3, {}, "1 of 2750 files annotations/*.csv"),
        ("imagenet", 3, {"val/n01440764/a.JPEG": b""}, "1 of 50000 files val/*/*.JPEG"),
    ],
)
def test_a_part_of_many_files_is_told_and_read(
    tmp_path: Path, name: str, n_first: int, more: dict[str, bytes], told: str
):
    write_annotations(name, tmp_path, {**dict(list(SMALL[name].items())[:n_first]), **more})
    found = next(row for row in overview(tmp_path) if row["name"] == name)
    assert (found["trimmed"], found["state"], found["annotations_found"]) == ([told], "trimmed", False)
    assert load(name, tmp_path).card.choices["trimmed"] == told


def test_a_whole_table_is_taken_before_a_part_of_the_lists(put: Put, tmp_path: Path):
    put("hmdb51/testTrainMulti_7030_splits/chew_test_split1.txt", "a.avi 2 \n")
    put("hmdb51/hmdb51.csv", "video_id,label,split1,split2,split3\nb.avi,brush_hair,2,2,0\n")
    found = load("hmdb51", tmp_path)
    assert [medium.id for medium in found.media] == ["brush_hair/b.avi"]
    assert "trimmed" not in found.card.choices


def test_files_that_say_they_are_rebuilt_are_told(tmp_path: Path):
    folder = write_annotations("coin", tmp_path)
    assert "trimmed" not in load("coin", tmp_path).card.choices
    (folder / "SOURCE.md").write_text("# COIN\n\nStatus: complete, not Status: REBUILT\n")
    assert "trimmed" not in load("coin", tmp_path).card.choices
    (folder / "SOURCE.md").write_text("# COIN\n\nStatus: REBUILT from two lists\n")
    assert load("coin", tmp_path).card.choices["trimmed"] == "COIN.json (rebuilt)"
    row = next(row for row in overview(tmp_path) if row["name"] == "coin")
    assert (row["state"], row["annotations_found"], row["items"]) == ("rebuilt", False, 2)


def test_shards_say_how_many_they_are(tmp_path: Path):
    write_annotations(
        "popev2", tmp_path, {"data/test-00000-of-00002.parquet": SMALL["popev2"]["test.parquet"]}
    )
    told = "1 of 2 files data/test-*.parquet"
    assert load("popev2", tmp_path).card.choices["trimmed"] == told


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
    assert [medium.id for medium in missing_media(found.media, tmp_path / "data")] == ["video2"]
    assert resolve(Media("x", ()), tmp_path) is None


@pytest.mark.data
def test_complete_sets_have_no_gaps(annotations: Path):
    for name in ("didemo", "msvd", "flickr8k"):
        assert "without captions" not in load(name, annotations).card.choices
