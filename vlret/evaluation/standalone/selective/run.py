"""Runs all methods with all their settings over annotated videos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from vlret.cache_folder import default_cache
from vlret.evaluation.embeddings.model_embeddings import ModelEmbeddings
from vlret.evaluation.protocol.protocol import Protocol
from vlret.evaluation.results.scored import lines_hash
from vlret.evaluation.results.stamp import machine, versions
from vlret.evaluation.standalone.selective.annotations import AnnotatedVideo
from vlret.evaluation.standalone.selective.headline import REFERENCE, headlines
from vlret.evaluation.standalone.selective.methods import DELAY_S, METHODS, SHOT_THRESHOLD, Method
from vlret.evaluation.standalone.selective.result import Point, SelectiveProtocol, SelectiveResult
from vlret.evaluation.standalone.selective.score import Said, Scorer, Scores
from vlret.evaluation.standalone.selective.texts import TextsOfVectors
from vlret.evaluation.standalone.selective.video import Sentences, WindowedVideo
from vlret.evaluation.standalone.selective.windows import windowed_videos
from vlret.index.fingerprint import fingerprint
from vlret.index.windows import LENGTH_S, RATE_HZ
from vlret.models.base import Embedder
from vlret.models.captioners.base import Captioner
from vlret.types import Vectors

SHOT_CUTS, SELECTIVE_AT_SHOTS = ("shot cuts", SHOT_THRESHOLD), ("selective, as many as shots", SHOT_THRESHOLD)


def run_selective(
    videos: Sequence[AnnotatedVideo],
    model: Embedder,
    captioner: Captioner,
    *,
    name: str = "",
    missing: Sequence[str] = (),
    rate_hz: float = RATE_HZ,
    length_s: float = LENGTH_S,
    cache: Path | None = None,
) -> SelectiveResult:
    """Describe `videos` by each method with each setting, and score it against the annotations.

    Args:
        videos: `annotations.read_videos`; `name` is of their annotations, `missing` are names of those that are not
            there.
        model: gives the vectors of sliding windows, `rate_hz` a second of `length_s`, which are kept in `cache`.
        captioner: of the same model; each vector is captioned once.

    Raises:
        UsageError: a rate or length that is not positive, or a model without a vision tower.
        MissingExtraError: PySceneDetect is not installed.
        MediaError: a video cannot be read.
    """
    folder = default_cache() if cache is None else cache
    windows = windowed_videos([video.path for video in videos], model, rate_hz, length_s, folder)
    runs, texts = _described(windows)
    written = texts.write(captioner)
    embeddings = ModelEmbeddings(model, Protocol("selective", "all", {}, model.card.frames), folder)
    scorer = Scorer(videos, _remembered(embeddings.texts))
    said = tqdm([run.said(written) for run in runs], "scores", unit="setting", disable=None)
    scored = [scorer.scores(one) for one in said]
    embeddings.flush()
    points = _points(runs, scored, texts.seconds_per_decode, scorer, sum(one.duration_s for one in windows))
    return SelectiveResult(
        datetime.now(UTC).isoformat(timespec="seconds"),
        SelectiveProtocol(rate_hz, length_s, DELAY_S),
        {
            **model.card.to_dict(),
            "dtype": model.dtype,
            "device": model.device,
        },
        captioner.name,
        _about(name, videos, windows, missing),
        versions(),
        machine(),
        points,
        headlines(points),
        scorer.difference(_of(SELECTIVE_AT_SHOTS, runs, scored), _of(SHOT_CUTS, runs, scored)),
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """What a method says with one setting: of each video its sentences, and the numbers of their texts."""

    method: Method
    value: float
    sentences: list[Sentences]
    numbers: list[NDArray[np.int64]]

    def said(self, written: Sequence[str]) -> list[Said]:
        """The sentences with their texts."""
        return [
            Said(one, tuple(written[i] for i in numbers))
            for one, numbers in zip(self.sentences, self.numbers, strict=True)
        ]


def _described(videos: Sequence[WindowedVideo]) -> tuple[list[_Run], TextsOfVectors]:
    texts, runs = TextsOfVectors(), []
    todo = [(method, value) for method in METHODS for value in method.values]
    for method, value in tqdm(todo, "methods", unit="setting", disable=None):
        sentences = [method.describe(video, value) for video in videos]
        numbers = [texts.add(one.vectors)[one.source] for one in sentences]
        runs.append(_Run(method, value, sentences, numbers))
    return runs, texts


def _points(
    runs: Sequence[_Run], scored: Sequence[Scores], seconds_per_decode: float, scorer: Scorer, video_s: float
) -> tuple[Point, ...]:
    reference = _of(REFERENCE, runs, scored)
    return tuple(
        _point(run, scores, reference, seconds_per_decode, scorer, video_s)
        for run, scores in zip(runs, scored, strict=True)
    )


def _of(which: tuple[str, float], runs: Sequence[_Run], scored: Sequence[Scores]) -> Scores:
    """The scores of a method with one setting."""
    return next(s for run, s in zip(runs, scored, strict=True) if (run.method.name, run.value) == which)


def _point(
    run: _Run, scores: Scores, reference: Scores, seconds_per_decode: float, scorer: Scorer, video_s: float
) -> Point:
    decodes = sum(one.decodes for one in run.sentences)
    delays = [one.delays_s for one in run.sentences if one.delays_s is not None]
    return Point(
        run.method.name, run.method.setting, run.value, len(scores.repeated), decodes, video_s / decodes,
        scorer.summary(scores), scorer.difference(scores, reference), 100 * float(scores.repeated.mean()),
        decodes * seconds_per_decode,
        float(np.concatenate(delays).mean()) if delays else None,
        float(np.concatenate(delays).max()) if delays else None,
    )  # fmt: skip


def _remembered(embed: Callable[[Sequence[str]], Vectors]) -> Callable[[Sequence[str]], Vectors]:
    """`embed`, which embeds each text once."""
    kept: dict[str, Vectors] = {}

    def embedded(texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in kept]
        kept.update(zip(new, embed(new) if new else [], strict=True))
        return np.stack([kept[text] for text in texts])

    return embedded


def _about(
    name: str, videos: Sequence[AnnotatedVideo], windows: Sequence[WindowedVideo], missing: Sequence[str]
) -> dict[str, Any]:
    said = [(v.name, a.start_s, a.end_s, a.texts) for v in videos for a in v.annotations]
    return {
        "name": name, "hash": lines_hash(said),
        "media_hash": lines_hash((video.name, fingerprint(video.path)) for video in videos),
        "videos": len(videos), "annotations": len(said), "seconds": sum(one.duration_s for one in windows),
        "missing": list(missing),
    }  # fmt: skip
