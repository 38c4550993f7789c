"""The figure of the docs from two results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.selective.figure import PAPER, main, read_result
from vlret.evaluation.standalone.captions import Score
from vlret.evaluation.standalone.selective.headline import headlines
from vlret.evaluation.standalone.selective.methods import INTERVALS_S
from vlret.evaluation.standalone.selective.result import Point, SelectiveProtocol, SelectiveResult
from vlret.reports.selective_page import write_selective


def test_a_figure_of_written_results(tmp_path: Path) -> None:
    scores = {name: Score(20.0, 18.0, 22.0) for name in ("CIDEr", "embedding", "SODA")}
    points = tuple(
        Point("uniform", "interval_s", value, 9, 9, value, scores, scores, 0.0, 0.1) for value in INTERVALS_S
    )
    about = {"name": "mine", "videos": 2, "annotations": 9, "seconds": 100.0}
    result = SelectiveResult(
        "2026-11-30T10:00:00+00:00", SelectiveProtocol(2.0, 2.0, 3.0), {"name": "model"}, "bank", about, {}, {},
        points, headlines(points), scores,
    )  # fmt: skip
    write_selective(result, tmp_path / "result")
    assert read_result(tmp_path / "result") == result
    main(tmp_path / "result", tmp_path / "result", tmp_path / "figure.png")
    assert np.asarray(Image.open(tmp_path / "figure.png").convert("L")).std() > 10


def test_the_papers_curves_have_the_points_of_ours() -> None:
    assert all(len(values) == len(INTERVALS_S) for values in PAPER.values())
