"""How well the media of one's own index are found by captions."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from vlret.cache_folder import default_cache
from vlret.datasets.base import Media, RetrievalSet
from vlret.errors import UsageError
from vlret.evaluation.embeddings.model_embeddings import ModelEmbeddings
from vlret.evaluation.embeddings.source import MediaItem
from vlret.evaluation.metrics.ranks import Ints, ScoreBlocks, Scores, cosine
from vlret.evaluation.protocol.protocol import Protocol
from vlret.evaluation.results.build import make_model_result, make_result
from vlret.evaluation.results.contents import Contents, RetrievalText
from vlret.evaluation.results.result import BenchResult
from vlret.evaluation.tasks.base import source_numbers
from vlret.evaluation.tasks.missing import files_of, some_of
from vlret.evaluation.tasks.retrieval import Retrieval, direction_sections
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.text import printable


@dataclass(frozen=True, slots=True)
class _Pool:
    """What is searched: files, each as good as its best clip, or clips. `of_clip` [n] numbers the pool.

    `seconds` is how long each is, None for images; of a file, of which an index keeps no length, it goes to the end
    of its last clip: damage, or windows with gaps, may leave more behind that.
    """

    items: list[MediaItem]
    of_clip: Ints
    seconds: list[float | None]

    @property
    def media(self) -> list[Media]:
        return [Media(item.id, (str(item.path),), item.start, item.end) for item in self.items]


def run_captions(
    captions: RetrievalSet,
    folder: Path,
    index: Index,
    model: Embedder,
    *,
    ties: str = "expected",
    rerank: Sequence[str] = (),
    allow_missing: bool = False,
    cache: Path | None = None,
) -> BenchResult:
    """Search all of `index` for each caption; the result is that of `run`, text to video only.

    Captions of whole files look for files, as `vlret search` lists them; where a caption has times, all look
    for clips, and every clip that overlaps with the times is right.

    Args:
        captions: `vlret.datasets.custom.read_captions` of a CSV; paths are absolute, below `folder` or, where no file
            of the index lies there, below one of its roots.
        folder: the CSV's folder.
        model: the index's own.

    Raises:
        UsageError: files of captions are not in the index, and that is not allowed.
        IndexFolderError: another model made the index.
    """
    index.require_card(model.card)
    protocol = _protocol(captions, index, ties, rerank, allow_missing)
    wanted, missing = rows_of(captions, folder, index, allow_missing)
    rows = index.rows()
    pool = _clips_of(rows) if _has_times(captions) else _files_of(rows)
    seen = ModelEmbeddings(model, protocol, default_cache() if cache is None else cache)
    asked = [
        (text, wanted[o]) for text, o in zip(captions.texts, captions.owner, strict=True) if len(wanted[o])
    ]
    texts = [text for text, _ in asked]
    relevant = _relevant([pool.of_clip[found] for _, found in asked], len(pool.items))
    scores = _best_of(cosine(seen.texts(texts), index.vectors()), pool.of_clip)
    right = [numbers.tolist() for numbers in np.split(relevant.indices, relevant.indptr[1:-1])]
    owner = [first for first, *_ in right]
    sections = direction_sections(
        "text to video", ("texts", "items"), scores, relevant, source_numbers(pool.media)[owner],
        protocol, seen.temperature,
    )  # fmt: skip
    seen.flush()
    scored = Retrieval(replace(captions, media=pool.media, texts=texts, owner=owner)).scored_set()
    contents = Contents(
        texts=tuple(
            RetrievalText(text, first, tuple(also) or None)
            for text, (first, *also) in zip(texts, right, strict=True)
        )
    )
    result = make_model_result(seen, scored, pool.items, sections, [], protocol, missing, {})
    shown = replace(scored, contents=contents)
    return make_result(shown, pool.items, pool.seconds, missing, {}, [result])


def rows_of(
    captions: RetrievalSet, folder: Path, index: Index, allow_missing: bool
) -> tuple[list[Ints], list[str]]:
    """The rows of `index` of each captioned item, and the ids of items that have none.

    Raises:
        UsageError: some items have none and that is not allowed, or all have none; or a name is that of several files.
    """
    rows = index.rows()
    files = _Files(rows)
    wanted = [_matching(rows, files.rows_of(item.files[0], folder), item) for item in captions.media]
    absent = [item for item, found in zip(captions.media, wanted, strict=True) if not len(found)]
    missing = [item.id for item in absent]
    if (missing and not allow_missing) or len(missing) == len(wanted):
        what = "clips" if _has_times(captions) else "files"
        raise UsageError(
            f"{len(missing)} of {len(wanted)} captioned {what} are not in {index.place}: {some_of(missing)}.",
            "Index them, or allow missing media.",
            code="captions_not_in_index",
            files=files_of(absent),
            index=index.place,
        )
    return wanted, missing


def _protocol(
    captions: RetrievalSet, index: Index, ties: str, rerank: Sequence[str], allow_missing: bool
) -> Protocol:
    recipe = index.recipe
    choices = {
        "clips": recipe.clips, "decoder": recipe.decoder, "dtype": recipe.dtype,
        "pool": "clips" if _has_times(captions) else "files",
    }  # fmt: skip
    return Protocol(
        captions.card.name, captions.card.split, choices, recipe.n_frames, recipe.sampling,
        query=recipe.query, ties=ties, rerank=tuple(rerank), allow_missing=allow_missing,
    )  # fmt: skip


def _has_times(captions: RetrievalSet) -> bool:
    return any(item.start > 0 or item.end is not None for item in captions.media)


def _files_of(rows: pd.DataFrame) -> _Pool:
    numbers, _ = pd.factorize(rows["path"])
    files = rows.drop_duplicates("path")
    items = [
        MediaItem(digest, path, Path(path))
        for path, digest in zip(files["path"], files["fingerprint"], strict=True)
    ]
    ends_s = rows["end"].astype(float).groupby(numbers).max().tolist()
    return _Pool(items, np.asarray(numbers, np.int64), [end_s or None for end_s in ends_s])


def _clips_of(rows: pd.DataFrame) -> _Pool:
    spans = zip(
        rows["path"], rows["fingerprint"], rows["start"].astype(float), rows["end"].astype(float), strict=True
    )
    items = [
        MediaItem(f"{digest}|{start}|{end}", f"{path} from {start:g} to {end:g} s", Path(path), start, end)
        for path, digest, start, end in spans
    ]
    seconds = (rows["end"].astype(float) - rows["start"].astype(float)).tolist()
    return _Pool(items, np.arange(len(rows)), [length_s or None for length_s in seconds])


class _Files:
    """The files of an index by the names that a list may have for them."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self._rows_of = rows.groupby("path").indices
        files = rows.drop_duplicates("path")
        self._paths = _by_name(files["path"], files["path"])
        self._below_roots = _by_name(files["relative_path"], files["path"])

    def rows_of(self, name: str, folder: Path) -> Ints:
        """Row numbers of the file that `name` stands for: taken from `folder`, else from a root of the index.

        A name in another Unicode normal form is taken where it stands nowhere exactly.

        Raises:
            UsageError: several files have this name below their roots.
        """
        path, below = os.path.abspath(folder / name), os.path.normpath(name)
        for names, one in ((self._paths, path), (self._below_roots, Path(below).as_posix())):
            found = names.get(one) or names.get(normalize("NFC", one)) or []
            if len(found) > 1:
                raise UsageError(
                    f"{printable(name)} is the name of {len(found)} files: {some_of([*map(printable, found)])}.",
                    "Write the whole path.",
                    code="ambiguous_file_name",
                    given=name,
                )
            if found:
                return np.asarray(self._rows_of[found[0]], np.int64)
        return np.empty(0, np.int64)


def _by_name(names: Iterable[str], paths: Iterable[str]) -> dict[str, list[str]]:
    """The paths of each name, and of each normal form that is not itself a name."""
    exact, alike = defaultdict(list), defaultdict(list)
    for name, path in zip(names, paths, strict=True):
        exact[name].append(path)
        alike[normalize("NFC", name)].append(path)
    return {**alike, **exact}


def _matching(rows: pd.DataFrame, numbers: Ints, item: Media) -> Ints:
    """Those of the row numbers whose clips overlap with the item's span."""
    start_s, end_s = (rows[name].to_numpy(float)[numbers] for name in ("start", "end"))
    end = np.inf if item.end is None else item.end
    overlaps: Ints = numbers[(start_s == end_s) | ((start_s < end) & (end_s > item.start))]
    return overlaps


def _relevant(found: Sequence[Ints], n_pool: int) -> csr_array:
    unique = [np.unique(numbers) for numbers in found]
    rows = np.repeat(np.arange(len(unique)), [len(numbers) for numbers in unique])
    columns = np.concatenate(unique)
    return csr_array((np.ones(len(rows), bool), (rows, columns)), (len(unique), n_pool))


def _best_of(scores: ScoreBlocks, of_clip: Ints) -> ScoreBlocks:
    """The best score of each group of columns."""
    order = np.argsort(of_clip, kind="stable")
    starts = np.flatnonzero(np.diff(of_clip[order], prepend=-1))

    def blocks() -> Iterator[Scores]:
        for block in scores():
            yield np.maximum.reduceat(block[:, order], starts, axis=1)

    return blocks
