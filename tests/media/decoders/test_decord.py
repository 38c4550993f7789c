from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.media.make import number_of
from tests.refusal import refused
from vlret.media.decode import decode

Odd = Callable[[str], Path]


def test_it_gives_its_own_frames(odd: Odd):
    pytest.importorskip("decord")
    frames = decode(odd("constant.mp4"), [3.25, 0.0], decoder="decord", size=(64, 48))
    assert frames.pixels.shape == (2, 48, 64, 3)
    assert [number_of(p) for p in frames.pixels] == [32, 0]
    np.testing.assert_allclose(frames.times, [3.2, 0.0], atol=1e-3)


def test_what_it_cannot_decode_is_refused(odd: Odd):
    pytest.importorskip("decord")
    with refused("decoder_failed"):
        decode(odd("av1.mp4"), [0.0], decoder="decord")


def test_what_pyav_refuses_is_not_given_to_it(odd: Odd):
    """A playlist names other files, which decord would open."""
    pytest.importorskip("decord")
    with refused("playlist"):
        decode(odd("concat.mkv"), [0.0], decoder="decord")


def test_it_is_reported_missing(odd: Odd, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "decord", None)
    with refused("missing_package"):
        decode(odd("constant.mp4"), [0.0], decoder="decord")
