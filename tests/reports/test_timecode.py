"""timecode.py: seconds as people read them."""

from __future__ import annotations

import pytest

from vlret.reports.timecode import span, timecode


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (5.04, "0:05"),
        (59.96, "1:00"),
        (75, "1:15"),
        (9.6, "0:09.6"),
        (3723.46, "1:02:03.5"),
        (float("nan"), "?"),
        (float("inf"), "?"),
    ],
)
def test_timecode(seconds, text):
    assert timecode(seconds) == text


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [(0, 0, ""), (0, None, ""), (10, None, "0:10-"), (10, 20, "0:10-0:20"), (0, float("nan"), "")],
)
def test_span(start, end, text):
    assert span(start, end) == text
