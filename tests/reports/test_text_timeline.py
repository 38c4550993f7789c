"""text_timeline.py: marks where the spans are."""

from __future__ import annotations

import pytest

from vlret.reports.text_timeline import text_timeline


@pytest.mark.parametrize(
    ("spans", "line"),
    [
        ([(0, 10)], "0:00 #--------- 1:40"),
        ([(20, 40), (90, 100)], "0:00 --##-----# 1:40"),
        ([(25, 26), (27, 28)], "0:00 --#------- 1:40"),
        ([(0, 100)], "0:00 ########## 1:40"),
        ([(100, 100)], "0:00 ---------# 1:40"),
        ([(5, 15)], "0:00 ##-------- 1:40"),
    ],
)
def test_spans_are_marked(spans, line):
    assert text_timeline(spans, 100.0, width=10) == line


def test_it_is_sixty_marks_wide():
    assert text_timeline([(1800, 1860)], 3600.0) == f"0:00 {'-' * 30}#{'-' * 29} 1:00:00"
