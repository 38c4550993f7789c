"""Tables of the rows of one contestant and of several."""

from __future__ import annotations

import numpy as np

from benchmarks.mini.rows import row, side_by_side, table

HITS = {"R@1": np.array([1.0, 0.0, 0.0, 0.0]), "R@5": np.ones(4)}
CHANCE = {"R@1": np.full(4, 0.1), "R@5": np.full(4, 0.5)}


def test_value_interval_and_chance() -> None:
    lines = table([row("photos", HITS, None, 10, CHANCE)]).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| photos | 4 | 10 | R@1 | 25.0 | 0.0 to ")
    assert lines[2].endswith("| 10.0 |")
    assert lines[3] == "| photos | 4 | 10 | R@5 | 100.0 | 100.0 to 100.0 | 50.0 |"


def test_without_chance_one_of_the_pool_is_right() -> None:
    assert row("questions", {"accuracy": np.ones(4)}, None, 2)["figures"]["accuracy"]["chance"] == 50


def test_what_one_was_not_asked_stays_empty() -> None:
    both, only = row("photos", HITS, None, 10), row("questions", {"accuracy": np.ones(4)}, None, 2)
    lines = side_by_side({"model": [both, only], "baseline": [both]}).splitlines()
    assert lines[0] == "| test | figure | model | baseline |"
    assert lines[3] == "| photos | R@5 | 100.0 (100.0 to 100.0) | 100.0 (100.0 to 100.0) |"
    assert lines[4] == "| questions | accuracy | 100.0 (100.0 to 100.0) |  |"
