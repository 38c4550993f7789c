"""Media as a temporary index: the same clips, frames and vectors as an index that is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from tempfile import TemporaryDirectory

from vlret.errors import MediaError
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.media.sources import find_media
from vlret.media.sources.path_list import LIST_SUFFIXES
from vlret.models.base import Embedder
from vlret.models.registry import load_model
from vlret.tasks.index_model import index_among, is_index, model_for_index
from vlret.types import Clip, SkippedFile


@dataclass(frozen=True, slots=True)
class SourceIndex:
    """An index, its model, and the files that were skipped or read only partially."""

    index: Index
    model: Embedder
    skipped: tuple[SkippedFile, ...] = ()
    partial: tuple[SkippedFile, ...] = ()


@contextmanager
def open_or_index(
    sources: Sequence[str], model: str | None, device: str = "auto", engine: str = "auto"
) -> Iterator[SourceIndex]:
    """The index folder that `sources` names, or an index of the media, removed afterwards.

    One way for both makes their labels agree, and gives media the guarded decoding of an index run.
    `model` None takes the index's own, and the default model for media.

    Raises:
        MediaError: there is nothing that could be read.
        UsageError: an index stands beside another source.
    """
    kept = index_among(sources)
    if kept is not None:
        index = Index.open(kept)
        yield SourceIndex(index, model_for_index(index, model, device, engine))
        return
    embedder = load_model(model or "vljepa-mini", device, engine=engine)
    with TemporaryDirectory(prefix="vlret-") as folder:
        report = build_index(sources, Path(folder) / "index", model=embedder)
        if not is_index(report.index):
            reasons = "; ".join(f"{file.path}: {file.reason}" for file in report.skipped)
            raise MediaError(
                f"{', '.join(sources)} contains nothing to label.", reasons and f"{reasons}.", code="no_media"
            )
        yield SourceIndex(Index.open(report.index), embedder, report.skipped, report.partial)


def names_one_file(source: str) -> bool:
    """Whether `source` is a video or image itself, there or not, and no index, folder, glob or list of them."""
    if os.path.isdir(source) or is_index(source) or Path(source).suffix.lower() in LIST_SUFFIXES:
        return False
    return os.path.isfile(source) or not has_magic(source)


def clips_in(source: str) -> tuple[list[Clip], list[SkippedFile]]:
    """The clips of an index; or the files that a folder, glob or list names, each as one clip.

    Raises:
        UsageError: there is no such source.
        MediaError: it holds no video or image.
    """
    if is_index(source):
        rows = Index.open(source).rows()
        spans = zip(rows["path"], rows["start"], rows["end"], strict=True)
        return [Clip.from_row(path, start, end) for path, start, end in spans], []
    found = find_media([source])
    if not found.files:
        reasons = "; ".join(f"{file.path}: {file.reason}" for file in found.skipped)
        raise MediaError(
            f"{source} contains no video or image.", reasons and f"{reasons}.", code="no_media", path=source
        )
    return [Clip(file.path) for file in found.files], found.skipped
