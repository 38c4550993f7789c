"""The same files embedded anew: with another model, other clips or frames."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from vlret.errors import IndexFolderError
from vlret.index.build import update_index
from vlret.index.columns_view import open_columns
from vlret.index.index import Index
from vlret.index.indexed_files import IndexedFile, indexed_files
from vlret.index.lock import writer_lock
from vlret.index.manifest import IndexRecipe, Manifest
from vlret.index.missing_files import find_missing_files
from vlret.index.plain_files import require_plain_folder
from vlret.index.requested_recipe import RequestedRecipe
from vlret.index.snapshot import Snapshot
from vlret.index.start import start_index
from vlret.index.store import Store
from vlret.index.swap import discard, swap
from vlret.index.view.open import open_view
from vlret.media.sources import Found, MediaFile
from vlret.media.sources.addresses import with_states
from vlret.models.base import Embedder
from vlret.remote_path import path_of
from vlret.tasks.index_model import require_trusted
from vlret.text import printable
from vlret.types import SkippedFile

NEXT = "reindex"
"""The folder in that of an index in which the new one grows."""


@dataclass(frozen=True, slots=True)
class ReindexReport:
    """What the index in `index` holds now: `files` and `clips`, made by `model`.

    `gone` are the files that it had and that are there no more, `skipped` those that could not be read this time;
    both are in it no longer. `is_new` is False where the index had the wanted settings already.
    """

    index: Path
    model: str
    files: int
    clips: int
    gone: tuple[Path, ...]
    skipped: tuple[SkippedFile, ...]
    wall_s: float
    is_new: bool = True

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON values, paths as `Path`."""
        return asdict(self)


def reindex(
    index: str | Path,
    model: str | Embedder | None = None,
    *,
    clips: str | None = None,
    n_frames: int | None = None,
    workers: int = 1,
    prune_missing_folders: bool = False,
    device: str = "auto",
    dtype: str = "auto",
    engine: str = "auto",
    progress: bool = True,
) -> ReindexReport:
    """Embed the files of an index anew, and put the result in its place when it is whole.

    The new index grows in the folder `reindex` of the old one, which can be searched and written all the time; one
    commit replaces the contents. Stopped at any moment, the same call goes on. Clips get new clip_ids; what users
    have noted about files stays.

    Args:
        index: its folder.
        model: as for `build_index`; None: that of the index.
        clips: the clip rule; None: as it is.
        n_frames: frames a clip; None: as it is, with another model that model's default.
        workers: decode processes.
        prune_missing_folders: give up the files of folders that are missing or empty.
        device, dtype, engine: for `load_model`; dtype auto stays as it is with the same model.
        progress: show a bar on stderr when that is a terminal.

    Raises:
        UsageError: an argument is not allowed.
        IndexFolderError: there is no index, or a damaged one; a folder with files of it is missing or empty; files
            are out of reach; an unfinished reindex with other settings is there.
        ModelError: the model cannot be loaded.
    """
    started_s = time.monotonic()
    opened = Index.open(index)
    opened.require_folder()
    store, next_store = Store(opened.folder), Store(opened.folder / NEXT)
    require_plain_folder(next_store.folder)
    requested = _requested(opened, model, clips, n_frames, device, dtype, engine)
    requested.validate()
    _files_there(Snapshot.read(store), prune_missing_folders)  # refuse before the model is loaded
    if not next_store.exists:
        discard(next_store, opened.manifest)  # what is left of one that was killed when it had ended
    embedder, recipe = _begin(next_store, requested, opened)
    if recipe == opened.recipe and not next_store.exists:
        return _report(store, [], [], started_s, is_new=False)
    held = RequestedRecipe.of_index(recipe, embedder)
    _build(store, next_store, held, workers, prune_missing_folders, progress)
    with writer_lock(store.folder):  # once more: what has come meanwhile
        files, gone = _build(store, next_store, held, workers, prune_missing_folders, progress)
        swap(store, next_store, {(file.file.root, file.file.path) for file in files})
    skipped = _skipped(next_store, files)
    discard(next_store, opened.manifest)
    manifest = store.read_manifest()
    open_view(store, manifest, open_columns(store, manifest), progress)
    return _report(store, gone, skipped, started_s)


def _requested(
    index: Index,
    model: str | Embedder | None,
    clips: str | None,
    n_frames: int | None,
    device: str,
    dtype: str,
    engine: str,
) -> RequestedRecipe:
    recipe = index.recipe
    if model is None:
        require_trusted(index, recipe.model)
        n_frames = recipe.n_frames if n_frames is None else n_frames
        dtype = recipe.dtype if dtype == "auto" else dtype
    return RequestedRecipe(
        model or recipe.model,
        clips or recipe.clips,
        n_frames,
        recipe.sampling,
        recipe.decoder,
        device,
        dtype,
        engine,
    )


def _begin(next_store: Store, requested: RequestedRecipe, index: Index) -> tuple[Embedder, IndexRecipe]:
    """The model and recipe of the new index, which is begun unless the old one has that recipe."""
    if next_store.exists:
        recipe = next_store.read_manifest().recipe
        try:
            requested.check(next_store.folder, recipe)
            return requested.load(next_store.folder, recipe), recipe
        except IndexFolderError as error:
            raise _other_reindex(next_store.folder, error) from error
    embedder = requested.load(index.folder, None)
    embedder.check_clips()
    recipe = requested.recipe(embedder)
    if requested.engine == "auto" and replace(recipe, engine=index.recipe.engine) == index.recipe:
        recipe = index.recipe  # another engine alone gives equal vectors
    if recipe != index.recipe:
        start_index(next_store, recipe, index.manifest.roots, index.manifest.id)
    return embedder, recipe


def _build(
    store: Store, next_store: Store, held: RequestedRecipe, workers: int, prune: bool, progress: bool
) -> tuple[list[IndexedFile], list[Path]]:
    """Bring the new index up to date with the files of the old one; these, and those that are gone."""
    old = Snapshot.read(store)
    files, gone = _files_there(old, prune)
    _follow(next_store, old.manifest)
    media = [MediaFile(path_of(old.manifest.roots[file.file.root]), file.path) for file in files]
    update_index(next_store, held, Found(with_states(media), []), workers, progress=progress)
    unreached = _skipped(next_store, files, unreached=True)
    if unreached:
        raise IndexFolderError(
            f"{len(unreached)} files of {printable(store.folder)} cannot be reached, such as "
            f"{printable(unreached[0].path)}: {printable(unreached[0].reason)}.",
            "The index stays as it was. Run again when they are back: what is done is kept.",
            code="files_unreached",
            index=store.folder,
        )
    return files, gone


def _files_there(old: Snapshot, prune_missing_folders: bool) -> tuple[list[IndexedFile], list[Path]]:
    """The files of the index that are there, and those that are gone."""
    missing = find_missing_files(old, missing_folders=prune_missing_folders)
    if missing.folders:
        folder, n_files = missing.folders.most_common(1)[0]
        raise IndexFolderError(
            f"{printable(folder)}, with {n_files} files of {printable(old.store.folder)}, is missing or empty.",
            "Connect its drive. If the files are gone for good, give them up (prune_missing_folders=True).",
            code="folder_missing",
            path=folder,
            index=old.store.folder,
        )
    gone_ids = set(missing.clip_ids)
    files = indexed_files(old)
    return (
        [file for file in files if file.ids[0] not in gone_ids],
        [file.path for file in files if file.ids[0] in gone_ids],
    )


def _follow(store: Store, old: Manifest) -> None:
    """Take over the folders that the old index has now, and whether it stores windows."""
    manifest = store.read_manifest()
    stores_windows = manifest.windows is not None or old.windows is None
    if manifest.roots != old.roots or not stores_windows:
        with writer_lock(store.folder):
            windows = manifest.windows if stores_windows else ()
            store.commit(manifest.next(roots=old.roots, windows=windows))


def _skipped(store: Store, files: Iterable[IndexedFile], unreached: bool = False) -> list[SkippedFile]:
    """Those of `files` that the new index has no clips of; `unreached`: those that could not be opened."""
    paths, snapshot = {file.path for file in files}, Snapshot.read(store)
    found = [(row, snapshot.absolute(row.root, row.path)) for row in snapshot.skipped]
    return [
        SkippedFile(path, row.reason)
        for row, path in found
        if path in paths and not (unreached and row.size >= 0)
    ]


def _report(
    store: Store, gone: list[Path], skipped: list[SkippedFile], started_s: float, is_new: bool = True
) -> ReindexReport:
    index = Index.open(store.folder)
    return ReindexReport(
        store.folder, index.card.name, index.n_files, len(index), tuple(gone), tuple(skipped),
        time.monotonic() - started_s, is_new,
    )  # fmt: skip


def _other_reindex(folder: Path, error: IndexFolderError) -> IndexFolderError:
    return IndexFolderError(
        f"An unfinished reindex with other settings is in {printable(folder)}: {error.message}",
        f"Give its settings to finish it, or delete {printable(folder)}.",
        code="other_reindex",
        path=folder,
    )
