"""Zero-shot labels: the class names nearest to each clip."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from tqdm import tqdm

from vlret.errors import UsageError
from vlret.index.index import Index
from vlret.models.base import ClipInput, Embedder
from vlret.models.registry import load_model
from vlret.tasks.fit import model_of
from vlret.tasks.texts import warn_about
from vlret.types import Clip, Frames, Label, LabelScore, Vectors

UNKNOWN = "unknown"
_TEXTS_AT_ONCE = 1024
_BATCH = 8192  # rows compared with all labels at once: bounds the memory of a large index


def classify(
    source: Index | ClipInput | Sequence[ClipInput],
    labels: Sequence[str],
    *,
    model: Embedder | str | None = None,
    templates: Sequence[str] | None = None,
    top: int = 5,
    threshold: float | Literal["auto"] | None = None,
) -> list[Label]:
    """The best of `labels` for each clip, with probabilities over the whole set.

    Args:
        source: an open index (its vectors are used, nothing is decoded), a clip, or a list of clips.
        labels: class names; `red_car` and `RedCar` are read as "red car" and "Red Car".
        model: an embedder or its name; None takes the index's own, another one is refused. Clips need one.
        templates: prompts with exactly one `{}` for the name; default: the model's own.
        top: length of each `Label.top`.
        threshold: the label is "unknown" where the best probability is below it (0 to 1); "auto" takes the
            one that was fitted with the model.

    Returns:
        one `Label` a clip, in the order of `source`. With one label only, its margin is 0.

    Raises:
        UsageError: no labels, a label twice, a template without exactly one `{}`, no model for clips.
        MediaError: a clip cannot be read.
    """
    _check(labels, top, threshold)
    if isinstance(source, Index):
        model = model_of(source, model)
        rows = source.rows()
        clips = list(zip(rows["path"], rows["start"], rows["end"], strict=True))
        vectors = source.vectors()
    else:
        if model is None:
            raise UsageError("Clips need a model to be labelled.", "Give model='vljepa-mini' or another.")
        model = model if isinstance(model, Embedder) else load_model(model)
        inputs = [source] if isinstance(source, (str, Path, Clip, Frames, np.ndarray)) else source
        clips = [_place(clip) for clip in inputs]
        vectors = model.embed_clips(inputs) if inputs else np.empty((0, model.card.dim), np.float32)
    least = _least_probability(model, threshold)
    classes = label_vectors(model, labels, templates)
    items = []
    for clip, scores in zip(clips, _scores(vectors, classes), strict=True):
        ranked = _ranked(labels, scores, model.card.temperature, max(top, 2))
        known = ranked[0].probability >= least
        items.append(_label(clip, ranked, ranked[0].label if known else UNKNOWN, top))
    return items


def label_vectors(model: Embedder, labels: Sequence[str], templates: Sequence[str] | None = None) -> Vectors:
    """Unit vectors float32 [labels, dim]: each prompt's vector has unit length, so has their mean."""
    prompts = model.card.prompts if templates is None else templates
    if not prompts:
        raise UsageError("No template was given.", "Give one such as 'a photo of {}'.")
    for prompt in prompts:
        if prompt.count("{}") != 1:
            raise UsageError(
                f"The template {prompt!r} holds {prompt.count('{}')} times {{}}.",
                "Put exactly one {} where the label goes.",
            )
    names = [readable(label) for label in labels]
    texts = [prompt.replace("{}", name) for name in names for prompt in prompts]
    for text in texts[:: len(prompts)]:
        warn_about(model, text)
    means: Vectors = _embedded(model, texts).reshape(len(labels), len(prompts), -1).mean(1)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return means


def _embedded(model: Embedder, texts: Sequence[str]) -> Vectors:
    """Vectors of the texts, with a bar where there are so many that it takes a while."""
    with tqdm(total=len(texts), desc="labels", unit="text", delay=2, disable=None) as bar:
        parts = []
        for first in range(0, len(texts), _TEXTS_AT_ONCE):
            parts.append(model.embed_texts(texts[first : first + _TEXTS_AT_ONCE]))
            bar.update(len(parts[-1]))
    return np.concatenate(parts)


def readable(label: str) -> str:
    """`brush_hair` -> `brush hair`, `ApplyEyeMakeup` -> `Apply Eye Makeup`; words stay as they are."""
    words = label.replace("_", " ").split()
    if len(words) == 1:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", words[0]).split()
    return " ".join(words)


def _least_probability(model: Embedder, threshold: float | Literal["auto"] | None) -> float:
    if threshold != "auto":
        return threshold or 0.0
    if model.card.unknown_threshold is None:
        raise UsageError(
            f"No threshold was fitted with {model.card.name}.", "Give a probability from 0 to 1 as threshold."
        )
    return model.card.unknown_threshold


def _check(labels: Sequence[str], top: int, threshold: float | Literal["auto"] | None) -> None:
    if isinstance(labels, str) or not labels:
        raise UsageError("No list of labels was given.", "Give one label or more.")
    names = [readable(label).lower() for label in labels]
    if "" in names:
        raise UsageError(f"Label {names.index('') + 1} of {len(labels)} is empty.", "Take it out.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UsageError(f"The label {twice!r} is given more than once.", "Give each label once.")
    if top < 1:
        raise UsageError(f"top was given as {top}.", "Give 1 or more.")
    if threshold not in (None, "auto") and not (isinstance(threshold, (int, float)) and 0 <= threshold <= 1):
        raise UsageError(
            f"The threshold was given as {threshold}.", "Give a probability from 0 to 1, or 'auto'."
        )


def _place(clip: ClipInput) -> tuple[str, float, float | None]:
    if isinstance(clip, Clip):
        return str(clip.path), clip.start, clip.end
    return (str(clip) if isinstance(clip, (str, Path)) else ""), 0.0, None


def _scores(vectors: Vectors, classes: Vectors) -> Iterator[Vectors]:
    for first in range(0, len(vectors), _BATCH):
        yield from vectors[first : first + _BATCH] @ classes.T


def _ranked(labels: Sequence[str], scores: Vectors, temperature: float, n: int) -> list[LabelScore]:
    """The `n` best labels; the softmax runs over all of them."""
    weights = np.exp((scores - scores.max()).astype(np.float64) / temperature)
    shares = weights / weights.sum()
    order = np.argsort(-scores, kind="stable")[:n]
    return [LabelScore(labels[i], float(scores[i]), float(shares[i])) for i in order]


def _label(
    clip: tuple[str, float, float | None], ranked: Sequence[LabelScore], label: str, top: int
) -> Label:
    best = ranked[0]
    return Label(
        *clip,
        label=label,
        score=best.score,
        probability=best.probability,
        margin=best.score - ranked[1].score if len(ranked) > 1 else 0.0,
        top=tuple(ranked[:top]),
    )
