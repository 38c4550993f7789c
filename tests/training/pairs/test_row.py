"""What the columns of a row mean."""

from __future__ import annotations

import hashlib
import math
import struct

import pytest

from vlret.training.pairs.clip_media import ClipMedia
from vlret.training.pairs.row import pairs_of, row_of

MEDIA = ClipMedia("a.mp4", "/data/a.mp4")


@pytest.mark.parametrize(
    ("cells", "pairs"),
    [
        ({"caption": "a dog"}, [("", "a dog")]),
        ({"text": "a dog"}, [("", "a dog")]),
        ({"captions": ["a dog", "one dog"]}, [("", "a dog"), ("", "one dog")]),
        ({"captions": "a dog"}, [("", "a dog")]),
        ({"caption": None}, [("", "")]),
        ({"captions": []}, []),
        ({"question": "what?", "answer": "a dog"}, [("what?", "a dog")]),
        ({"query": "what?", "answers": ["a dog", "dog"]}, [("what?", "a dog")]),
        ({"query": "in short", "caption": "dog"}, [("in short", "dog")]),
        ({"caption": "c", "question": "q", "answer": "a"}, [("", "c"), ("q", "a")]),
        ({"qa": [{"question": "q", "answers": ["a", "b"]}, {"question": "r", "answer": "c"}]},
         [("q", "a"), ("r", "c")]),
        ({"captions": ["c"], "qa": []}, [("", "c")]),
    ],
)  # fmt: skip
def test_captions_and_answers_become_pairs(cells: dict, pairs: list) -> None:
    assert list(pairs_of(cells)) == pairs


@pytest.mark.parametrize(
    "cells",
    [
        {}, {"question": "what?"}, {"answer": "a dog"}, {"caption": 3}, {"captions": [3]}, {"caption": {"en": "a"}},
        {"qa": "what?"}, {"qa": [{"question": "q"}]}, {"qa": [{"answer": "a"}]}, {"qa": ["q"]},
        {"caption": "\ud800"},
    ],
)  # fmt: skip
def test_what_is_no_pair_is_refused(cells: dict) -> None:
    with pytest.raises(ValueError, match=" "):
        pairs_of(cells)


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        (None, None, (0, math.inf)), ("", "", (0, math.inf)), ("1.5", "", (1.5, math.inf)), (2, 3.5, (2, 3.5)),
        (None, "4", (0, 4)),
    ],
)  # fmt: skip
def test_start_and_end_are_seconds(start: object, end: object, span: tuple) -> None:
    media = row_of({"caption": "a", "start": start, "end": end}, MEDIA).media
    assert (media.start, media.end) == span


@pytest.mark.parametrize(
    ("start", "end"), [(2, 2), (3, 1), (-1, 2), ("soon", 3), (math.nan, 1), (0, math.inf), ([], 1)]
)
def test_a_clip_without_length_is_refused(start: object, end: object) -> None:
    with pytest.raises(ValueError, match=" "):
        row_of({"caption": "a", "start": start, "end": end}, MEDIA)


def test_ids_are_those_of_other_processes() -> None:
    whole, part = MEDIA, ClipMedia("other name", "/data/a.mp4", start=1.0)
    digest = hashlib.blake2b(b"/data/a.mp4\n-1\n0.0\ninf", digest_size=8).digest()
    assert whole.clip_id == struct.unpack(">q", digest)[0] == -2309033856772172413
    assert (part.file_id == whole.file_id, part.clip_id == whole.clip_id) == (True, False)
    assert len({ClipMedia("a", "t.tar", offset, 9).file_id for offset in (512, 1024)}) == 2
