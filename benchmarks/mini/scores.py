"""What the shipped model and its baselines are scored on; everything goes through the public interface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.mini.daquar import blind_model, daquar, most_frequent, nearest_answers
from benchmarks.mini.presence import blind_answers
from benchmarks.mini.rows import row
from benchmarks.mini.sets import Captioned, captioned_clips, photographs
from vlret.datasets.base import TextSet, Triple
from vlret.datasets.tar_set import read_items
from vlret.evaluation.metrics.ranks import Ranks, ranks
from vlret.models.base import Embedder
from vlret.tasks.label import classify
from vlret.training.presence import SETTINGS, presence_questions
from vlret.training.questions import Question
from vlret.types import Pixels

RECALLS = (1, 5, 10)


def retrieval(embedder: Embedder, data: Captioned) -> list[dict[str, Any]]:
    """R@k from text to clip and from clip to text (the best of a clip's captions counts)."""
    clips = embedder.embed_clips(data.clips)
    texts = embedder.embed_texts(data.captions)
    owner = np.array(data.owner)
    relevant = owner[:, None] == np.arange(len(clips))
    forth, back = ranks(texts, clips, relevant), ranks(clips, texts, relevant.T)
    return [
        _retrieval_row(f"{data.name}, text to clip", forth, owner, len(clips)),
        _retrieval_row(f"{data.name}, clip to text", back, None, len(texts)),
    ]


def labels(embedder: Embedder, name: str, clips: list[Pixels], truth: list[str]) -> dict[str, Any]:
    """Zero-shot top-1 over all classes of the set."""
    classes = sorted(set(truth))
    found = classify(clips, classes, model=embedder)
    right = np.array([label.label == true for label, true in zip(found, truth, strict=True)], dtype=float)
    return row(f"{name}, {len(classes)} classes", {"top-1": right}, None, len(classes))


def frames(embedder: Embedder, data: Path) -> list[dict[str, Any]]:
    """The captioned clips by the mean of eight single-frame vectors, and by the best single frame position."""
    clips = captioned_clips(data)
    texts, owner = embedder.embed_texts(clips.captions), np.array(clips.owner)
    pixels = [np.asarray(clip) for clip in clips.clips]
    singles = np.stack(
        [embedder.embed_clips([clip[min(n, len(clip) - 1)][None] for clip in pixels]) for n in range(8)]
    )
    relevant = owner[:, None] == np.arange(len(pixels))
    mean = singles.mean(0)
    vectors = {"mean of eight single-frame vectors": mean / np.linalg.norm(mean, axis=1, keepdims=True)}
    best = max(singles, key=lambda rows: ranks(texts, rows, relevant).hit_at(1).mean())
    vectors["best of eight frame positions"] = best
    return [
        _retrieval_row(f"{clips.name}, {name}", ranks(texts, rows, relevant), owner, len(pixels))
        for name, rows in vectors.items()
    ]


def presence(embedder: Embedder, data: Path, n_photos: int | None = None) -> list[dict[str, Any]]:
    """Yes / no questions about things in Flickr8k's test photographs, and who answers them blindly.

    `n_photos` asks about the first so many alone.
    """
    items, train = (read_items(data / "photos" / "flickr8k", split=split) for split in ("test", "train"))
    tokens = embedder.encode_clips(photographs(items[:n_photos]))
    rows = []
    for setting in SETTINGS:
        asked = [q for q in presence_questions(items, setting) if q.item < len(tokens)]
        truth = np.array([q.answer for q in asked])
        said = np.array(_yes_or_no(embedder, tokens, asked))
        blind = np.array(blind_answers(presence_questions(train, setting), asked))
        owner = np.array([q.item for q in asked])
        values = {"accuracy": said == truth, "blind": blind == truth, "share of yes": said == "yes"}
        rows.append(row(f"flickr8k, is it there? {setting}", values, owner, 2))
    return rows


def rooms(embedder: Embedder, data: Path) -> list[dict[str, Any]]:
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
    return [row("daquar", right, np.array([n for n, _, _ in asked]), len(candidates))]


def triples(embedder: Embedder, data: TextSet) -> dict[str, Any]:
    """Share of triples whose two equal captions are nearer to each other than either to the third."""
    texts = sorted({text for t in data.triples for text in (t.first, t.second, t.negative)})
    vector = dict(zip(texts, embedder.embed_texts(texts), strict=True))
    right = np.array([_told_apart(vector, triple) for triple in data.triples])
    return row(f"{data.card.name}, texts alone", {"accuracy": right}, None, 3)


def _told_apart(vector: dict[str, Any], triple: Triple) -> bool:
    first, second, negative = (vector[text] for text in (triple.first, triple.second, triple.negative))
    return bool(first @ second > max(first @ negative, second @ negative))


def _yes_or_no(embedder: Embedder, tokens: list[torch.Tensor], asked: list[Question]) -> list[str]:
    answers = embedder.embed_texts(["no", "yes"])
    said = [""] * len(asked)
    for question in sorted({q.question for q in asked}):
        chosen = [n for n, q in enumerate(asked) if q.question == question]
        near = embedder.predict([tokens[asked[n].item] for n in chosen], question) @ answers.T
        for n, (no, yes) in zip(chosen, near, strict=True):
            said[n] = "yes" if yes >= no else "no"
    return said


def _retrieval_row(name: str, found: Ranks, groups: Any, pool: int) -> dict[str, Any]:
    return row(name, _recalls(found), groups, pool, _recalls(found.chance()))


def _recalls(found: Ranks) -> dict[str, Any]:
    return {f"R@{k}": found.hit_at(k) for k in RECALLS}
