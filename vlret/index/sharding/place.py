"""Which worker this is: as typed, or as Slurm and torchrun say."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TypeAlias

from vlret.errors import UsageError

Place: TypeAlias = tuple[int, int]
"""(i, n): worker i of n, numbered from 0. It encodes the shards i, i + n, i + 2n ... of a plan."""


def read_place(text: str) -> Place:
    """The place of a text such as "3/16".

    Raises:
        UsageError: it is not one.
    """
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    place = (int(found[1]), int(found[2])) if found else (0, 0)
    if place[0] >= place[1]:
        raise UsageError(
            f"The shard was given as {text!r}.", "Give i/n with i from 0 to n - 1, such as 0/16 or 15/16.",
            code="bad_place", given=text,
        )  # fmt: skip
    return place


def place_from_environment(environment: Mapping[str, str] = os.environ) -> Place | None:
    """The place of a task of a Slurm array, of a process of torchrun, or of such a process in such a task.

    SLURM_ARRAY_TASK_ID, _MIN, _MAX and _COUNT; RANK and WORLD_SIZE. None: none of them is set.

    Raises:
        UsageError: they contradict each other, as in an array with gaps.
    """
    slurm = _slurm(environment) if "SLURM_ARRAY_TASK_ID" in environment else None
    ranked = _place(environment, "RANK", "WORLD_SIZE") if "RANK" in environment else None
    if slurm and ranked:
        return slurm[0] * ranked[1] + ranked[0], slurm[1] * ranked[1]
    return slurm or ranked


def _slurm(environment: Mapping[str, str]) -> Place:
    first = environment.get("SLURM_ARRAY_TASK_MIN", "0")
    place = _place(environment, "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", first)
    last = str(int(first) + place[1] - 1)
    if environment.get("SLURM_ARRAY_TASK_MAX", last) != last:
        raise UsageError(
            f"The Slurm array of {place[1]} tasks has gaps between {first} and "
            f"{environment['SLURM_ARRAY_TASK_MAX']}: its numbers do not say which worker this is.",
            "Give the worker's number and how many there are, such as 3/16.",
            code="bad_place", given=environment["SLURM_ARRAY_TASK_ID"],
        )  # fmt: skip
    return place


def _place(environment: Mapping[str, str], id_name: str, count_name: str, first: str = "0") -> Place:
    number, count = environment[id_name], environment.get(count_name, "")
    values = [int(text) if re.fullmatch("[0-9]{1,9}", text) else -1 for text in (number, count, first)]
    if min(values) < 0 or not 0 <= values[0] - values[2] < values[1]:
        raise UsageError(
            f"{id_name}={number} and {count_name}={count} do not say which worker this is.",
            "Give the worker's number and how many there are, such as 3/16.",
            code="bad_place", given=number,
        )  # fmt: skip
    return values[0] - values[2], values[1]
