"""Media files to an index on disk, or the new and changed ones into an existing index."""

from __future__ import annotations

import glob
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from threading import Thread

from vlret.errors import IndexFolderError, UsageError
from vlret.index.columns_view import open_columns
from vlret.index.encode import BatchEncoded, FileEncoded
from vlret.index.encode_files import FileToEncode, encode_files
from vlret.index.exclude import without_excluded
from vlret.index.fill_metadata import fill_metadata
from vlret.index.filter import patterns_of
from vlret.index.fingerprint import is_readable
from vlret.index.lock import LOCK, writer_lock
from vlret.index.manifest import Manifest
from vlret.index.missing_files import MissingFiles, find_missing_files
from vlret.index.move import move_files
from vlret.index.plan import Todo, make_plan, readable, stale_skips
from vlret.index.progress import Progress
from vlret.index.report import BuildReport
from vlret.index.requested_recipe import RequestedRecipe
from vlret.index.snapshot import Snapshot
from vlret.index.start import require_own_folder
from vlret.index.store import Store
from vlret.index.store_windows import store_windows, videos_without_windows
from vlret.index.tables import SkippedRow
from vlret.index.view.open import open_view
from vlret.index.writer import IndexWriter
from vlret.media.pool import DecodePool, FileFailed
from vlret.media.sources import MEDIA_SUFFIXES, Found, find_media, typed_path
from vlret.media.sources.path_list import LIST_SUFFIXES
from vlret.models.base import Embedder
from vlret.models.inputs import ordered
from vlret.remote_path import RemotePath, real_path
from vlret.text import printable
from vlret.types import SkippedFile, as_path

INDEXES = Path("indexes")


def build_index(
    sources: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    model: str | Embedder = "vljepa-mini",
    clips: str = "auto",
    n_frames: int | None = None,
    sampling: str = "midpoint",
    decoder: str = "auto",
    workers: int = 1,
    prune: bool = False,
    prune_missing_folders: bool = False,
    device: str = "auto",
    dtype: str = "auto",
    engine: str = "auto",
    progress: bool = True,
    exclude: Sequence[str] | str | None = None,
    moments: bool = False,
) -> BuildReport:
    """Encode the clips of media files into the index folder `out`; again: only what is new or changed.

    A file that was moved or renamed keeps its vectors: it is recognised by its content.

    Args:
        sources: files, folders, globs, text files of paths, CSV files with a path column; all of them may be at
            addresses (`s3://bucket/folder`, docs/object-stores.md).
        out: the index folder; default `indexes/NAME`, NAME being that of the first source.
        model: a name or folder for `load_model`, or a loaded model.
        clips: the clip rule, as in `vlret.media.clips`.
        n_frames: frames a clip; default: the index's, else the model's.
        sampling: the rule of `vlret.media.sampling`.
        decoder: auto, pyav or decord.
        workers: decode processes.
        prune: drop the clips of files that are gone, unless their whole directory is missing or empty: it may
            be a drive that is not plugged in.
        prune_missing_folders: drop those, too.
        device, dtype, engine: for `load_model`; dtype auto takes the dtype of an existing index.
        progress: show a bar on stderr when that is a terminal.
        exclude: files that are not taken in, as in `Filter.exclude`; the index keeps the list for the next runs.
            None: the list that it has. Clips that it has of such files stay.
        moments: store the vectors of sliding windows, too, from now on: a search for moments decodes nothing then.

    Raises:
        IndexFolderError: the index was built with other settings, is locked or damaged, or a whole root is
            missing when pruning.
        UsageError: a source is not there, or an argument is not allowed.
        ModelError: the model cannot be loaded.
    """
    requested = RequestedRecipe(model, clips, n_frames, sampling, decoder, device, dtype, engine)
    requested.validate()
    excluded = None if exclude is None else patterns_of(exclude)
    paths, store = open_folder(sources, out)
    prune = prune or prune_missing_folders
    try:
        found = find_media(paths)
    except UsageError:
        if prune and store.exists:  # report a missing drive as such, not as a missing source
            find_missing_files(Snapshot.read(store), missing_folders=prune_missing_folders)
        raise
    if not out and store.exists:
        require_same_library(store, found)
    return update_index(
        store, requested, found, workers, prune, prune_missing_folders, progress, excluded, moments
    )


def update_index(
    store: Store,
    requested: RequestedRecipe,
    found: Found,
    workers: int = 1,
    prune: bool = False,
    prune_missing_folders: bool = False,
    progress: bool = True,
    exclude: tuple[str, ...] | None = None,
    moments: bool = False,
) -> BuildReport:
    """Encode what is new or changed of the files `found`; arguments and errors as in `build_index`."""
    started_s = time.monotonic()
    with DecodePool(workers) as pool, _left_clean(store), writer_lock(store.folder):
        run = _Run(store, requested, found, prune, prune_missing_folders, exclude)
        run.encode(pool, workers, progress)
        run.store_windows(pool, workers, progress, moments)
    return run.report(time.monotonic() - started_s)


@contextmanager
def _left_clean(store: Store) -> Iterator[None]:
    """A run that ends before there is an index leaves no new folder behind."""
    is_new = not store.folder.exists()
    try:
        yield
    finally:
        if is_new and not store.exists:
            with suppress(OSError):
                (store.folder / LOCK).unlink()
                store.folder.rmdir()


def open_folder(
    sources: str | Path | Sequence[str | Path], out: str | Path | None
) -> tuple[list[Path], Store]:
    """The sources of `build_index` as paths, and the folder of its index, which is checked.

    Raises:
        UsageError: one of them is not a path.
        IndexFolderError: the folder holds something that is not an index.
    """
    given = [sources] if isinstance(sources, (str, Path)) else ordered(sources, "sources")
    paths = [as_path(source, "A source") for source in given]
    store = Store(as_path(out, "The folder of the index") if out else default_folder(paths))
    require_own_folder(store)
    return paths, store


def default_folder(sources: Sequence[str | Path]) -> Path:
    """`indexes/NAME` after the first source: its folder, its file less the suffix, a glob's fixed folder."""
    if not sources:
        raise UsageError(
            "No source was given.", "Give a file, a directory or a list of paths.", code="no_sources"
        )
    source = typed_path(sources[0])
    plain = next((part for part in (source, *source.parents) if not glob.has_magic(part.name)), source)
    name = plain.name if _is_folder(plain) else plain.stem
    return INDEXES / (name or "index")


def _is_folder(path: Path) -> bool:
    """Whether a path is a directory; an address, which is not looked up for that, if it has no suffix of a file."""
    if isinstance(path, RemotePath):
        return path.suffix.lower() not in MEDIA_SUFFIXES | LIST_SUFFIXES
    return path.is_dir()


def require_same_library(store: Store, found: Found) -> None:
    """Two directories of one name must not end in one index because `out` was not given."""
    roots = store.read_manifest().roots
    given = list(dict.fromkeys(str(file.root) for file in found.files))
    if given and roots and {*map(real_path, roots)}.isdisjoint(map(real_path, given)):
        raise IndexFolderError(
            printable(f"The index {store.folder} is of {', '.join(roots)}, not of {', '.join(given)}."),
            "Name the directory of the index: a new one, or this one to add to it.",
            code="index_of_other_library",
            index=printable(store.folder),
            given=given,
        )


class _Run:
    """One run over an index, under its lock."""

    def __init__(
        self,
        store: Store,
        requested: RequestedRecipe,
        found: Found,
        prune: bool,
        prune_missing_folders: bool,
        exclude: tuple[str, ...] | None,
    ) -> None:
        self._store, self._asked, self._prune = store, requested, prune
        self._snapshot = Snapshot.read(store) if store.exists else None
        if self._snapshot:
            store.sweep(self._snapshot.manifest)
            self._snapshot = _as_requested(self._snapshot, requested)
        recorded = self._snapshot.manifest.exclude if self._snapshot else ()
        self._exclude = recorded if exclude is None else exclude
        self._found, self._n_excluded = without_excluded(found, self._exclude)
        self._plan = make_plan(self._found, self._snapshot)
        self._todo = {item.path: item for item in self._plan.todo}
        self._missing = MissingFiles()
        if prune and self._snapshot:
            moved = {item.clip_ids[0] for item in self._plan.moved}
            self._missing = find_missing_files(self._snapshot, moved, prune_missing_folders, found.listed)
        self._failed: list[SkippedFile] = []
        self._partial: list[SkippedFile] = []
        self._n_new = self._n_clips = self._n_dropped = self._n_filled = 0
        self._seconds = 0.0
        self._embedder: Embedder | None = None

    def encode(self, pool: DecodePool, workers: int, progress: bool) -> None:
        """Bring the index up to date; a stop at any moment keeps what was committed."""
        if self._todo:
            pool.start()  # beside the model's own start
        embedder = self._embedder = self._load() if self._todo else None
        if self._snapshot is None:  # nothing to encode and no index yet
            return
        snapshot = self._with_exclude(self._snapshot)
        writer = IndexWriter(snapshot, self._plan.roots)
        self._record(writer, snapshot)
        try:
            if embedder is not None:
                self._encode_files(writer, embedder, pool, workers, progress)
        finally:
            writer.commit()  # whole files that wait for their shard are kept, also on Ctrl-C
        self._n_dropped = writer.n_dropped - sum(len(item.clip_ids) for item in self._plan.moved)
        after, paths = Snapshot.read(self._store), {file.path for file in self._found.files}
        self._n_filled = fill_metadata(after, paths, pool, progress)
        after = Snapshot.read(self._store) if self._n_filled else after
        open_view(self._store, after.manifest, open_columns(self._store, after.manifest), progress)

    def _with_exclude(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot after the patterns of this run were recorded."""
        if self._exclude == snapshot.manifest.exclude:
            return snapshot
        manifest = snapshot.manifest.next(exclude=self._exclude)
        self._store.commit(manifest)
        return replace(snapshot, manifest=manifest)

    def store_windows(self, pool: DecodePool, workers: int, progress: bool, start: bool) -> None:
        """Store the windows of videos that have none, if the index does that, or shall `start` to."""
        if not self._store.exists:
            return
        manifest = self._store.read_manifest()
        if manifest.windows is None:
            if not start:
                return
            self._store.commit(manifest.next(windows=()))
        snapshot = Snapshot.read(self._store)
        files = videos_without_windows(snapshot, {file.path for file in self._found.files})
        if files:
            embedder = self._embedder or self._asked.load(self._store.folder, snapshot.manifest.recipe)
            self._partial += store_windows(snapshot, files, embedder, pool, workers, progress)

    def _load(self) -> Embedder:
        old = self._snapshot.manifest if self._snapshot else None
        made = old.recipe if old and old.next_clip_id else None
        embedder = self._asked.load(self._store.folder, made)
        if made is None:
            embedder.check_clips()
            recipe = self._asked.recipe(embedder)
            manifest = old.next(recipe=recipe) if old else Manifest.start(recipe)
            self._store.commit(manifest)
            self._store.sweep(manifest)
            self._snapshot = Snapshot.read(self._store)
        return embedder

    def _record(self, writer: IndexWriter, snapshot: Snapshot) -> None:
        for row in stale_skips(snapshot, self._found, self._prune):
            writer.forget(row)
        for row in self._plan.skipped.values():
            writer.skip(row)
        writer.drop(self._plan.doubles)
        writer.drop(self._missing.clip_ids)
        move_files(writer, snapshot, self._plan.moved)

    def _encode_files(
        self, writer: IndexWriter, embedder: Embedder, pool: DecodePool, workers: int, progress: bool
    ) -> None:
        files = [FileToEncode(item.path, item.file.size, item.file.mtime_ns) for item in self._plan.todo]
        Thread(target=_import_later_needed, daemon=True).start()  # while the first clips are decoded
        with (
            closing(encode_files(files, writer.recipe, embedder, pool, workers)) as results,
            Progress(self._plan.todo, progress) as bar,
        ):
            for event in results:
                if isinstance(event, BatchEncoded):
                    bar.add_clips(event.n_clips)
                else:
                    self._finish(writer, self._todo[event.job.path], event)
                    bar.file_done(self._todo[event.job.path])
                writer.commit_if_due()

    def _finish(self, writer: IndexWriter, item: Todo, event: FileEncoded | FileFailed) -> None:
        if isinstance(event, FileFailed):
            writer.skip(_skipped(item, event), item.old_ids)
            self._failed.append(SkippedFile(item.path, event.reason))
            return
        writer.add(item.file, event.fingerprint, event.clips, event.vectors, item.old_ids, event.info)
        self._n_new += 1
        self._n_clips += len(event.clips)
        self._seconds += event.duration_s
        if event.warning:
            self._partial.append(SkippedFile(item.path, event.warning))

    def report(self, wall_s: float) -> BuildReport:
        """What the run did."""
        passed = [SkippedFile(readable(path), row.reason) for path, row in self._plan.skipped.items()]
        return BuildReport(
            index=self._store.folder, found=self._plan.n_found,
            new=self._n_new, unchanged=self._plan.n_unchanged,
            skipped=(*passed, *self._failed), partial=tuple(self._partial), dropped=self._n_dropped,
            clips=self._n_clips, hours=self._seconds / 3600, wall_s=wall_s,
            moved=len(self._plan.moved), unread=self._found.unread,
            missing_folders={str(folder): n for folder, n in self._missing.folders.items()},
            filled=self._n_filled, excluded=self._n_excluded,
        )  # fmt: skip


def _import_later_needed() -> None:
    """Import what the first commit and the view need: half a second in which nothing would be encoded."""
    for name in ("pandas", "faiss"):  # pyarrow imports pandas with its first array
        import_module(name)


def _as_requested(snapshot: Snapshot, requested: RequestedRecipe) -> Snapshot:
    """The snapshot, if the index was made as `requested`; one that never had a clip may be made otherwise."""
    try:
        requested.check(snapshot.store.folder, snapshot.manifest.recipe)
    except IndexFolderError:
        if snapshot.manifest.next_clip_id:
            raise
        return replace(snapshot, manifest=replace(snapshot.manifest, skipped=None), skipped=[])
    return snapshot


def _skipped(item: Todo, failed: FileFailed) -> SkippedRow:
    """The row of a file that failed; one that is out of reach now will be tried again as it is."""
    row = SkippedRow(**asdict(item.file), reason=failed.reason)
    is_final = not failed.retry and is_readable(item.path)
    return row if is_final else replace(row, size=-1, mtime_ns=-1)
