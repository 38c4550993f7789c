"""Clips of media that are decoded now, as an index run decodes them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from vlret.errors import MediaError
from vlret.index.encode import BatchEncoded, FileEncoded
from vlret.index.encode_files import FileToEncode, encode_files
from vlret.index.plan import make_plan, readable
from vlret.index.progress import Progress
from vlret.index.requested_recipe import RequestedRecipe
from vlret.media.pool import DecodePool
from vlret.media.sources import find_media
from vlret.models.base import Embedder
from vlret.tasks.clip_source import ClipSource, FileClips
from vlret.types import SkippedFile


class MediaClips(ClipSource):
    """Each file is yielded as soon as it is read; nothing is kept on disk."""

    def __init__(self, sources: Sequence[str | Path], model: Embedder, rule: str = "auto") -> None:
        """Find the files.

        Args:
            rule: how they are cut into clips (`vlret.media.clips`).

        Raises:
            UsageError: a source is not there, or the rule is unknown.
            MediaError: there is no video or image.
        """
        model.check_clips()
        requested = RequestedRecipe(model, rule, None, "midpoint", "auto", "auto", "auto")
        requested.validate()
        self.model, self._recipe = model, requested.recipe(model)
        plan = make_plan(find_media(sources), None)
        self._todo = {str(item.path): item for item in plan.todo}
        self.roots = {path: plan.roots[item.file.root] for path, item in self._todo.items()}
        self.skipped = [SkippedFile(readable(path), row.reason) for path, row in plan.skipped.items()]
        if not self._todo:
            raise _nothing(sources, self.skipped)

    def clips(self, paths: Collection[str], progress: bool = True) -> Iterator[FileClips | SkippedFile]:
        """Yield each of these files as soon as it is ready."""
        todo = [self._todo[path] for path in paths]
        if not todo:
            return
        with DecodePool() as pool, Progress(todo, progress) as bar:
            pool.start()
            files = [FileToEncode(item.path, item.file.size, item.file.mtime_ns) for item in todo]
            with closing(encode_files(files, self._recipe, self.model, pool)) as events:
                for event in events:
                    if isinstance(event, BatchEncoded):
                        bar.add_clips(event.n_clips)
                        continue
                    if isinstance(event, FileEncoded):
                        yield _clips_of(event)
                    else:
                        yield SkippedFile(event.job.path, event.reason)
                    bar.file_done(self._todo[str(event.job.path)])

    def state(self, path: str) -> str:
        """Path, size and time of the file, and how it is read."""
        file = self._todo[path].file
        return repr((path, file.size, file.mtime_ns, self._recipe))


def _clips_of(encoded: FileEncoded) -> FileClips:
    starts, ends = np.array([(clip.start, clip.row_end) for clip in encoded.clips], np.float64).T
    return FileClips(str(encoded.job.path), starts, ends, encoded.vectors, encoded.warning)


def _nothing(sources: Sequence[str | Path], skipped: Sequence[SkippedFile]) -> MediaError:
    reasons = "; ".join(f"{file.path}: {file.reason}" for file in skipped)
    return MediaError(
        f"{', '.join(map(str, sources))} contains no video or image.",
        reasons and f"{reasons}.",
        code="no_media",
    )
