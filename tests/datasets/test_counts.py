"""Every adapter against the real annotation file: counts as they were counted from it by other means."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlret.datasets.registry import _counts, load

REAL = [
    ("msrvtt", {}, {"items": 1000, "texts": 1000}),
    ("msrvtt", {"split": "full"}, {"items": 2990, "texts": 59800}),
    ("activitynet", {}, {"items": 4917, "texts": 4917}),
    ("didemo", {}, {"items": 1004, "texts": 1004}),
    ("didemo", {"descriptions": "all"}, {"items": 1004, "texts": 1004}),
    ("msvd", {}, {"items": 670, "texts": 27763}),
    ("msvd", {"captions": "one"}, {"items": 670, "texts": 670}),
    ("youcook2", {}, {"items": 3350, "texts": 3350}),
    ("dream1k", {}, {"items": 1000, "texts": 1000}),
    ("flickr8k", {}, {"items": 1000, "texts": 5000}),
    ("flickr8k", {"split": "dev"}, {"items": 1000, "texts": 5000}),
    ("flickr30k", {}, {"items": 1000, "texts": 5000}),
    ("coco_karpathy", {}, {"items": 5000, "texts": 25010}),
    ("coco_karpathy", {"captions": "five"}, {"items": 5000, "texts": 25000}),
]


@pytest.mark.data
@pytest.mark.parametrize(("name", "choices", "expected"), REAL, ids=str)
def test_counts_of_the_real_file(annotations: Path, name: str, choices: dict, expected: dict):
    found = load(name, annotations, **choices)
    assert _counts(found) == expected
    assert "trimmed" not in found.card.choices
