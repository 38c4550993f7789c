from __future__ import annotations

from dataclasses import astuple, replace

import pytest

from benchmarks.scale_model.points import OURS, read_points
from benchmarks.scale_model.rates import calibrated, n_compared, n_multiplications, predicted
from benchmarks.scale_model.storage import Library
from vlret.errors import UsageError

POINTS = read_points(OURS)


def test_the_sizes_of_the_calibration_come_back():
    rates = calibrated(POINTS)
    for point in POINTS:
        guess = predicted(rates, Library(point.clips))
        assert astuple(guess)[2:] == pytest.approx(astuple(point)[2:], rel=0.01)


def test_ten_million_clips():
    """By hand: 12,649 lists; 493,311 points, five times; 16 lists of 790.6 clips."""
    rates, n = calibrated(POINTS), 10_000_000
    guess = predicted(rates, Library(n))
    assert n_compared(n, 16) == pytest.approx(12_649 + 16 * n / 12_649)
    assert n_multiplications(n, 384) == 384 * ((n + 5 * 39 * 12_649) * 12_649 + 200 * n)
    assert guess.kind == "IVF12649,SQfp16"
    assert guess.faiss_s == pytest.approx(0.66e-3 * 25_298 / 7999, rel=0.001)
    assert guess.start_s == pytest.approx(0.86 + 9 * 0.16 / 0.9, rel=0.01)
    assert guess.searcher_s > 8 * predicted(rates, Library(1_000_000)).searcher_s


def test_wider_vectors_take_more():
    rates = calibrated(POINTS)
    narrow, wide = (predicted(rates, Library(1_000_000, dim=dim)) for dim in (384, 768))
    assert wide.faiss_s == pytest.approx(2 * narrow.faiss_s)
    assert wide.shard_bytes == 2 * narrow.shard_bytes
    assert wide.start_s == narrow.start_s


@pytest.mark.parametrize("nprobe", [0, 16])
def test_one_kind_of_index_is_not_enough(nprobe):
    with pytest.raises(UsageError, match="200,000"):
        calibrated([replace(point, nprobe=nprobe) for point in POINTS])
