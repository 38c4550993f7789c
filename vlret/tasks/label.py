"""Zero-shot labels: the class names nearest to each clip."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from numbers import Real
from pathlib import Path
from typing import Any, Literal

import numpy as np
from tqdm import tqdm

from vlret.errors import UsageError
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.models.inputs import ClipInput, clip_list, text_list
from vlret.tasks.fit import is_index, loaded, model_of, opened
from vlret.tasks.texts import warn_about
from vlret.types import Clip, Frames, Label, LabelScore, Pixels, Vectors, check_count
from vlret.vectors import unit_rows

log = logging.getLogger(__name__)

UNKNOWN = "unknown"
_TEXTS_AT_ONCE = 1024
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
    """The best of `labels` for each clip, with probabilities over the whole set.

    Args:
        source: an open index or its folder (its vectors are used, nothing is decoded), a clip, or clips in a list
            or any other iterable.
        labels: class names in a list, array, Series or generator; `red_car` and `RedCar` are read as "red car" and
            "Red Car". A name given twice keeps both its places.
        model: an embedder or its name; None takes the index's own, another one is refused. Clips need one.
        templates: prompts with exactly one `{}` for the name; default: the model's own.
        top: length of each `Label.top`.
        threshold: the label is "unknown" where the best probability is below it (0 to 1); "auto" takes the
            one that was fitted with the model.

    Returns:
        one `Label` a clip, in the order of `source`. With one label only, its margin is 0.

    Raises:
        UsageError: no labels, an empty one, a template without exactly one `{}`, no model for clips, or an
            argument of another type.
        MediaError: a clip cannot be read.
    """
    names = text_list(labels, "label")
    _check(names, top, threshold)
    if isinstance(source, (str, Path)) and is_index(source):
        source = opened(source)
    if isinstance(source, Index):
        model = model_of(source, model)
        rows = source.rows()
        clips = list(zip(rows["path"], rows["start"], rows["end"], strict=True))
        vectors = source.vectors()
    else:
        if model is None:
            raise UsageError("Clips need a model to be labelled.", "Give model='vljepa-mini' or another.")
        model = loaded(model)
        inputs = _clips_of(source)
        clips = [_place(clip) for clip in inputs]
        vectors = model.embed_clips(inputs) if inputs else np.empty((0, model.card.dim), np.float32)
    least = _least_probability(model, threshold)
    classes = label_vectors(model, names, templates)
    items = []
    for clip, scores in zip(clips, _scores(vectors, classes), strict=True):
        ranked = _ranked(names, scores, model.card.temperature, max(top, 2))
        known = ranked[0].probability >= least
        items.append(_label(clip, ranked, ranked[0].label if known else UNKNOWN, top))
    return items


def label_vectors(model: Embedder, labels: Sequence[str], templates: Iterable[str] | None = None) -> Vectors:
    """Unit vectors float32 [labels, dim]: each prompt's vector has unit length, so has their mean."""
    prompts = model.card.prompts if templates is None else text_list(templates, "template")
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
    return unit_rows(_embedded(model, texts).reshape(len(labels), len(prompts), -1).mean(1))


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


def _check(labels: list[str], top: int, threshold: float | Literal["auto"] | None) -> None:
    if not labels:
        raise UsageError("No label was given.", "Give one label or more.")
    names = [readable(label).lower() for label in labels]
    if "" in names:
        raise UsageError(f"Label {names.index('') + 1} of {len(labels)} is empty.", "Take it out.")
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        more = f" and {len(twice) - 1} more" * (len(twice) > 1)
        log.warning("The label %r%s is given more than once: each stands for itself.", twice[0], more)
    check_count(top, "top")
    probability = isinstance(threshold, Real) and 0 <= threshold <= 1
    if not (probability or threshold is None or (isinstance(threshold, str) and threshold == "auto")):
        raise UsageError(
            f"The threshold was given as {threshold}.", "Give a probability from 0 to 1, or 'auto'."
        )


def _clips_of(source: Any) -> list[Path | Clip | Pixels]:
    one = isinstance(source, (str, Path, Clip, Frames)) or getattr(source, "ndim", 0) in (3, 4)
    return clip_list([source] if one else source)


def _place(clip: Path | Clip | Pixels) -> tuple[str, float, float | None]:
    if isinstance(clip, Clip):
        return str(clip.path), clip.start, clip.end
    return (str(clip) if isinstance(clip, Path) else ""), 0.0, None


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
