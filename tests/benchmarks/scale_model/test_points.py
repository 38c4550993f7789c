from __future__ import annotations

import json

import pytest

from benchmarks.scale_model.check import compared
from benchmarks.scale_model.points import FIGURES, OURS, Point, read_points
from benchmarks.scale_model.sizes import shown, shown_s, size_of
from tests.evaluation.standalone.scale.figures import result
from vlret.errors import UsageError


def test_a_result_of_bench_scale(tmp_path):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result(300_000, 2000).to_json()))
    small, large = read_points(path)
    assert (small.clips, large.clips) == (2000, 300_000)
    assert small == Point(
        2000, "IVF4000,SQfp16", 8, 715.0, 820.0, 1.5, 300_000_000, 0.002, 300_000_000, 0.002, 0.002, 0.002
    )


@pytest.mark.parametrize("text", ["", "{}", '{"points": [{"clips": 1}]}', '{"sizes": [{}]}'])
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        read_points(path)
    assert error.value.code == "no_scale_result"


def test_relative_errors():
    point = read_points(OURS)[0]
    rows = {name: error for name, _, _, error in compared(point, point)}
    assert set(rows) == set(FIGURES)
    assert set(rows.values()) == {"+0.0%"}


@pytest.mark.parametrize(("word", "size"), [("1k", 1000), ("1.5M", 1_500_000), ("24G", 24 * 10**9), ("7", 7)])
def test_numbers(word, size):
    assert size_of(word) == size


@pytest.mark.parametrize("word", ["", "k", "1T", "-1", "0", "1e6"])
def test_numbers_that_are_none(word):
    with pytest.raises(UsageError):
        size_of(word)


def test_units():
    assert [shown(n) for n in (7, 48_400, 831e6, 77.7e9, 1.2e12)] == [
        "7 B",
        "48.4 kB",
        "831 MB",
        "77.7 GB",
        "1.2 TB",
    ]
    assert [shown_s(s) for s in (0.00066, 0.868, 90, 117.5, 7200, 132 * 86400)] == [
        "0.66 ms", "0.868 s", "90 s", "118 s", "2 h", "132 d",
    ]  # fmt: skip
