"""Overlaps of training data with a set, in whatever spelling, and in words."""

from __future__ import annotations

from tests.evaluation.sets import retrieval_set
from vlret.evaluation.results.contamination import contamination, overlap_note


def test_contamination_is_told_whatever_the_spelling():
    made = retrieval_set(overlaps={"HowTo100M": ""})
    assert contamination(["howto-100m", "LAION", "Painted_Retrieval"], made.card) == [
        "howto-100m",
        "Painted_Retrieval",
    ]


def test_what_is_shared_is_told_whatever_the_spelling():
    overlaps = {"HowTo100M": "3 of 4 videos", "COCO": ""}
    assert overlap_note(["howto-100m"], overlaps) == (
        "trained on howto-100m (3 of 4 videos), which overlaps with this dataset"
    )
    assert (
        overlap_note(["COCO", "painted"], overlaps)
        == "trained on COCO, painted, which overlap with this dataset"
    )
