"""timecode.py: SMPTE labels and the frames that they count."""

from __future__ import annotations

from itertools import islice

import pytest

from vlret.media.video.timecode import count, frame_of, label_of


def labels(base: int, drop_frame: bool):
    """All labels of a day, by the words of the standard: each minute but each tenth begins with a later label."""
    for minute in range(24 * 60):
        for second in range(60):
            for frame in range(base):
                if drop_frame and minute % 10 and second == 0 and frame < base // 15:
                    continue
                point = ";" if drop_frame else ":"
                yield f"{minute // 60:02d}:{minute % 60:02d}:{second:02d}{point}{frame:02d}"


@pytest.mark.parametrize(
    ("base", "drop_frame"), [(24, False), (25, False), (30, False), (30, True), (60, True), (120, True)]
)
def test_labels_and_frames_are_those_of_the_standard(base, drop_frame):
    for frame, label in enumerate(islice(labels(base, drop_frame), base * 60 * 23)):
        assert label_of(frame, base, drop_frame) == label
        assert frame_of(label, base) == (frame, drop_frame)


def test_a_day_of_drop_frame_labels():
    assert label_of(2_589_407, 30, True) == "23:59:59;29"
    assert label_of(2_589_408, 30, True) == "00:00:00;00"
    assert frame_of("01:00:00;00", 30) == (107_892, True)
    assert count(1, 0, 0, 0, 30, True) == 107_892


@pytest.mark.parametrize("label", ["01:00:00.02", "01:00:00,02", "1:00:00;02", " 01:00:00;02\n"])
def test_other_ways_to_write_drop_frame(label):
    assert frame_of(label, 30) == (107_894, True)


def test_there_is_no_drop_frame_of_25_or_24():
    assert frame_of("01:00:00;02", 25) == (90_002, False)
    assert frame_of("01:00:00;02", 24) == (86_402, False)


@pytest.mark.parametrize(
    "label", ["", "1:2:3", "00:60:00:00", "00:00:60:00", "00:00:00:25", "a", "-1:00:00:00"]
)
def test_what_is_no_time_code(label):
    assert frame_of(label, 25) is None
