"""Tables of the rows of one model and of several."""

from __future__ import annotations

import numpy as np

from benchmarks.mini.rows import row, rows_of, side_by_side, table
from tests.conftest import ColourEmbedder
from tests.evaluation.sets import classification_set, paint, retrieval_set
from vlret.evaluation.protocol.protocol import protocol_for
from vlret.evaluation.runner import run

HITS = {"R@1": np.array([1.0, 0.0, 0.0, 0.0]), "R@5": np.ones(4)}


def test_value_interval_and_chance() -> None:
    lines = table([row("photos", HITS, None, 10)]).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| photos | 4 | 10 | R@1 | 25.0 | 0.0 to ")
    assert lines[2].endswith("| 10.0 |")
    assert lines[3] == "| photos | 4 | 10 | R@5 | 100.0 | 100.0 to 100.0 | 10.0 |"


def test_a_row_that_one_model_does_not_have_is_an_empty_cell() -> None:
    both, only = row("photos", HITS, None, 10), row("questions", {"accuracy": np.ones(4)}, None, 2)
    lines = side_by_side({"model": [both, only], "baseline": [both]}).splitlines()
    assert lines[0] == "| test | figure | model | baseline |"
    assert lines[3] == "| photos | R@5 | 100.0 (100.0 to 100.0) | 100.0 (100.0 to 100.0) |"
    assert lines[4] == "| questions | accuracy | 100.0 (100.0 to 100.0) |  |"


def test_a_result_gives_a_row_for_each_section_of_the_table(tmp_path) -> None:
    data = paint(tmp_path)
    found = []
    for dataset in (retrieval_set(), classification_set()):
        result = run(dataset, data, [ColourEmbedder()], protocol_for(dataset.card), cache=tmp_path / "cache")
        found += rows_of("painted", result, result.models[0])
        section = result.models[0].main
    assert [one.name for one in found] == [
        "painted, text to clip", "painted, clip to text", f"painted, {found[2].pool} classes",
    ]  # fmt: skip
    assert [list(one.figures) for one in found] == [["R@1", "R@5", "R@10"]] * 2 + [["top-1"]]
    assert found[2].figures["top-1"] == section.figures["top-1"]
