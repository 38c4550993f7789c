"""Rows that no task of `vlret bench` measures: answers without the picture, DAQUAR, and single frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.mini.daquar import blind_model, daquar, most_frequent, nearest_answers
from benchmarks.mini.presence import blind_answers
from benchmarks.mini.rows import FIGURES, Row, row
from benchmarks.mini.sets import photographs
from vlret.datasets.base import RetrievalSet
from vlret.datasets.custom import read_captions
from vlret.datasets.tar_set import read_items
from vlret.evaluation.inputs.bench import bench
from vlret.evaluation.inputs.request import BenchRequest
from vlret.media.decode import read_clip
from vlret.models.base import Embedder
from vlret.training.presence import SETTINGS, presence_questions
from vlret.types import Vectors

N_FRAMES = 8
CLIPS = "captioned_clips.jsonl"


def presence_without_picture(data: Path) -> Iterator[Row]:
    """Who sees the question about a thing alone: its more frequent answer in the train split."""
    items, train = (read_items(data / "photos" / "flickr8k", split=split) for split in ("test", "train"))
    for setting in SETTINGS:
        asked = presence_questions(items, setting)
        said = blind_answers(presence_questions(train, setting), asked)
        right = np.array([answer == q.answer for answer, q in zip(said, asked, strict=True)])
        yield row(f"flickr8k, is it there? {setting}", {"blind": right}, np.array([q.item for q in asked]), 2)


def rooms(embedder: Embedder, data: Path) -> Row:
    """DAQUAR's test questions: nearest training answer, the blind model, the most frequent answer."""
    items, asked = daquar(data, "test")
    train = daquar(data, "train")[1]
    candidates = sorted({right[0] for _, _, right in train})
    tokens = embedder.encode_clips(photographs(items))
    said = {
        "accuracy": nearest_answers(embedder, tokens, asked, candidates),
        "blind": blind_model(embedder, train, [question for _, question, _ in asked]),
        "most frequent": [most_frequent(train)] * len(asked),
    }
    right = {
        name: np.array([a in q[2] for a, q in zip(found, asked, strict=True)]) for name, found in said.items()
    }
    return row("daquar", right, np.array([n for n, _, _ in asked]), len(candidates))


def single_frames(embedder: Embedder, folder: Path) -> list[Row]:
    """The captioned clips by the mean of eight single-frame embeddings, and by the best frame position."""
    clips = read_captions(folder / CLIPS)
    singles = _single_frames(embedder, folder, clips)
    mean = singles.mean(0)
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    whole, *positions = _scored(folder, clips, embedder.embed_texts(clips.texts), [mean, *singles])
    best = max(positions, key=lambda row: row.figures["R@1"].value)
    titles = {"mean of eight single-frame vectors": whole, "best of eight frame positions": best}
    return [
        Row(f"captioned clips, test, {title}", one.queries, one.pool, one.figures)
        for title, one in titles.items()
    ]


def _single_frames(embedder: Embedder, folder: Path, clips: RetrievalSet) -> NDArray[np.float32]:
    """Embeddings float32 [8, n, dim] of the first to eighth frame; of the last where a clip has fewer."""
    pixels = [read_clip(folder / medium.files[0], N_FRAMES).pixels for medium in clips.media]
    return np.stack([
        embedder.embed_clips([clip[min(n, len(clip) - 1)][None] for clip in pixels]) for n in range(N_FRAMES)
    ])  # fmt: skip


def _scored(folder: Path, clips: RetrievalSet, texts: Vectors, candidates: list[Vectors]) -> list[Row]:
    """Text to clip for each of several embeddings of the clips."""
    with TemporaryDirectory() as place:
        files = [Path(place) / f"{number}.parquet" for number in range(len(candidates))]
        for file, vectors in zip(files, candidates, strict=True):
            _write(file, clips, texts, vectors)
        result = bench(BenchRequest("retrieval", captions=folder / CLIPS, precomputed=files))
    sections = [model.main for model in result.models]
    names = FIGURES["retrieval"]
    return [
        Row(one.name, one.queries, one.pool, {title: one.figures[key] for title, key in names.items()})
        for one in sections
    ]


def _write(file: Path, clips: RetrievalSet, texts: Vectors, vectors: Vectors) -> None:
    rows: list[tuple[str, str, Any]] = [
        *(("media", medium.id, vector) for medium, vector in zip(clips.media, vectors, strict=True)),
        *(("text", text, vector) for text, vector in dict(zip(clips.texts, texts, strict=True)).items()),
    ]
    pd.DataFrame(rows, columns=["kind", "key", "vector"]).to_parquet(file)
