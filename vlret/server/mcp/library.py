"""The indexes of a server for language models: opened at once, their models loaded in the background."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from vlret.errors import UsageError, VlretError
from vlret.models.inputs import check_text
from vlret.server.decoders import Decoders
from vlret.server.media_files import MediaFile, MediaFiles
from vlret.server.settings import Limits
from vlret.tasks.index_model import short_name
from vlret.tasks.searcher import Searcher
from vlret.types import Clip, QueryVector

WAIT_S = 3.0
"""How long a call waits for a model that is loading; clients give up after 5 s."""


class ToolIndex:
    """One index by its id, and its searcher."""

    def __init__(self, index_id: str, place: str | Path, model: str | None, device: str) -> None:
        self.id, self.searcher = index_id, Searcher(place, model, device)
        self._lock = threading.Lock()
        self._files = MediaFiles(self.searcher.index)
        self._files_of = self.searcher.index

    @property
    def files(self) -> MediaFiles:
        """Its media files at the revision that is searched."""
        with self._lock:
            if self._files_of is not self.searcher.index:
                self._files_of = self.searcher.index
                self._files = MediaFiles(self._files_of)
            return self._files

    def embed(self, text: str) -> QueryVector:
        """The vector of a sentence. A text of a language model is never read as the path of a file.

        Raises:
            UsageError: the text is empty.
        """
        check_text(text, "The query")
        if not text.strip():
            raise UsageError("The query is empty.", "Give a sentence.", code="empty_query")
        with self._lock:
            return QueryVector(self.searcher.model.embed_texts([text])[0], is_text=True)


class ToolLibrary:
    """The indexes of a server by id; a context manager.

    Raises:
        IndexFolderError: a folder holds no index, or a damaged one.
    """

    def __init__(self, places: Sequence[str | Path], model: str | None = None, device: str = "auto") -> None:
        self.indexes: dict[str, ToolIndex] = {}
        for place in places:
            index_id = self._free_id(short_name(place))
            self.indexes[index_id] = ToolIndex(index_id, place, model, device)
        self._decoders = Decoders(Limits())
        self._loaded, self._error = threading.Event(), ""
        self._thread = threading.Thread(target=self._load, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._decoders.close()

    def chosen(self, index_id: str | None) -> list[ToolIndex]:
        """The index of that id, at its newest revision and with its model loaded; None: all.

        Raises:
            UsageError: there is none.
            VlretError: the models are still loading, or could not be loaded.
        """
        if index_id is not None and index_id not in self.indexes:
            raise UsageError(
                f"There is no index {index_id!r}.", f"The indexes: {', '.join(self.indexes)}.",
                code="no_such_index",
            )  # fmt: skip
        self._require_loaded()
        chosen = list(self.indexes.values()) if index_id is None else [self.indexes[index_id]]
        for index in chosen:
            index.searcher.refresh()
        return chosen

    def media(self, media: str) -> tuple[ToolIndex, MediaFile]:
        """The file of an id `INDEX/ID`, and its index.

        Raises:
            VlretError: there is no such file, or as `chosen`.
        """
        index_id, _, media_id = media.rpartition("/")
        (index,) = self.chosen(index_id)
        return index, index.files.by_id(media_id)

    def contact_sheet(self, clip: Clip, n_frames: int) -> tuple[bytes, list[float]]:
        """Frames of a clip in one JPEG, decoded in a child process, and their times in seconds.

        Raises:
            MediaError: the file cannot be read.
        """
        header, data = self._decoders.ask("contact_sheet", clip, n_frames=n_frames)
        return np.asarray(data, np.uint8).tobytes(), header["times"]

    def without_folders(self, text: str) -> str:
        """A message without the folders of indexes and media: a language model is told no paths."""
        opened = [index.searcher.index for index in self.indexes.values()]
        folders = {index.place for index in opened} | {
            root for index in opened for root in index.manifest.roots
        }
        for folder in sorted(folders, key=len, reverse=True):
            text = text.replace(folder, "...")
        return text

    def _load(self) -> None:
        try:
            for index in self.indexes.values():
                index.embed("a video")
        except Exception as error:  # noqa: BLE001 - told by every call
            self._error = str(error)
        self._loaded.set()

    def _require_loaded(self) -> None:
        if not self._loaded.wait(WAIT_S):
            raise VlretError("The model is still loading.", "Call again in a few seconds.", code="loading")
        if self._error:
            raise VlretError(self._error, code="not_loaded")

    def _free_id(self, name: str) -> str:
        names = [name, *(f"{name}-{n}" for n in range(2, len(self.indexes) + 2))]
        return next(name for name in names if name not in self.indexes)
