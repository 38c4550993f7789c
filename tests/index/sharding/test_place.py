"""Which worker this is."""

from __future__ import annotations

import pytest

from vlret.errors import UsageError
from vlret.index.sharding.place import place_from_environment, read_place


@pytest.mark.parametrize(("text", "place"), [("0/1", (0, 1)), ("3/16", (3, 16)), ("15/16", (15, 16))])
def test_a_typed_place(text, place):
    assert read_place(text) == place


@pytest.mark.parametrize("text", ["", "3", "16/16", "0/0", "-1/4", "1/4/2", "a/b", "1 / 4", "²/4"])
def test_what_is_no_place_is_refused(text):
    with pytest.raises(UsageError) as caught:
        read_place(text)
    assert caught.value.code == "bad_place"


def slurm(task: int, count: int, first: int = 0) -> dict[str, str]:
    values = {"ID": task, "COUNT": count, "MIN": first, "MAX": first + count - 1, "STEP": 1}
    return {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in values.items()}


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({}, None),
        ({"WORLD_SIZE": "4", "SLURM_JOB_ID": "7"}, None),
        (slurm(0, 16), (0, 16)),
        (slurm(15, 16), (15, 16)),
        (slurm(16, 16, first=1), (15, 16)),
        ({"RANK": "2", "WORLD_SIZE": "8"}, (2, 8)),
        ({**slurm(1, 4), "RANK": "3", "WORLD_SIZE": "8"}, (11, 32)),
    ],
)
def test_the_place_that_the_environment_says(environment, place):
    assert place_from_environment(environment) == place


def test_tasks_with_processes_are_all_places_once():
    places = [
        place_from_environment({**slurm(task, 3), "RANK": str(rank), "WORLD_SIZE": "4"})
        for task in range(3) for rank in range(4)
    ]  # fmt: skip
    assert places == [(number, 12) for number in range(12)]


@pytest.mark.parametrize(
    "environment",
    [
        {"SLURM_ARRAY_TASK_ID": "3"},
        {**slurm(3, 2, first=3), "SLURM_ARRAY_TASK_ID": "7"},  # --array=3,7
        {**slurm(3, 2, first=3), "SLURM_ARRAY_TASK_MAX": "7"},  # its other task
        {**slurm(2, 8), "SLURM_ARRAY_TASK_MAX": "14"},  # --array=0-14:2
        {"RANK": "2"},
        {"RANK": "2", "WORLD_SIZE": "2"},
        {"RANK": "-1", "WORLD_SIZE": "2"},
        {"RANK": "one", "WORLD_SIZE": "2"},
    ],
)
def test_an_environment_that_contradicts_itself_is_refused(environment):
    with pytest.raises(UsageError) as caught:
        place_from_environment(environment)
    assert caught.value.code == "bad_place"
