"""COIN and CrossTask: steps and tasks of instructional videos."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlret.datasets.files import DatasetError
from vlret.datasets.registry import load

from .conftest import Put
from .test_classification_sets import labelled, times


def entry(task: str, subset: str, *steps: tuple[str, str]) -> dict:
    parts = [
        {"id": id, "segment": [25.0 + i, 30.0 + i], "label": label} for i, (id, label) in enumerate(steps)
    ]
    return {
        "recipe_type": 122,
        "annotation": parts,
        "start": 19.6,
        "end": 134.3,
        "class": task,
        "subset": subset,
    }


COIN = {
    "database": {
        "a": entry("PutOnHairExtensions", "testing", ("325", "pull up"), ("9", "comb"), ("325", "pull up")),
        "b": entry("UseATM", "training", ("7", "comb")),
    }
}


def test_coin_steps_by_id_and_by_label(put: Put, tmp_path: Path):
    put("coin/COIN.json", COIN)
    found = load("coin", tmp_path)
    assert labelled(found) == [("a/1", "pull up"), ("a/2", "comb"), ("a/3", "pull up")]
    assert times(found)[0] == (25.0, 30.0)
    assert found.classes == ["comb", "comb", "pull up"]  # ids 7, 9 and 325
    assert found.labels == [(2,), (1,), (2,)]
    assert load("coin", tmp_path, steps="label").classes == ["comb", "pull up"]


def test_coin_tasks_are_words(put: Put, tmp_path: Path):
    put("coin/COIN.json", COIN)
    found = load("coin", tmp_path, target="task")
    assert labelled(found) == [("a", "put on hair extensions")]
    assert found.classes == ["put on hair extensions", "use ATM"]
    assert times(found) == [(0.0, None)]
    assert times(load("coin", tmp_path, target="task", extent="marked")) == [(19.6, 134.3)]


def test_coin_classes_come_from_the_taxonomy_where_it_is(put: Put, tmp_path: Path):
    put("coin/COIN.json", COIN)
    header = "Target Id,Target Label,Action Id,Action Label\n"
    table = "0,PutOnHairExtensions,325,pull up\n0,PutOnHairExtensions,9,comb\n1,UseATM,7,comb\n2,WashHair,8,rinse\n"
    put("coin/taxonomy.target_action_mapping.csv", header + table)
    assert load("coin", tmp_path).classes == ["comb", "rinse", "comb", "pull up"]
    assert load("coin", tmp_path, target="task").classes[-1] == "wash hair"


def test_coin_names_the_row_without_length(put: Put, tmp_path: Path):
    broken = entry("UseATM", "testing", ("7", "comb"))
    broken["annotation"][0]["segment"] = [30.0, 30.0]
    put("coin/COIN.json", {"database": {"b": broken}})
    with pytest.raises(DatasetError, match=r"COIN.json, row 1: the part from 30.0 to 30.0 s has no length"):
        load("coin", tmp_path)


TASKS = "23521\nMake Jello Shots\nhttp://w\n2\npour water,stir mixture\n\n59684\nMake Tea\nhttp://x\n1\npour water\n"


@pytest.fixture
def crosstask(put: Put) -> None:
    put("crosstask/tasks_primary.txt", TASKS)
    put("crosstask/annotations/23521__uA_R5g.csv", "2,33.54,39.94\n1,53.47,56.07\n")
    put("crosstask/annotations/59684_b.csv", "1,1,2\n")
    put("crosstask/annotations/777_related.csv", "1,1,2\n")
    put("crosstask/videos.csv", "23521,_uA_R5g,https://y\n59684,b,https://z\n777,related,https://z\n")
    put("crosstask/videos_val.csv", "59684,b,https://z\n")


@pytest.mark.usefixtures("crosstask")
def test_crosstask_steps_count_from_1_within_a_task(tmp_path: Path):
    found = load("crosstask", tmp_path)
    assert labelled(found) == [
        ("_uA_R5g/1", "stir mixture"),
        ("_uA_R5g/2", "pour water"),
        ("b/1", "pour water"),
    ]
    assert times(found)[0] == (33.54, 39.94)
    assert found.classes == ["pour water", "stir mixture", "pour water"]
    assert found.labels == [(1,), (0,), (2,)]
    assert load("crosstask", tmp_path, steps="name").classes == ["pour water", "stir mixture"]
    assert len(load("crosstask", tmp_path, videos="validation").media) == 1


@pytest.mark.usefixtures("crosstask")
def test_crosstask_tasks_are_of_whole_videos(tmp_path: Path):
    found = load("crosstask", tmp_path, target="task")
    assert labelled(found) == [("_uA_R5g", "Make Jello Shots"), ("b", "Make Tea")]
    assert labelled(load("crosstask", tmp_path, target="task", videos="validation")) == [("b", "Make Tea")]


@pytest.mark.usefixtures("crosstask")
def test_crosstask_names_what_is_damaged(put: Put, tmp_path: Path):
    put("crosstask/annotations/59684_b.csv", "2,1,2\n")
    with pytest.raises(DatasetError, match=r"59684_b.csv, row 1: step 2 is not one of the 1 known"):
        load("crosstask", tmp_path)
    put("crosstask/annotations/59684_b.csv", "1,1\n")
    with pytest.raises(DatasetError, match=r"59684_b.csv, row 1: 3 cells are needed, 2 are there"):
        load("crosstask", tmp_path)
    put("crosstask/tasks_primary.txt", TASKS.replace("\n2\n", "\n3\n"))
    with pytest.raises(DatasetError, match=r"task 23521 should have 3 steps and has 2"):
        load("crosstask", tmp_path)


@pytest.mark.data
def test_crosstask_reads_the_file_with_true_decimals(annotations: Path):
    found = load("crosstask", annotations)
    assert (33.54, 39.94) in [(m.start, m.end) for m in found.media if m.id.startswith("_uAZw6L_R5g/")]
