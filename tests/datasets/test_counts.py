"""Every adapter against the real annotation file: counts as they were counted from it by other means.

A copy may be whole, hold a part, or lack a dataset: whole ones have the counts, parts are checked as far as they go.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from vlret.datasets.base import BenchmarkSet
from vlret.datasets.files import DatasetError
from vlret.datasets.registry import load

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
    ("ssv2", {}, {"items": 24777, "classes": 174}),
    ("ek100", {}, {"items": 9668, "classes": 1352}),
    ("ek100", {"target": "verb"}, {"items": 9668, "classes": 97}),
    ("ek100", {"target": "noun"}, {"items": 9668, "classes": 300}),
    ("ek100_anticipation", {}, {"items": 9640, "classes": 1352}),
    ("ek100_anticipation", {"tau": "10", "target": "verb"}, {"items": 9218, "classes": 97}),
    ("kinetics400", {}, {"items": 19906, "classes": 400}),
    ("ucf101", {"split": "1"}, {"items": 3783, "classes": 101}),
    ("ucf101", {"split": "2"}, {"items": 3734, "classes": 101}),
    ("ucf101", {"split": "3"}, {"items": 3696, "classes": 101}),
    ("hmdb51", {"split": "1"}, {"items": 1530, "classes": 51}),
    ("hmdb51", {"split": "2"}, {"items": 1530, "classes": 51}),
    ("hmdb51", {"split": "3"}, {"items": 1530, "classes": 51}),
    ("pope", {}, {"items": 500, "questions": 9000}),
    ("repope", {}, {"items": 500, "questions": 8185}),
    ("vitatecs", {"aspect": "Compositionality"}, {"items": 1110, "questions": 1450}),
    ("vitatecs", {"aspect": "Direction"}, {"items": 2646, "questions": 3800}),
    ("vitatecs", {"aspect": "Intensity"}, {"items": 692, "questions": 779}),
    ("vitatecs", {"aspect": "Localization"}, {"items": 915, "questions": 1053}),
    ("vitatecs", {"aspect": "Sequence"}, {"items": 150, "questions": 151}),
    ("sugarcrepe", {}, {"items": 1560, "questions": 7511}),
    ("sugarcrepe_pp", {}, {"items": 4757, "texts": 14271, "questions": 4757}),
    ("visla", {"incomplete": "left_out"}, {"items": 1613, "texts": 4839, "questions": 1613}),
    ("visla", {}, {"items": 1625, "texts": 4875, "questions": 1625}),
]


AT_MOST = [
    # tasks, steps and videos of COIN's paper and its list of splits; of CrossTask's README
    ("coin", {}, {"classes": 778}),
    ("coin", {"steps": "label"}, {"classes": 749}),
    ("coin", {"target": "task"}, {"items": 2797, "classes": 180}),
    ("crosstask", {"target": "task"}, {"items": 2750, "classes": 18}),
    ("crosstask", {}, {"classes": 133}),
    ("crosstask", {"steps": "name"}, {"classes": 105}),
]
"""What the owner publishes of datasets of which a copy may hold a part only: items of the videos that it has."""


@pytest.mark.data
@pytest.mark.parametrize(("name", "choices", "expected"), REAL, ids=str)
def test_counts_of_the_real_file(annotations: Path, name: str, choices: dict, expected: dict):
    found = load_or_skip(name, annotations, choices)
    if "trimmed" in found.card.choices:
        pytest.skip(f"only a part is here: {found.card.choices['trimmed']}")
    assert found.counts() == expected


@pytest.mark.data
@pytest.mark.parametrize(("name", "choices", "expected"), AT_MOST, ids=str)
def test_a_part_has_all_classes_and_no_more_than_the_owner_publishes(
    annotations: Path, name: str, choices: dict, expected: dict
):
    found = load_or_skip(name, annotations, choices).counts()
    assert found["classes"] == expected["classes"]
    assert 0 < found["items"] <= expected.get("items", found["items"])


def load_or_skip(name: str, annotations: Path, choices: dict) -> BenchmarkSet:
    try:
        return load(name, annotations, **choices)
    except DatasetError as error:
        if error.code != "annotations_missing":
            raise
        pytest.skip(str(error))


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vdc1k", {"items": 1027}),
        ("gqa", {"items": 398, "questions": 12578}),
        ("imagenet", {"classes": 1000}),
    ],
    ids=str,
)
def test_counts_that_need_no_whole_copy(real_overview: dict, name: str, expected: dict):
    assert {key: real_overview[name][key] for key in expected} == expected
