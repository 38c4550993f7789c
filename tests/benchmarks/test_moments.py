"""benchmarks/moments.py: errors of known spans."""

from __future__ import annotations

import pytest

from benchmarks.moments import Found, iou, table


def test_iou_is_the_share_of_what_both_cover():
    assert iou((0, 10), (5, 15)) == pytest.approx(1 / 3)
    assert iou((0, 10), (0, 10)) == 1
    assert iou((0, 10), (20, 30)) == 0


def test_borders_are_compared_where_the_hit_is_right():
    found = [
        Found((4.0, 12.0), (0.0, 10.0), ((5.0, 12.0),), "a"),
        Found((14.0, 16.0), (10.0, 20.0), ((14.0, 17.0),), "b"),
        Found((50.0, 60.0), (0.0, 10.0), ((0.0, 9.0),), "b"),
    ]
    heading, clips, moments, note = table(found, [0.6])
    assert heading[1:4] == ["start, s", "end, s", "border, s"]
    assert [cell.split(" ")[0] for cell in clips[1:]] == ["4.00", "3.00", "3.50", "0.35", "33", "0"]
    assert [cell.split(" ")[0] for cell in moments[1:]] == ["0.50", "0.50", "0.50", "0.77", "67", "33"]
    assert note[0] == "2 of 3 hits are right"
