"""Each method over a video whose three events are known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.standalone.selective.made import block_video
from vlret.evaluation.standalone.selective.methods import (
    DELAY_S,
    INTERVALS_S,
    METHODS,
    frame_difference,
    online,
    online_reuse,
    optimum,
    random_times,
    selective,
    selective_at_shots,
    selective_pooled,
    shot_cuts,
    uniform,
    uniform_pooled,
)
from vlret.evaluation.standalone.selective.video import WindowedVideo
from vlret.vectors import unit_rows

VIDEO = block_video()
EVENTS_S = [0.0, 4.0, 14.0]
TO_THREE_S = VIDEO.duration_s / 3
"""The interval that gives three decodes."""


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_sentences_cover_the_video_in_order(method):
    for value in method.values:
        said = method.describe(VIDEO, value)
        assert said.starts_s[0] == 0
        assert said.ends_s[-1] == VIDEO.duration_s
        assert np.array_equal(said.starts_s[1:], said.ends_s[:-1])
        assert (said.starts_s < said.ends_s).all()
        assert (said.starts_s <= said.times_s).all()
        assert (said.times_s <= said.ends_s).all()
        assert np.linalg.norm(said.vectors, axis=1) == pytest.approx(1, abs=1e-5)
        assert (said.source <= np.arange(len(said.source))).all()


@pytest.mark.parametrize("method", [m for m in METHODS if m.setting == "interval_s"], ids=lambda m: m.name)
def test_decodes_of_an_interval(method):
    expected = [min(40, max(1, round(20 / interval_s))) for interval_s in INTERVALS_S]
    assert [method.describe(VIDEO, value).decodes for value in method.values] == expected


@pytest.mark.parametrize("method", [selective, optimum, frame_difference])
def test_events_are_found(method):
    said = method(VIDEO, TO_THREE_S)
    assert said.starts_s.tolist() == EVENTS_S
    assert np.array_equal(said.vectors, VIDEO.vectors[[3, 17, 33]])
    assert said.times_s.tolist() == [1.75, 8.75, 16.75]


def test_pooled_vectors_are_means_of_segments():
    said = selective_pooled(VIDEO, TO_THREE_S)
    assert said.vectors[1] == pytest.approx(unit_rows(VIDEO.vectors[8:28].mean(0)[None])[0], abs=1e-6)
    said = uniform_pooled(VIDEO, 5.0)
    assert said.vectors[3] == pytest.approx(unit_rows(VIDEO.vectors[30:].mean(0)[None])[0], abs=1e-6)


def test_uniform_takes_the_middles():
    said = uniform(VIDEO, 5.0)
    assert said.starts_s.tolist() == [0.0, 5.0, 10.0, 15.0]
    assert np.array_equal(said.vectors, VIDEO.vectors[[4, 14, 24, 34]])


def test_random_times_stand_for_what_is_nearest():
    said = random_times(VIDEO, 2.0)
    assert len(set(said.times_s)) == 10
    assert said.starts_s[1:] == pytest.approx((said.times_s[:-1] + said.times_s[1:]) / 2)
    assert np.array_equal(said.times_s, random_times(VIDEO, 2.0).times_s)


def test_shots():
    assert shot_cuts(VIDEO, 27.0).starts_s.tolist() == EVENTS_S
    assert selective_at_shots(VIDEO, 27.0).decodes == 3


def test_a_shot_between_two_windows_is_no_segment():
    shots_s = np.array([0.0, 4.0, 4.1, 4.2, 19.9])
    video = WindowedVideo(
        VIDEO.starts_s, VIDEO.ends_s, VIDEO.vectors, VIDEO.duration_s, VIDEO.changes, shots_s
    )
    assert shot_cuts(video, 27.0).starts_s.tolist() == [0.0, 4.0, 19.5]


def test_online_events_and_their_delay():
    said = online(VIDEO, 0.1)
    assert said.starts_s == pytest.approx([0.0, 4.25, 14.25])  # by the middles of windows
    assert said.decodes == 3
    assert said.delays_s is not None
    assert 0 < said.delays_s.max() <= DELAY_S
    assert (said.vectors @ VIDEO.vectors[[3, 17, 33]].T).argmax(1).tolist() == [0, 1, 2]


def test_reuse_of_an_earlier_text():
    again = np.concatenate([np.arange(20), np.arange(8)])  # the first block comes back
    n = len(again)
    times_s = np.arange(n) / 2
    video = WindowedVideo(times_s, times_s + 0.5, VIDEO.vectors[again], n / 2, np.zeros(n), np.zeros(1))
    said = online_reuse(video, 0.1)
    assert said.source.tolist() == [0, 1, 0]
    assert said.decodes == 2
    assert online(video, 0.1).decodes == 3
