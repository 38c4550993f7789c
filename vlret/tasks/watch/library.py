"""The folders that are watched, and the index that they are taken into."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path

from vlret.errors import IndexFolderError, UsageError
from vlret.index.build import update_index
from vlret.index.index import Index
from vlret.index.manifest import IndexRecipe
from vlret.index.report import BuildReport
from vlret.index.requested_recipe import RequestedRecipe
from vlret.index.start import require_own_folder, start_index
from vlret.index.store import Store
from vlret.media.sources import Found, MediaFile, find_media
from vlret.models.base import Embedder
from vlret.remote_path import RemotePath
from vlret.tasks.index_model import model_for_index
from vlret.tasks.watch.settled import SettledFiles
from vlret.text import printable

log = logging.getLogger(__name__)

DEFAULT_MODEL = "vljepa-mini"
FULL_LOOK_S = 3600.0


class WatchedLibrary:
    """Takes what is new in `folders` (absolute) into the index in `store`, with a model that stays loaded.

    Raises:
        UsageError: a folder is missing and unknown to the index, or is a file.
        IndexFolderError, ModelError: the index is damaged, or its model cannot be loaded.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        store: Store,
        model: str | Embedder | None,
        device: str,
        settle_s: float,
        prune: bool,
        workers: int,
        progress: bool,
    ) -> None:
        self._folders, self._store, self._model, self._device = folders, store, model, device
        self._prune, self._workers, self._progress = prune, workers, progress
        self._settled = SettledFiles(settle_s)
        self._away: set[Path] = set()
        self._next_full_s = 0.0
        self._prune_due = False
        _require_folders(folders, store)
        self._requested = self._open()

    def _open(self) -> RequestedRecipe:
        if self._store.exists:
            index = Index.open(self._store.folder)
            embedder, recipe = model_for_index(index, self._model, self._device), index.recipe
        else:
            embedder, recipe = self._start()
        self._recipe = recipe
        return RequestedRecipe.of_index(recipe, embedder)

    def _start(self) -> tuple[Embedder, IndexRecipe]:
        """A new index with the default settings."""
        require_own_folder(self._store)
        model = self._model or DEFAULT_MODEL
        requested = RequestedRecipe(model, "auto", None, "midpoint", "auto", self._device, "auto")
        requested.validate()
        embedder = requested.load(self._store.folder, None)
        embedder.check_clips()
        recipe = requested.recipe(embedder)
        start_index(self._store, recipe)
        return embedder, recipe

    def look(self) -> BuildReport | None:
        """Take what has settled into the index; None if that changed nothing in it.

        Raises:
            VlretError, OSError: it could not be done now; the next look tries it again.
        """
        manifest = self._store.read_manifest()  # first: an index that is away is not made anew
        if time.monotonic() >= self._next_full_s:
            self._settled.forget()
            self._prune_due, self._next_full_s = self._prune, time.monotonic() + FULL_LOOK_S
        there = [folder for folder in self._folders if self._is_there(folder)]
        ready = self._settled.look(find_media(there).files)
        self._prune_due |= self._prune and self._settled.n_vanished > 0
        is_calm = len(there) == len(self._folders) and self._settled.n_waiting == len(ready)
        prune = self._prune_due and is_calm  # what is on its way may be a moved file
        if not (ready or prune):
            return None
        if manifest.recipe != self._recipe:  # `reindex` has replaced it
            self._requested = self._open()
        report = self._update(ready, prune)
        self._settled.take(ready)
        self._prune_due &= not prune
        is_news = report.new or report.moved or report.skipped or report.dropped
        return report if is_news and self._store.read_manifest().revision != manifest.revision else None

    def _update(self, files: list[MediaFile], prune: bool) -> BuildReport:
        found = Found(files, [])
        try:
            return update_index(
                self._store, self._requested, found, self._workers, prune, progress=self._progress
            )
        except IndexFolderError as error:
            if error.code != "root_missing":
                raise
            log.warning("Nothing is pruned: %s", error.message)
            return update_index(self._store, self._requested, found, self._workers, progress=self._progress)

    @property
    def is_waiting(self) -> bool:
        """Whether files have not settled yet."""
        return self._settled.n_waiting > 0

    @property
    def next_look_s(self) -> float:
        """Seconds until a look is due even if nothing happens."""
        return max(0.0, self._next_full_s - time.monotonic())

    def _is_there(self, folder: Path) -> bool:
        is_there = not _is_missing_or_empty(folder)
        if is_there != (folder not in self._away):
            self._away ^= {folder}
            state = (
                "is there again" if is_there else "is missing or empty: its part of the index stays as it is"
            )
            log.warning("%s %s.", printable(folder), state)
        return is_there


def _is_missing_or_empty(folder: Path) -> bool:
    """Whether nothing is in sight; an unmounted share is an empty folder, or one that cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return True


def _require_folders(folders: Sequence[Path], store: Store) -> None:
    known = store.read_manifest().roots if store.exists else ()
    for folder in folders:
        if isinstance(folder, RemotePath):
            raise UsageError(
                f"{printable(folder)} is an address: only directories of this machine are watched.",
                "Build the index again now and then: what is unchanged is not fetched.",
                code="address_watched", given=folder,
            )  # fmt: skip
        if not folder.is_dir() and (str(folder) not in known or folder.exists()):
            raise UsageError(
                f"{printable(folder)} is not a directory.",
                "Give directories. One that does not exist now is watched only if the index has files of it.",
                code="not_a_directory",
                path=folder,
            )
