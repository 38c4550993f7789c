"""Clips of media that are decoded now, as an index run decodes them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from vlret.errors import MediaError
from vlret.index.encode import BatchEncoded, FileEncoded
from vlret.index.plan import make_plan, readable
from vlret.index.progress import Progress
from vlret.index.windows import encode_windows, window_job, windows_of
from vlret.media.pool import DecodeJob, DecodePool
from vlret.media.sources import find_media
from vlret.models.base import Embedder
from vlret.remote_path import path_of
from vlret.tasks.clip_source import ClipSource, FileClips
from vlret.types import SkippedFile


class MediaClips(ClipSource):
    """Each file is yielded as soon as it is read; nothing is kept on disk."""

    def __init__(
        self,
        sources: Sequence[str | Path],
        model: Embedder,
        rule: str = "auto",
        selective: bool = False,
    ) -> None:
        """Find the files.

        Args:
            rule: how they are cut into clips (`vlret.media.clips`); without effect if `selective`, which looks at
                sliding windows.

        Raises:
            UsageError: a source is not there, or the model reads no media.
            MediaError: there is no video or image.
        """
        model.check_clips()
        self.model, self.selective, self._rule = model, selective, rule
        plan = make_plan(find_media(sources), None)
        self._todo = {str(item.path): item for item in plan.todo}
        self.roots = {path: plan.roots[item.file.root] for path, item in self._todo.items()}
        self.skipped = [SkippedFile(readable(path), row.reason) for path, row in plan.skipped.items()]
        if not self._todo:
            raise _nothing(sources, self.skipped)

    def _read(self, paths: Collection[str], progress: bool) -> Iterator[FileClips | SkippedFile]:
        todo = [self._todo[path] for path in paths]
        if not todo:
            return
        with DecodePool() as pool, Progress(todo, progress) as bar:
            pool.start()
            with closing(encode_windows(map(self._job, paths), self.model, pool)) as events:
                for event in events:
                    if isinstance(event, BatchEncoded):
                        bar.add_clips(event.n_clips)
                        continue
                    path = str(event.job.path)
                    if isinstance(event, FileEncoded):
                        yield FileClips(path, windows_of(event))
                    else:
                        yield SkippedFile(event.job.path, event.reason)
                    bar.file_done(self._todo[path])

    def _job(self, path: str) -> DecodeJob:
        card = self.model.card
        if self.selective:
            return window_job(path_of(path), self.model)
        return DecodeJob(path_of(path), self._rule, card.frames, size=card.decode_size)

    def _state(self, path: str) -> str:
        file = self._todo[path].file
        return repr((file.size, file.mtime_ns, self._job(path), self.model.card))


def _nothing(sources: Sequence[str | Path], skipped: Sequence[SkippedFile]) -> MediaError:
    reasons = "; ".join(f"{file.path}: {file.reason}" for file in skipped)
    return MediaError(
        f"{', '.join(map(str, sources))} contains no video or image.",
        reasons and f"{reasons}.",
        code="no_media",
    )
