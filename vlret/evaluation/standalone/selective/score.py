"""What the sentences of a method are worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from vlret.evaluation.metrics.cider import cider
from vlret.evaluation.metrics.pairing import nearest_in_time
from vlret.evaluation.metrics.soda import soda
from vlret.evaluation.metrics.statistics import bootstrap_interval
from vlret.evaluation.standalone.captions import Score
from vlret.evaluation.standalone.selective.annotations import AnnotatedVideo
from vlret.evaluation.standalone.selective.video import Floats, Sentences
from vlret.types import Vectors


@dataclass(frozen=True, slots=True)
class Said:
    """The sentences of a video and their texts, in order of time."""

    sentences: Sentences
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores times 100, before their means are taken.

    Attributes:
        by_annotation: CIDEr and embedding, float64 [annotations].
        soda: float64 [videos], None where annotations have no end.
        repeated: bool [sentences], whether a sentence is the same as the one before.
    """

    by_annotation: dict[str, Floats]
    soda: Floats | None
    repeated: NDArray[np.bool_]


class Scorer:
    """Scores sentences against the annotations of videos.

    Args:
        videos: with their annotations.
        embed: texts to unit vectors float32 [n, dim].
    """

    def __init__(self, videos: Sequence[AnnotatedVideo], embed: Callable[[Sequence[str]], Vectors]) -> None:
        self._videos, self._embed = videos, embed
        self._references = [one.texts for video in videos for one in video.annotations]
        self.groups = np.repeat(np.arange(len(videos)), [len(video.annotations) for video in videos])

    def scores(self, said: Sequence[Said]) -> Scores:
        """The scores of what a method says of each video."""
        paired = [text for video, one in zip(self._videos, said, strict=True) for text in _paired(video, one)]
        cosines = self._cosines(said)
        embedding = [
            matrix[_nearest(v, s), np.arange(matrix.shape[1])]
            for v, s, matrix in zip(self._videos, said, cosines, strict=True)
        ]
        by_annotation = {
            "CIDEr": cider(paired, self._references),
            "embedding": 100 * np.concatenate(embedding),
        }
        repeated = np.array([again for one in said for again in _repeated(one.texts)])
        return Scores(by_annotation, self._soda(said, cosines), repeated)

    def summary(self, scores: Scores) -> dict[str, Score]:
        """Means with their intervals."""
        found = {name: self._mean(values) for name, values in scores.by_annotation.items()}
        if scores.soda is not None:
            found["SODA"] = Score(float(scores.soda.mean()), *bootstrap_interval(scores.soda))
        return found

    def difference(self, scores: Scores, other: Scores) -> dict[str, Score]:
        """Mean differences over the same annotations, with their intervals."""
        pairs = {
            name: (scores.by_annotation[name], other.by_annotation[name]) for name in scores.by_annotation
        }
        return {name: self._mean(one - another) for name, (one, another) in pairs.items()}

    def _mean(self, values: Floats) -> Score:
        return Score(float(values.mean()), *bootstrap_interval(values, self.groups))

    def _cosines(self, said: Sequence[Said]) -> list[Floats]:
        """Of each video the mean cosine of each sentence and the texts of each annotation, [sentences, annotations]."""
        cosines = []
        for video, one in zip(self._videos, said, strict=True):
            texts = [text for annotation in video.annotations for text in annotation.texts]
            counts = [len(annotation.texts) for annotation in video.annotations]
            all_cosines = (self._embed(one.texts) @ self._embed(texts).T).astype(np.float64)
            firsts = (np.cumsum(counts) - counts).tolist()
            cosines.append(np.add.reduceat(all_cosines, firsts, axis=1) / np.array(counts))
        return cosines

    def _soda(self, said: Sequence[Said], cosines: Sequence[Floats]) -> Floats | None:
        known = [video.spans for video in self._videos]
        if any(spans is None for spans in known):
            return None
        spans = [np.stack([one.sentences.starts_s, one.sentences.ends_s], axis=1) for one in said]
        return np.array(
            [
                100 * soda(mine, theirs, np.maximum(likeness, 0.0))
                for mine, theirs, likeness in zip(spans, known, cosines, strict=True)
                if theirs is not None
            ]
        )


def _nearest(video: AnnotatedVideo, said: Said) -> NDArray[np.int64]:
    """The sentence of each annotation."""
    return nearest_in_time(said.sentences.times_s, [one.time_s for one in video.annotations])


def _paired(video: AnnotatedVideo, said: Said) -> list[str]:
    return [said.texts[number] for number in _nearest(video, said)]


def _repeated(texts: Sequence[str]) -> list[bool]:
    return [False, *(text == before for before, text in pairwise(texts))]
