"""The bar of an index run: how much of the files is done, clips a second, time left."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

from vlret.index.plan import Todo


class Progress:
    """A bar on stderr over the bytes of the files to do; silent where stderr is not a terminal."""

    def __init__(self, todo: Sequence[Todo], shown: bool) -> None:
        self._sizes = {item.path: item.file.size for item in todo}
        self._n_clips = 0
        self._bar: tqdm[Any] = tqdm(
            total=sum(self._sizes.values()), unit="B", unit_scale=True, dynamic_ncols=True,
            desc=f"{len(todo)} files", disable=None if shown and sys.stderr else True,
            bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left{postfix}",
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def add_clips(self, n_clips: int) -> None:
        """Count encoded clips."""
        self._n_clips += n_clips
        seconds = self._bar.format_dict["elapsed"]
        rate = self._n_clips / seconds if seconds else 0.0
        self._bar.set_postfix_str(f"{self._n_clips} clips, {rate:.1f} clips/s")

    def file_done(self, item: Todo) -> None:
        """Count a file that is done or skipped."""
        self._bar.update(self._sizes[item.path])
