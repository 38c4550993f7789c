"""Zero-shot classification: the labels nearest to each clip."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from numbers import Real
from pathlib import Path
from typing import Any, Literal

import numpy as np

from vlret.errors import UsageError
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.models.class_prompts import class_embeddings
from vlret.models.inputs import ClipInput, clip_list, text_list
from vlret.models.many_texts import embed_many
from vlret.tasks.index_model import as_embedder, is_index, model_for_index, open_index
from vlret.tasks.text_warnings import log_text_warnings
from vlret.types import Clip, Frames, Label, LabelScore, Pixels, Vectors, check_count, location

log = logging.getLogger(__name__)

UNKNOWN = "unknown"
_BATCH = 8192  # rows compared with all labels at once: bounds the memory of a large index


def classify(
    source: Index | ClipInput | Iterable[ClipInput],
    labels: Iterable[str],
    *,
    model: Embedder | str | Path | None = None,
    templates: Iterable[str] | None = None,
    top: int = 5,
    threshold: float | Literal["auto"] | None = None,
) -> list[Label]:
    """Return the best of `labels` for each clip, with probabilities over all of them.

    Args:
        source: an open index or its directory (its embeddings are used, nothing is decoded), a clip, or clips in a
            list or any other iterable.
        labels: class names in a list, array, Series or generator; `red_car` and `RedCar` are read as "red car" and
            "Red Car". Duplicates are kept as separate labels.
        model: an embedder or its name; None uses the index's own, any other one is refused. Clips need one.
        templates: prompts with exactly one `{}` for the label; default: the model's own.
        top: length of each `Label.top`.
        threshold: the label is "unknown" where the best probability is below it (0 to 1); "auto" uses the
            one that was calibrated for the model.

    Returns:
        one `Label` per clip, in the order of `source`. With a single label, its margin is 0.

    Raises:
        UsageError: no labels, an empty one, a template without exactly one `{}`, no model for clips, or an
            argument of the wrong type.
        MediaError: a clip cannot be read.
    """
    names = text_list(labels, "label")
    _check(names, top, threshold)
    if isinstance(source, (str, Path)) and is_index(source):
        source = open_index(source)
    if isinstance(source, Index):
        model = model_for_index(source, model)
        rows = source.rows()
        clips = list(zip(rows["path"], rows["start"], rows["end"], strict=True))
        vectors = source.vectors()
    else:
        if model is None:
            raise UsageError(
                "A model is needed to label clips.", "Give model='vljepa-mini' or another.", code="no_model"
            )
        model = as_embedder(model)
        inputs = _clips_of(source)
        clips = [location(clip) for clip in inputs]
        vectors = model.embed_clips(inputs) if inputs else np.empty((0, model.card.dim), np.float32)
    return _labelled(model, clips, vectors, names, templates, top, threshold)


def label_vectors(
    model: Embedder,
    clips: Iterable[tuple[str, float, float | None]],
    vectors: Vectors,
    labels: Iterable[str],
    top: int = 5,
) -> list[Label]:
    """Return the best of `labels` for each of `clips`, (path, start, end), whose embeddings are at hand.

    Args:
        vectors: float32 [clips, dim], unit length, by `model`.
        labels, top: as in `classify`.

    Raises:
        UsageError: as `classify`.
    """
    names = text_list(labels, "label")
    _check(names, top, None)
    return _labelled(model, clips, vectors, names, None, top, None)


def _labelled(
    model: Embedder,
    clips: Iterable[tuple[str, float, float | None]],
    vectors: Vectors,
    names: Sequence[str],
    templates: Iterable[str] | None,
    top: int,
    threshold: float | Literal["auto"] | None,
) -> list[Label]:
    least = _least_probability(model, threshold)
    classes = label_embeddings(model, names, templates)
    items = []
    for clip, scores in zip(clips, _scores(vectors, classes), strict=True):
        ranked = _ranked(names, scores, model.card.temperature, max(top, 2))
        known = ranked[0].probability >= least
        items.append(_label(clip, ranked, ranked[0].label if known else UNKNOWN, top))
    return items


def label_embeddings(
    model: Embedder, labels: Sequence[str], templates: Iterable[str] | None = None
) -> Vectors:
    """Return unit embeddings float32 [labels, dim]: the normalised mean over the prompts of each label."""
    prompts = model.card.prompts if templates is None else text_list(templates, "template")
    if not prompts:
        raise UsageError("No template was given.", "Give one such as 'a photo of {}'.", code="no_template")
    for prompt in prompts:
        if prompt.count("{}") != 1:
            raise UsageError(
                f"The template {prompt!r} contains {{}} {prompt.count('{}')} times.",
                "Put exactly one {} where the label goes.",
                code="invalid_template",
                given=prompt,
            )
    names = [readable(label) for label in labels]
    for name in names:
        log_text_warnings(model, prompts[0].replace("{}", name))
    return class_embeddings(partial(embed_many, model, what="labels"), names, prompts)


def readable(label: str) -> str:
    """`brush_hair` -> `brush hair`, `ApplyEyeMakeup` -> `Apply Eye Makeup`; plain words are unchanged."""
    words = label.replace("_", " ").split()
    if len(words) == 1:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", words[0]).split()
    return " ".join(words)


def _least_probability(model: Embedder, threshold: float | Literal["auto"] | None) -> float:
    if threshold != "auto":
        return threshold or 0.0
    if model.card.unknown_threshold is None:
        raise UsageError(
            f"No threshold was calibrated for {model.card.name}.",
            "Give a probability from 0 to 1 as the threshold.",
            code="no_calibrated_threshold",
            model=model.card.name,
        )
    return model.card.unknown_threshold


def _check(labels: list[str], top: int, threshold: float | Literal["auto"] | None) -> None:
    if not labels:
        raise UsageError("No label was given.", "Give one or more labels.", code="no_labels")
    names = [readable(label).lower() for label in labels]
    if "" in names:
        raise UsageError(
            f"Label {names.index('') + 1} of {len(labels)} is empty.", "Remove it.", code="empty_label"
        )
    duplicates = [name for name, n in Counter(names).items() if n > 1]
    if duplicates:
        more = f" (and {len(duplicates) - 1} more)" * (len(duplicates) > 1)
        log.warning(
            "The label %r%s was given more than once; the duplicates are separate labels.",
            duplicates[0],
            more,
        )
    check_count(top, "top")
    probability = isinstance(threshold, Real) and 0 <= threshold <= 1
    if not (probability or threshold is None or (isinstance(threshold, str) and threshold == "auto")):
        raise UsageError(
            f"The threshold was given as {threshold}.",
            "Give a probability from 0 to 1, or 'auto'.",
            code="invalid_threshold",
            given=threshold,
        )


def _clips_of(source: Any) -> list[Path | Clip | Pixels]:
    one = isinstance(source, (str, Path, Clip, Frames)) or getattr(source, "ndim", 0) in (3, 4)
    return clip_list([source] if one else source)


def _scores(vectors: Vectors, classes: Vectors) -> Iterator[Vectors]:
    for first in range(0, len(vectors), _BATCH):
        yield from vectors[first : first + _BATCH] @ classes.T


def _ranked(labels: Sequence[str], scores: Vectors, temperature: float, n: int) -> list[LabelScore]:
    """Return the `n` best labels; the softmax is over all of them."""
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
