"""Files that index runs leave out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vlret.index.filter import is_match
from vlret.media.sources import Found


def without_excluded(found: Found, patterns: Sequence[str]) -> tuple[Found, int]:
    """What was found without the files that a pattern matches as in `Filter.exclude`, and how many files these are."""

    def is_kept(path: str, relative: str) -> bool:
        return not any(is_match(pattern, path, relative) for pattern in patterns)

    files = [
        file for file in found.files if is_kept(str(file.path), file.path.relative_to(file.root).as_posix())
    ]
    skipped = [file for file in found.skipped if is_kept(str(file.path), file.path.name)]
    return replace(found, files=files, skipped=skipped), len(found.files) - len(files)
