from __future__ import annotations

import sys

import numpy as np
import pytest

from benchmarks.speed import sources
from benchmarks.speed.__main__ import memory_table, ratio, speed_table
from benchmarks.speed.measure import Usage, measured, memory_of
from benchmarks.speed.parts import Settings
from vlret.errors import VlretError

ROUND = {
    "decode": Usage(10, 12, 0.1, 0.2), "model": Usage(8, 16, 1.0, 0.5), "index": Usage(15.4, 30, 1.1, 0.2),
}  # fmt: skip
SLOW = {**ROUND, "index": Usage(28, 30, 1.1, 0.2)}


def test_a_run_is_compared_with_the_least_that_it_can_take():
    assert ratio(ROUND, cores=2) == pytest.approx(15.4 / 14)  # all CPU seconds on two cores
    assert ratio(ROUND, cores=8) == pytest.approx(1.54)  # decoding


def test_the_table_has_medians():
    lines = speed_table([ROUND, SLOW, ROUND]).splitlines()
    assert lines[2:5] == [
        "| decode | 10.0 | 12.0 | 6.0 | 60 | 0.30 |",
        "| model | 8.0 | 16.0 | 7.5 | 75 | 1.00 |",
        "| index | 15.4 | 30.0 | 3.9 | 39 | 1.30 |",
    ]
    assert len(lines) == 6


def test_memory_by_tenths():
    readings = np.array([(0.5, 100, 10), (9.0, 300, 20), (9.5, 200, 30), (10.0, 100, 0)])
    assert memory_table(readings, 50).splitlines() == [
        "50 images in 10 s, 5 images/s, peak 320 MB",
        "| part of the run | index MB | decoder MB |", "|---|---|---|",
        "| 0.0 to 0.1 | 100 | 10 |",
        "| 0.9 to 1.0 | 300 | 30 |",
    ]  # fmt: skip


def test_images_are_of_many_sizes_and_made_once(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "FOLDER", tmp_path)
    folder = sources.images(5)
    assert len(list(folder.glob("*.jpg"))) == 5
    (folder / "00000.jpg").unlink()
    assert sources.images(5) == folder
    assert len(list(folder.glob("*.jpg"))) == 4


def test_a_part_is_measured_in_a_process_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "FOLDER", tmp_path)
    usage = measured("decode", Settings(sources.images(2) / "00000.jpg", "auto", "auto"))
    assert usage.cpu_s > 0
    # peak_gb begins at that of the process that starts it, which may be a large one
    assert 0 < usage.child_gb < 1


def test_a_part_that_fails_is_named(capfd):
    with pytest.raises(VlretError, match="failed"):
        measured("index", Settings(sources.FOLDER / "none", "auto", "auto"))
    assert "none" in capfd.readouterr().err
    with pytest.raises(VlretError, match="failed"):
        memory_of([sys.executable, "-c", "raise SystemExit(3)"])
