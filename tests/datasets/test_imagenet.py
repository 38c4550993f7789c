"""ImageNet: names, templates, and photographs listed or in folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlret.datasets.files import DatasetError
from vlret.datasets.registry import load

from .conftest import Put
from .test_classification_sets import labelled


@pytest.fixture
def names(put: Put) -> None:
    put("imagenet/openai_imagenet_classes.json", ["tench", "missile", "missile"])
    put("imagenet/imagenet_synsets.txt", "n01440764\nn03773504\nn04008634\n")
    put("imagenet/openai_imagenet_templates.json", ["a bad photo of a {}.", "a photo of many {}."])


@pytest.mark.usefixtures("names")
def test_listed_photographs(put: Put, tmp_path: Path):
    table = "ImageId,PredictionString\nILSVRC2012_val_00048981,n04008634 85 1 499 272 n04008634 1 2 3 4 \n"
    put("imagenet/LOC_val_solution.csv", table)
    found = load("imagenet", tmp_path)
    assert found.labels == [(2,)]  # one of the two missiles
    assert "val/n04008634/ILSVRC2012_val_00048981.JPEG" in found.media[0].files
    assert found.card.prompts == ("a bad photo of a {}.", "a photo of many {}.")
    assert load("imagenet", tmp_path, prompts="one").card.prompts == ("a photo of a {}.",)


@pytest.mark.usefixtures("names")
def test_photographs_in_folders(put: Put, tmp_path: Path):
    put("imagenet/val/n01440764/ILSVRC2012_val_00000293.JPEG", b"")
    assert labelled(load("imagenet", tmp_path)) == [("ILSVRC2012_val_00000293", "tench")]


@pytest.mark.usefixtures("names")
def test_a_template_needs_one_place(put: Put, tmp_path: Path):
    put("imagenet/val/n01440764/a.JPEG", b"")
    put("imagenet/openai_imagenet_templates.json", ["a photo of a {}.", "a photo"])
    with pytest.raises(
        DatasetError, match=r"templates.json, row 2: the template 'a photo' needs exactly one place"
    ):
        load("imagenet", tmp_path)


@pytest.mark.data
def test_real_names_and_templates(annotations: Path, put: Put, tmp_path: Path):
    for name in ("openai_imagenet_classes.json", "imagenet_synsets.txt", "openai_imagenet_templates.json"):
        put(f"imagenet/{name}", (annotations / "imagenet" / name).read_bytes())
    put("imagenet/LOC_val_solution.csv", "ImageId,PredictionString\nILSVRC2012_val_1,n01440764 1 2 3 4\n")
    found = load("imagenet", tmp_path)
    assert (len(found.classes), len(set(found.classes)), len(found.card.prompts)) == (1000, 998, 80)


@pytest.mark.data
def test_classes_are_counted_while_the_list_of_photographs_is_missing(real_overview: dict[str, dict]):
    row = real_overview["imagenet"]
    assert row["classes"] == 1000
    assert row["missing"] == ["LOC_val_solution.csv or val/*/*.JPEG"]
    assert not row["annotations_found"]
