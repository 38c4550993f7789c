"""Captions: a text for each clip of an index or of media files."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from time import monotonic

import numpy as np

from vlret.errors import MediaError, UsageError
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.models.captioners.base import Captioner
from vlret.models.captioners.registry import load_captioner
from vlret.models.inputs import ordered
from vlret.models.registry import load_model
from vlret.tasks.clip_source import ClipSource, FileClips
from vlret.tasks.index_clips import IndexClips
from vlret.tasks.index_model import index_among, model_for_index, open_index
from vlret.tasks.label import UNKNOWN
from vlret.tasks.media_clips import MediaClips
from vlret.types import Caption, ClipCaption, SkippedFile, Vectors, as_path

log = logging.getLogger(__name__)

_CLIPS_AT_ONCE = 32
_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class FileCaptions:
    """The captions of one file in order of time; `warning` describes damage that left good frames."""

    path: str
    items: list[ClipCaption]
    warning: str | None = None


def caption(
    source: Index | str | Path | Iterable[str | Path],
    captioner: Captioner | str | Path = "auto",
    *,
    model: Embedder | str | Path | None = None,
    every_s: float | None = None,
    selective: bool = False,
    threshold: float | None = None,
) -> list[ClipCaption]:
    """Return a caption for each clip.

    Args:
        source: an open index or its directory (its embeddings are used, nothing is decoded); or media: files,
            directories, globs, lists of paths. A file that cannot be read is skipped with a warning.
        captioner: what `load_captioner` takes.
        model: an embedder or its name; None uses the index's own, and vljepa-mini for media.
        every_s: for media: a video is captioned in parts of so many seconds; None: the whole video up to 15 s, else
            parts of 10 s.
        selective: one caption for each segment of a video, a run of clips that are alike, from the embedding at its
            middle (paper, figure 4; `vlret.segment`): of the clips of an index, or of sliding windows.
        threshold: a caption with a lower score (a cosine) is "unknown"; None: the captioner's own, if one was fitted.

    Raises:
        UsageError: an argument is of the wrong type or out of bounds, or the captioner is one of another model.
        MediaError: there is no video or image that can be read.
        ModelError: the model comes without that captioner.
    """
    clips = open_source(source, model, every_s=every_s, selective=selective)
    captioner = with_threshold(load_captioner(captioner, clips.model), threshold)
    items, skipped = [], list(clips.skipped)
    for file in caption_files(clips, captioner, clips.roots):
        if isinstance(file, SkippedFile):
            skipped.append(file)
            continue
        items += file.items
        if file.warning:
            log.warning("partially read %s: %s", file.path, file.warning)
    for failed in skipped:
        log.warning("skipped %s: %s", failed.path, failed.reason)
    if clips.roots and not items:
        raise MediaError("None of the files could be read.", code="no_media")
    return items


def open_source(
    source: Index | str | Path | Iterable[str | Path],
    model: Embedder | str | Path | None = None,
    device: str = "auto",
    every_s: float | None = None,
    selective: bool = False,
    engine: str = "auto",
) -> ClipSource:
    """Return the clips that `caption` is given.

    Raises:
        UsageError, MediaError, ModelError: as `caption`.
    """
    if selective and every_s is not None:
        raise UsageError(
            f"Captions were requested for every {every_s} s and for segments.",
            "Give one of them.",
            code="every_and_selective",
        )
    given = _paths(source) if not isinstance(source, Index) else []
    kept = source if isinstance(source, Index) else index_among(given)
    if kept is not None:
        index = open_index(kept)
        if every_s is not None:
            raise UsageError(
                f"The clips of the index {index.place} are fixed.",
                "Give the media files, or build an index with clips of this length.",
                code="every_of_index",
                index=index.place,
            )
        return IndexClips(index, model_for_index(index, model, device, engine), selective)
    rule = _rule(every_s)
    embedder = (
        model if isinstance(model, Embedder) else load_model(model or "vljepa-mini", device, engine=engine)
    )
    return MediaClips(given, embedder, rule, selective)


def _paths(source: str | Path | Iterable[str | Path]) -> list[Path]:
    given = [source] if isinstance(source, (str, Path)) else ordered(source, "sources")
    return [as_path(path, "A source") for path in given]


def caption_files(
    source: ClipSource, captioner: Captioner, paths: Collection[str], progress: bool = True
) -> Iterator[FileCaptions | SkippedFile]:
    """Yield the captions of each of these files of `source`, or why it cannot be read.

    Short files are captioned together, unless they come slowly: text decoders are faster in batches.
    """
    waiting: list[FileClips] = []
    since_s = monotonic()
    for file in source.read(paths, progress):
        if isinstance(file, SkippedFile):
            yield file
            continue
        waiting.append(file)
        n_clips = sum(len(one.clips.vectors) for one in waiting)
        if n_clips >= _CLIPS_AT_ONCE or monotonic() - since_s >= _WAIT_S:
            yield from _captioned(waiting, captioner)
            waiting, since_s = [], monotonic()
    yield from _captioned(waiting, captioner)


def caption_vectors(
    captioner: Captioner, clips: Iterable[tuple[str, float, float]], vectors: Vectors
) -> list[ClipCaption]:
    """Return the caption of each of `clips`, (path, start, end), whose embeddings float32 [clips, dim] are at hand."""
    made = captioner.caption(vectors)
    return [_item(*clip, one, captioner) for clip, one in zip(clips, made, strict=True)]


def with_threshold(captioner: Captioner, threshold: float | None) -> Captioner:
    """Return `captioner` with this `unknown_threshold`; None: its own.

    Raises:
        UsageError: it is no cosine.
    """
    if threshold is None:
        return captioner
    if not isinstance(threshold, Real) or not -1 <= float(threshold) <= 1:
        raise UsageError(
            f"The threshold was given as {threshold!r}.",
            "Give a cosine from -1 to 1.",
            code="invalid_threshold",
            given=threshold,
        )
    changed = copy(captioner)
    changed.unknown_threshold = float(threshold)
    return changed


def settings_of(captioner: Captioner) -> str:
    """Return a text that is another one when `captioner` would write other texts."""
    return repr((captioner.name, captioner.revision, captioner.space, captioner.unknown_threshold))


def _captioned(files: Sequence[FileClips], captioner: Captioner) -> Iterator[FileCaptions]:
    if not files:
        return
    captions = iter(captioner.caption(np.concatenate([file.clips.vectors for file in files])))
    for file in files:
        spans = zip(file.clips.starts_s.tolist(), file.clips.ends_s.tolist(), strict=True)
        items = [_item(file.path, start, end, next(captions), captioner) for start, end in spans]
        yield FileCaptions(file.path, items, file.clips.warning)


def _item(path: str, start: float, end: float, made: Caption, captioner: Captioner) -> ClipCaption:
    text = made.text if captioner.knows(made) else UNKNOWN
    return ClipCaption(path, start, end, text, made.score)


def _rule(every_s: object) -> str:
    if every_s is None:
        return "auto"
    if not isinstance(every_s, Real) or not 0 < float(every_s) < math.inf:
        raise UsageError(
            f"The interval of captions was given as {every_s!r}.",
            "Give seconds above 0.",
            code="bad_interval",
            given=every_s,
        )
    return f"window:{float(every_s)}"
