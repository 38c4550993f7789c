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
    for point in rates.exact, rates.lists:
        guess = predicted(rates, Library(point.clips))
        assert astuple(guess)[2:] == pytest.approx(astuple(point)[2:], rel=0.01)


def test_a_hundred_million_clips():
    """By hand: 40,000 lists; 1,560,000 points, five times; 32 lists of 2,500 clips."""
    rates, n = calibrated(POINTS), 100_000_000
    guess = predicted(rates, Library(n))
    assert n_compared(n, 32) == 40_000 + 32 * 2500
    assert n_multiplications(n, 384) == 384 * ((n + 5 * 39 * 40_000) * 40_000 + 200 * n)
    assert guess.kind == "IVF40000,SQfp16"
    assert predicted(rates, Library(n), 64).faiss_s == pytest.approx(guess.faiss_s * 200 / 120)
    assert guess.faiss_s == pytest.approx(3.23e-3 * 120_000 / (12_649 + 32 * 790.6), rel=0.001)
    assert guess.start_s == pytest.approx(1.79 + 90 * 1.09 / 9.9, rel=0.01)
    assert guess.searcher_s > 8 * rates.lists.searcher_s


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
