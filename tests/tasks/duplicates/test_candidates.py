"""The pairs of files that vectors propose, against a comparison of all clips by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.index.synthetic import unit_rows
from vlret.tasks.duplicates import candidates as module
from vlret.tasks.duplicates.candidates import Candidate, candidates


def clips_of(n_clips: list[int], length_s: float = 10.0) -> tuple[pd.DataFrame, np.ndarray]:
    """Clips of `length_s` each, and the number of the file of each."""
    starts = np.concatenate([np.arange(n) * length_s for n in n_clips])
    files = np.repeat(np.arange(len(n_clips)), n_clips)
    return pd.DataFrame({"start": starts, "end": starts + length_s}), files


def test_a_part_of_a_longer_file_is_proposed_with_its_shift() -> None:
    clips, files = clips_of([6, 3, 4])
    vectors = unit_rows(13, 64)
    vectors[6:9] = vectors[2:5]
    assert candidates(clips, files, vectors) == [Candidate(0, 1, (-30.0, 0.0))]


def test_one_clip_of_several_is_not_enough() -> None:
    clips, files = clips_of([6, 3])
    vectors = unit_rows(9, 64)
    vectors[6] = vectors[0]
    assert candidates(clips, files, vectors) == []


def test_clips_that_are_alike_at_different_shifts_are_not_enough() -> None:
    clips, files = clips_of([8, 4])
    vectors = unit_rows(12, 64)
    vectors[8], vectors[9] = vectors[7], vectors[0]
    assert candidates(clips, files, vectors) == []


@pytest.mark.parametrize("block", [1, 7, 128])
def test_every_pair_of_like_files_is_found(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    random = np.random.default_rng(0)
    clips, files = clips_of([1] * 60)
    vectors = random.normal(size=(60, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = vectors @ vectors.T
    expected = {(a, b) for a in range(60) for b in range(a + 1, 60) if cosines[a, b] >= module.LEAST_COSINE}
    assert {(item.a, item.b) for item in candidates(clips, files, vectors)} == expected


def test_an_index_of_one_file_or_none_has_no_candidates() -> None:
    for n_clips in ([], [3]):
        clips, files = (
            clips_of(n_clips) if n_clips else (pd.DataFrame({"start": [], "end": []}), np.empty(0, int))
        )
        assert candidates(clips, files, np.ones((len(files), 4), np.float32) / 2) == []
