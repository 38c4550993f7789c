"""Triples for a text encoder alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlret.datasets.base import Triple
from vlret.datasets.files import DatasetError
from vlret.datasets.registry import load

from .conftest import Put

PARTS = ("replace_att", "replace_obj", "replace_rel", "swap_att", "swap_obj")


def test_sugarcrepe_pp_is_a_list_of_rows(put: Put, tmp_path: Path):
    for part in PARTS:
        put(
            f"sugarcrepe_pp/{part}.json",
            [{"id": 0, "filename": "1.jpg", "caption": "a", "caption2": "b", "negative_caption": "c"}],
        )
    found = load("sugarcrepe_pp", tmp_path)
    assert found.triples == [Triple("a", "b", "c", part) for part in PARTS]


GENERIC = (
    'filename\tcaption\tsecond positive\tnegative_caption\n1.jpg\tA "stop sign.\tA sign.\tNo "sign" here.\n'
)
SPATIAL = (
    "image\tsent1\tsent2\tBest reference (Semantically close)\tReference-2 (Completely irrelevant)\n"
    "1.jpg\tThe bag holds the cat.\tThe cat is in the bag.\tThe cat is outside.\tThe oven has pizza\n"
)


def test_visla_takes_the_close_reference_and_leaves_quotation_marks_alone(put: Put, tmp_path: Path):
    put("visla/Generic_VISLA.tsv", GENERIC)
    put("visla/Spatial_VISLA.tsv", SPATIAL)
    assert load("visla", tmp_path).triples == [
        Triple('A "stop sign.', "A sign.", 'No "sign" here.', "generic"),
        Triple("The bag holds the cat.", "The cat is in the bag.", "The cat is outside.", "spatial"),
    ]


def test_visla_names_the_columns_it_needs(put: Put, tmp_path: Path):
    put("visla/Generic_VISLA.tsv", SPATIAL)
    put("visla/Spatial_VISLA.tsv", SPATIAL)
    with pytest.raises(
        DatasetError, match=r"Generic_VISLA.tsv has the columns .* It needs caption, second positive"
    ):
        load("visla", tmp_path)


@pytest.mark.data
def test_groups_of_the_real_files(annotations: Path):
    groups = [triple.group for triple in load("sugarcrepe_pp", annotations).triples]
    assert [groups.count(part) for part in PARTS] == [788, 1652, 1406, 666, 245]
    groups = [triple.group for triple in load("visla", annotations).triples]
    assert [groups.count(part) for part in ("generic", "spatial")] == [973, 652]
