from __future__ import annotations

import math

import pytest

from tests.refusal import refused
from vlret.segmentation.event_settings import EventSettings


@pytest.mark.parametrize(
    "given",
    [
        {"delay_s": 0.0},
        {"delay_s": math.nan},
        {"delay_s": "3"},
        {"delay_s": 2.0, "min_dwell_s": 2.5},
        {"delay_s": 3.0, "max_silence_s": 3.0},
        {"average_s": 0.0},
        {"deviations": -1.0},
        {"least_error": math.inf},
        {"least_error": None},
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, object]):
    with refused("invalid_event_settings"):
        EventSettings(**given)


@pytest.mark.parametrize("name", ["memory", "described"])
def test_counts_are_positive_integers(name: str):
    with refused("not_a_count"):
        EventSettings(**{name: 0})


def test_without_reuse():
    assert EventSettings(reuse_cosine=None).reuse_cosine is None
