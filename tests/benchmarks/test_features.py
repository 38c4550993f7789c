"""Visual tokens of splits: what is read, in which order, and that the cache is used."""

from __future__ import annotations

import io
import json
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.features import read_tokens


def photograph(value):
    file = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), value, np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def data(tmp_path):
    """photos/tiny with three photographs of three splits; the n-th is grey of 10 n."""
    folder = tmp_path / "photos/tiny"
    folder.mkdir(parents=True)
    splits = ("train", "test", "extra")
    with tarfile.open(folder / "tiny.tar", "w") as shard:
        for n in range(3):
            member = tarfile.TarInfo(f"{n}.png")
            member.size = len(photograph(10 * n))
            shard.addfile(member, io.BytesIO(photograph(10 * n)))
    rows = [
        {"image": f"{n}.png", "captions": [f"{n}"], "split": splits[n], "shard": "tiny.tar"} for n in range(3)
    ]
    (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path


def encode(views):
    """The mean of a view in each of four places of width 2."""
    return torch.stack([torch.full((4, 2), float(view.mean())) for view in views])


def test_a_split_has_its_items_in_order_and_extra_belongs_to_train(data, tmp_path):
    for split, greys in {"train": [0, 20], "test": [10]}.items():
        read = read_tokens("photos/tiny", split, data, tmp_path / "out", lambda: encode)
        assert [item.name for item in read.items] == [f"{grey // 10}.png" for grey in greys]
        assert read.tokens.shape == (len(greys), 1, 4, 2)
        assert read.tokens[:, 0, 0, 0].tolist() == greys


def test_tokens_are_computed_once(data, tmp_path):
    first = read_tokens("photos/tiny", "train", data, tmp_path / "out", lambda: encode)
    again = read_tokens(
        "photos/tiny", "train", data, tmp_path / "out", lambda: lambda views: encode(views) + 1
    )
    assert np.array_equal(first.tokens, again.tokens)


def test_a_set_that_has_changed_is_computed_again(data, tmp_path):
    read_tokens("photos/tiny", "train", data, tmp_path / "out", lambda: encode)
    records = data / "photos/tiny/captions.jsonl"
    records.write_text(records.read_text().replace('"extra"', '"dev"').replace('"test"', '"train"'))
    read = read_tokens("photos/tiny", "train", data, tmp_path / "out", lambda: encode)
    assert read.tokens[:, 0, 0, 0].tolist() == [0, 10]
