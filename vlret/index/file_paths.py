"""The paths of the files of an index, and which of them a pattern matches: `is_match` for all of them at once."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from fnmatch import translate

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vlret.index.filter import is_match

_TRANSLATED = re.compile(r"\(\?s:(.*)\)\\[Zz]", re.DOTALL)
"""What `fnmatch.translate` writes: it ends with \\Z, since Python 3.14 with \\z."""


class FilePaths:
    """Paths in order of the files' numbers.

    Attributes:
        absolute: string [files].
    """

    def __init__(self, roots: Sequence[str], root_numbers: NDArray[np.int32], relative: pa.Array) -> None:
        """Each path of `relative`, string [files], is below the root of its number in `roots`, int32 [files]."""
        folders = [os.path.join(root, "") for root in roots]
        prefixes = pa.array(folders, pa.string()).take(pa.array(root_numbers))
        self.absolute = pc.binary_join_element_wise(prefixes, relative, "")
        rows = [np.flatnonzero(root_numbers == number) for number in range(len(roots))]
        self._by_folder = [
            (folder, files, self.absolute.take(pa.array(files)))
            for folder, files in zip(folders, rows, strict=True)
        ]

    def matched(self, pattern: str) -> NDArray[np.bool_]:
        """Whether `is_match` holds for each file, bool [files]."""
        mask = np.empty(len(self.absolute), bool)
        for folder, files, paths in self._by_folder:
            mask[files] = _matched(pattern, folder, paths)
        return mask


def _matched(pattern: str, folder: str, paths: pa.Array) -> NDArray[np.bool_]:
    try:
        return np.asarray(pc.match_substring_regex(paths, _in_re2(pattern, folder)))
    except (ValueError, pa.ArrowException):  # no UTF-8, or nothing that RE2 can say
        return np.array([is_match(pattern, path, path[len(folder) :]) for path in paths.to_pylist()], bool)


def _in_re2(pattern: str, folder: str) -> str:
    """A regular expression that finds something in an absolute path below `folder` where `is_match` holds.

    RE2 has no atomic groups, which only spare Python time, and writes the end of the text as \\z.

    Raises:
        ValueError: `pattern` has a group of characters that is always empty, or paths have backslashes.
    """
    translated = _TRANSLATED.fullmatch(translate(pattern))
    if translated is None or "(?!" in translated[1] or os.sep != "/":
        raise ValueError(pattern)
    whole = translated[1].replace("(?>", "(?:")
    return f"(?s){re.escape(pattern)}|^(?:{re.escape(folder)})?(?:{whole})\\z"
