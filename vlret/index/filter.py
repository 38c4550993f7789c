"""Which clips a search may return."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vlret.errors import UsageError


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that all hold for a hit. A back end applies them before it takes the nearest k.

    Attributes:
        path: files whose path contains this text, or whose absolute path or path below its root matches it as
            a pattern (`*` crosses directories). None: any.
        clip_ids: only these clips. None: any.
    """

    path: str | None = None
    clip_ids: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Raise `UsageError` for an empty path, or one that is not a string."""
        if self.clip_ids is not None:  # arrays and sets, too
            object.__setattr__(self, "clip_ids", tuple(sorted(map(int, self.clip_ids))))
        if self.path is not None and (not isinstance(self.path, str) or not self.path):
            raise UsageError(
                f"only was given as {self.path!r}.", "Give a part of the path, or a pattern.",
                code="bad_path_filter", given=self.path,
            )  # fmt: skip

    def mask(self, rows: pd.DataFrame) -> NDArray[np.bool_]:
        """Whether each row may be returned; `rows` has the columns clip_id, path and relative_path."""
        mask = np.ones(len(rows), bool)
        if self.clip_ids is not None:
            mask &= np.isin(rows["clip_id"].to_numpy(), np.array(self.clip_ids, np.int64))
        if self.path is not None:
            files = rows[["path", "relative_path"]].drop_duplicates().itertuples(index=False)
            matched = {path for path, relative in files if self._matches(path, relative)}
            mask &= rows["path"].isin(matched).to_numpy()
        return mask

    def _matches(self, path: str, relative: str) -> bool:
        pattern = self.path or ""
        names = (Path(path).as_posix(), relative)
        return pattern in path or any(fnmatchcase(name, pattern) for name in names)
