"""inputs.py: which clips and texts every embedder takes, and how the others are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from vlret.errors import UsageError
from vlret.models.inputs import clip_list, text_list
from vlret.types import Clip, Frames

FRAMES = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
FLOATS = FRAMES / np.float32(255)
NAN = np.full((2, 4, 5, 3), np.nan, np.float32)


def test_what_is_a_clip_is_taken():
    shown = Frames(FRAMES, np.arange(2.0))
    given = ["a.mp4", Path("b.mp4"), Clip(Path("c.mp4"), 1.0, 2.0), shown, FRAMES, FRAMES[0]]
    taken = clip_list(given)
    assert taken[:3] == [Path("a.mp4"), Path("b.mp4"), Clip(Path("c.mp4"), 1.0, 2.0)]
    assert [clip.tolist() for clip in taken[3:]] == [
        FRAMES.tolist(),
        FRAMES.tolist(),
        FRAMES[:1].tolist(),
    ]


@pytest.mark.parametrize("kind", [list, tuple, iter, np.array, pd.Series])
def test_clips_come_in_any_ordered_iterable(kind):
    assert clip_list(kind(["a.mp4", "b.mp4"])) == [Path("a.mp4"), Path("b.mp4")]


def test_an_array_of_five_dimensions_is_a_list_of_clips():
    assert [clip.tolist() for clip in clip_list(np.stack([FRAMES, FRAMES + 1]))] == [
        FRAMES.tolist(),
        (FRAMES + 1).tolist(),
    ]


@pytest.mark.parametrize(
    ("clip", "told"),
    [
        (FLOATS, r"float32 \[2, 4, 5, 3\]. Give uint8"),
        (NAN, r"float32 \[2, 4, 5, 3\]. Give uint8"),
        (FRAMES.astype(np.float16), "float16"),
        (FRAMES.astype(np.int64), "int64"),
        (FRAMES.astype(np.uint16), "uint16"),
        (FRAMES > 9, "bool"),
        (FRAMES.transpose(0, 3, 1, 2), r"uint8 \[2, 3, 4, 5\]. Give uint8 \[n, height, width, 3\]"),
        (FRAMES[0].transpose(2, 0, 1), r"uint8 \[3, 4, 5\]"),
        (FRAMES[..., :1], r"uint8 \[2, 4, 5, 1\]"),
        (np.zeros((2, 4, 5, 4), np.uint8), r"uint8 \[2, 4, 5, 4\]"),
        (FRAMES[0, :, :, 0], r"uint8 \[4, 5\]"),
        (FRAMES[:0], "holds no pixels"),
        (FRAMES[:, :0], "holds no pixels"),
        (np.array(None), "object"),
        (list(FRAMES), r"as list. Give numpy.stack\(frames\)"),
        (torch.from_numpy(FRAMES), r"torch.Tensor. Give tensor.cpu\(\).numpy\(\)"),
        (torch.zeros(3, 4, 5), "torch.Tensor"),
        (Image.new("RGB", (4, 5)), r"PIL.Image.Image. Give its path, or numpy.asarray"),
        (b"a.mp4", "bytes"),
        (None, "NoneType"),
        (3, "int"),
    ],
)
def test_other_clips_are_refused_with_what_was_given(clip, told):
    with pytest.raises(UsageError, match=f"Clip 2 of 2 .*{told}"):
        clip_list([FRAMES, clip])


@pytest.mark.parametrize(
    "clips",
    ["a.mp4", Path("a.mp4"), Clip(Path("a.mp4")), Frames(FRAMES, np.zeros(2)), FRAMES, FRAMES[0], b"a.mp4",
     {"a.mp4": 1}, {"a.mp4"}, None, 3, np.array(3), pd.DataFrame({"path": ["a.mp4"]})],
    ids=str,
)  # fmt: skip
def test_one_clip_in_place_of_a_list_is_refused(clips):
    with pytest.raises(UsageError, match=r"Clips were given as .*Give a list of clips"):
        clip_list(clips)


@pytest.mark.parametrize("kind", [list, tuple, iter, np.array, pd.Series, lambda texts: (t for t in texts)])
def test_texts_come_in_any_ordered_iterable(kind):
    texts = text_list(kind(["a dog", "a cat"]))
    assert texts == ["a dog", "a cat"]
    assert {type(text) for text in texts} == {str}


def test_a_series_is_read_in_its_order_whatever_its_index():
    assert text_list(pd.Series(["a", "b"], index=[7, 0])) == ["a", "b"]


@pytest.mark.parametrize(
    "texts", ["a dog", b"a dog", None, 5, {"a": 1}, {"a"}, np.array("a"), pd.DataFrame({"a": ["b"]})], ids=str
)
def test_what_is_no_list_of_texts_is_refused(texts):
    with pytest.raises(UsageError, match=r"Texts were given as .*Give a list of texts"):
        text_list(texts)


@pytest.mark.parametrize(
    "item", [None, 5, float("nan"), b"a", Path("a"), ["a"], np.array(["a"]), "not \udcff Unicode"], ids=ascii
)
def test_an_item_that_is_no_text_is_refused_by_its_position(item):
    with pytest.raises(UsageError, match="Label 2 of 3 "):
        text_list(["a", item, "b"], "label")
