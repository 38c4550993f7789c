"""Flickr8k, Flickr30k and COCO captions in each form in which they are published."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from vlret.datasets.files import DatasetError
from vlret.datasets.registry import card, load

from .conftest import Put
from .test_retrieval_sets import pairs


def karpathy(**more: str) -> dict:
    def photograph(name: str, split: str) -> dict:
        sentences = [{"tokens": ["two"], "raw": f"Two, {i}.\n", "sentid": i} for i in range(6)]
        return {"filename": name, "split": split, "sentences": sentences, "imgid": 0, **more}

    return {"images": [photograph("a.jpg", "train"), photograph("b.jpg", "test")]}


def test_flickr8k_splits_at_the_tab_and_keeps_the_order_of_the_list(put: Put, tmp_path: Path):
    put(
        "flickr8k/Flickr8k.token.txt",
        "a.jpg#0\tOne # two .\nb.jpg.1#0\tgone\nc.jpg#0\tThree\na.jpg#1\tFour\n",
    )
    put("flickr8k/Flickr_8k.testImages.txt", "c.jpg\na.jpg\n")
    found = load("flickr8k", tmp_path)
    assert pairs(found) == [("c.jpg", "Three"), ("a.jpg", "One # two ."), ("a.jpg", "Four")]
    assert "Flicker8k_Dataset/c.jpg" in found.media[0].files


def test_flickr8k_reads_the_table_of_kaggle(put: Put, tmp_path: Path):
    put("flickr8k/captions.txt", 'image,caption\na.jpg,"One, two ."\n')
    put("flickr8k/Flickr_8k.testImages.txt", "a.jpg\n")
    assert pairs(load("flickr8k", tmp_path)) == [("a.jpg", "One, two .")]


def test_flickr8k_names_the_line_without_a_tab(put: Put, tmp_path: Path):
    put("flickr8k/Flickr8k.token.txt", "a.jpg#0\tOne\na.jpg#1 Two\n")
    put("flickr8k/Flickr_8k.testImages.txt", "a.jpg\n")
    with pytest.raises(DatasetError, match=r"token.txt, row 2: .*<tab>"):
        load("flickr8k", tmp_path)


@pytest.mark.parametrize("name", ["flickr8k", "flickr30k"])
def test_karpathys_file_is_read_for_the_test_split(put: Put, tmp_path: Path, name: str):
    put(f"{name}/dataset_{name}.json", karpathy())
    assert pairs(load(name, tmp_path)) == [("b.jpg", f"Two, {i}.") for i in range(6)]


@pytest.mark.data
def test_flickr30k_form_file_is_read_as_trimmed(annotations: Path, put: Put, tmp_path: Path):
    put(
        "flickr30k/dataset_flickr30k.form.json",
        (annotations / "flickr30k/dataset_flickr30k.form.json").read_bytes(),
    )
    found = load("flickr30k", tmp_path)
    assert found.card.choices["trimmed"].startswith("dataset_flickr30k.form.json")
    assert len(found.texts) == 5 * len(found.media)


def test_flickr30k_files_of_unequal_length_are_told(put: Put, tmp_path: Path):
    put("flickr30k/test_2016_images.txt", "a.jpg\nb.jpg\n")
    put("flickr30k/test_2016.1.en.gz", gzip.compress(b"One.\nTwo.\n"))
    assert pairs(load("flickr30k", tmp_path)) == [("a.jpg", "One."), ("b.jpg", "Two.")]
    put("flickr30k/test_2016.2.en.gz", gzip.compress(b"Only one.\n"))
    with pytest.raises(DatasetError, match="row 2"):
        load("flickr30k", tmp_path)


@pytest.mark.data
def test_what_flickr8k_and_flickr30k_share_is_counted(annotations: Path):
    """By the number that begins a photograph's name; what Flickr30k's training list has is read from SOURCE.md."""

    def numbers(file: str) -> set[str]:
        return {line.split("_")[0].removesuffix(".jpg") for line in (annotations / file).read_text().split()}

    shared = numbers("flickr8k/Flickr_8k.trainImages.txt") & numbers("flickr30k/test_2016_images.txt")
    told = "{} of these 1,000 photographs are in its training split"
    assert card("flickr30k").overlaps["Flickr8k"] == told.format(len(shared))
    source = (annotations / "flickr30k" / "SOURCE.md").read_text()
    test, dev = re.search(r"Flickr8k's test split (\d+) are .* \((\d+) of dev", source).groups()
    assert card("flickr8k").overlaps["Flickr30k"] == told.format(test)
    assert card("flickr8k", split="dev").overlaps["Flickr30k"] == told.format(dev)


def test_coco_may_be_cut_to_five_captions(put: Put, tmp_path: Path):
    put("coco_karpathy/dataset_coco.json", karpathy(filepath="val2014"))
    assert len(load("coco_karpathy", tmp_path).texts) == 6
    assert len(load("coco_karpathy", tmp_path, captions="five").texts) == 5


def test_coco_in_the_form_of_blip(put: Put, tmp_path: Path):
    row = {"image": "val2014/COCO_val2014_000000391895.jpg", "caption": ["A man. ", "A moped.\n"]}
    put("coco_karpathy/coco_karpathy_test.json", [row])
    found = load("coco_karpathy", tmp_path)
    assert found.texts == ["A man.", "A moped."]
    assert {"val2014/COCO_val2014_000000391895.jpg", "val2014/000000391895.jpg"} <= set(found.media[0].files)
