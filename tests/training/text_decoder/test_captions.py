from __future__ import annotations

import gzip
import json
from dataclasses import replace

import numpy as np
import pytest

from tests.refusal import refused
from vlret.training.text_decoder.captions import clean, dev_items, grouped, training_captions


def test_captions_of_one_image_stay_together(recipe):
    captions = training_captions(recipe.data)
    assert len(captions.items) == 9
    assert len(captions.groups) == 11
    for item, group in zip(captions.items, captions.groups, strict=False):
        assert [captions.texts[row] for row in group] == [clean(text) for text in item.captions]
    assert [captions.texts[row] for row in captions.groups[9]] == ["a red bird", "a bird, red"]
    assert captions.of_items.groups == captions.groups[:9]


def test_a_caption_of_two_images_is_kept_once():
    captions = grouped([["A dog.", "a dog", "x " * 31], ["a dog", "two"]], [])
    assert captions.texts == ["a dog", "two"]
    assert captions.originals == ["A dog.", "two"]
    assert [group.tolist() for group in captions.groups] == [[0], [0, 1]]
    assert captions.pairs.tolist() == [[0, 0], [1, 0], [1, 1]]


def test_no_test_image_is_read(recipe):
    file = recipe.data.folder / "photos" / "colours" / "captions.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("\n".join(json.dumps(row | {"split": "test"}) for row in rows))
    assert training_captions(recipe.data).items == []
    with refused("no_dev_split"):
        dev_items(recipe.data)


def test_sentences_may_be_compressed(recipe):
    text = (recipe.data.folder / "more.jsonl").read_text()
    (recipe.data.folder / "more.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    data = replace(recipe.data, sentences=("more.jsonl.gz",))
    assert training_captions(data).texts == training_captions(recipe.data).texts


@pytest.mark.parametrize("line", ["{", "{}", '{"captions": 3}', "[]"])
def test_a_line_without_captions_is_named(recipe, line):
    (recipe.data.folder / "more.jsonl").write_text(line)
    with refused("invalid_row") as caught:
        training_captions(recipe.data)
    assert caught.value.fields["row"] == 1


def test_a_file_that_does_not_exist_is_named(recipe):
    with refused("file_missing"):
        training_captions(replace(recipe.data, sentences=("none.jsonl",)))


def test_pairs_of_nothing_have_two_columns():
    assert grouped([], []).pairs.shape == (0, 2)
    assert grouped([], []).pairs.dtype == np.int64
