"""more_clips.py: other clips of a file that score nearly as high as the best hit."""

from __future__ import annotations

import numpy as np

from tests.index.synthetic import synthetic_index
from vlret.index.index import Index
from vlret.tasks.more_clips import with_more_clips

QUERY = np.float32([1, 0])


def index_of(tmp_path, *files: list[float]) -> Index:
    """Files of clips with these cosines to the query."""
    scores = np.float32([score for file in files for score in file])
    vectors = np.stack([scores, np.sqrt(1 - scores**2)], axis=1)
    return synthetic_index(tmp_path, vectors, [len(file) for file in files])


def test_clips_above_the_level_between_the_median_and_the_best_hit_fit(tmp_path):
    index = index_of(tmp_path, [0.9, 0.59, 0.61, 0.8], [0.7, 0.65, 0.1], [0.15], [0.15, 0.15, 0.15, 0.15])
    assert np.median(index.vectors() @ QUERY).round(3) == 0.37
    hits = with_more_clips(index, QUERY, index.search(QUERY[None], k=10)[0], 0.9, None)
    assert [(hit.rank, hit.more_clips) for hit in hits] == [(1, 1), (2, 0), (3, 0), (4, 0)]  # level 0.688


def test_a_lone_clip_and_an_empty_index_have_none(tmp_path):
    index = index_of(tmp_path, [0.9])
    assert [
        hit.more_clips for hit in with_more_clips(index, QUERY, index.search(QUERY[None])[0], 0.9, None)
    ] == [0]
    assert with_more_clips(index, QUERY, [], 0.9, None) == []


def test_with_a_calibration_probable_clips_fit(tmp_path):
    class Half:
        def probabilities(self, scores):
            return np.where(scores >= 0.6, 0.5, 0.49)

    index = index_of(tmp_path, [0.9, 0.59, 0.61, 0.8], [0.5])
    hits = with_more_clips(index, QUERY, index.search(QUERY[None], k=10)[0], 0.9, Half())
    assert [hit.more_clips for hit in hits] == [2, 0]


def test_the_index_is_looked_over_once_and_not_for_files_of_one_clip(tmp_path, monkeypatch):
    passes = []
    scores = Index.scores
    monkeypatch.setattr(Index, "scores", lambda *given: passes.append(given) or scores(*given))
    for files, n in (([0.9, 0.8], [0.7]), 1), (([0.9], [0.8], [0.7]), 0):
        passes.clear()
        index = index_of(tmp_path / str(n), *files)
        with_more_clips(index, QUERY, index.search(QUERY[None])[0], 0.9, None)
        assert len(passes) == n
