"""The table of scored captions: a row for each file, the second compared with the first."""

from __future__ import annotations

import re

from vlret.evaluation.standalone.captions import CaptionScores, Difference, Score
from vlret.reports.captions_table import captions_table


def test_a_row_for_each_file():
    first = CaptionScores("a.csv", 2, 3, Score(10.04, 5.0, 15.0), None, (0.0, 20.0))
    second = CaptionScores(
        "b.csv", 2, 3, Score(12.0, 6.0, 18.0), Difference(1.96, -1.0, 5.0, 0.25), (4.0, 20.0)
    )
    head, *rows = captions_table([first, second]).splitlines()
    assert re.split("  +", head) == [
        "captions", "items", "references", "CIDEr", "95%", "minus first", "95%", "p",
    ]  # fmt: skip
    assert [re.split("  +", row) for row in rows] == [
        ["a.csv", "2", "3", "10.0", "5.0 to 15.0"],
        ["b.csv", "2", "3", "12.0", "6.0 to 18.0", "+2.0", "-1.0 to +5.0", "0.2500"],
    ]
