"""What an index run did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vlret.text import count_of, printable
from vlret.types import SkippedFile

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class BuildReport:
    """The outcome of `build_index`; always `found == new + unchanged + len(skipped)`.

    `new` counts files encoded in this run, changed ones included; `partial` names those of them that are
    damaged, with what was lost: the clips that could be read are in the index. `moved` of the unchanged files
    were found in another place and kept their vectors. `dropped` counts clips that became invalid (changed or
    pruned files); `clips` and `hours` (of video) are what this run encoded, in `wall_s` seconds. `unread`
    counts the media files in formats that are not read, by suffix. With `prune`, `missing_folders` are those
    that are missing or empty, with the number of their files that were kept.
    `filled` files of an older index got their size, length and capture time. `excluded` files were left out as asked;
    they are not in `found`.
    """

    index: Path
    found: int
    new: int
    unchanged: int
    skipped: tuple[SkippedFile, ...]
    partial: tuple[SkippedFile, ...]
    dropped: int
    clips: int
    hours: float
    wall_s: float
    moved: int = 0
    unread: dict[str, int] = field(default_factory=dict)
    missing_folders: dict[str, int] = field(default_factory=dict)
    filled: int = 0
    excluded: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON values, paths as `Path`."""
        return asdict(self)

    @property
    def speed(self) -> float:
        """Seconds of video encoded in a second."""
        return self.hours * 3600 / self.wall_s if self.wall_s else 0.0

    def __str__(self) -> str:
        lines = [
            f"{printable(self.index)}: {count_of(self.found, 'file')} found: {self.new} new, "
            f"{self.unchanged} unchanged, {len(self.skipped)} skipped",
            f"{count_of(self.clips, 'clip')} from {self._length()} of video in {self.wall_s:.1f} s "
            f"({self.speed:.1f}x real time)",
        ]
        if self.moved:
            lines.append(f"{count_of(self.moved, 'file')} moved, embeddings kept")
        if self.dropped:
            lines.append(f"{count_of(self.dropped, 'clip')} dropped")
        if self.filled:
            lines.append(
                f"{count_of(self.filled, 'file')} of an older index: size, length and capture time read"
            )
        if self.excluded:
            lines.append(f"{count_of(self.excluded, 'file')} excluded")
        if self.unread:
            counts = ", ".join(f"{n} {suffix}" for suffix, n in self.unread.items())
            lines.append(f"unsupported formats: {counts}")
        for folder, n_files in self.missing_folders.items():
            lines.append(
                f"kept {count_of(n_files, 'file')} of {printable(folder)}, which is missing or empty"
            )
        partial, skipped = grouped("partially read", self.partial), grouped("skipped", self.skipped)
        return "\n".join([*lines, *partial, *skipped])

    def _length(self) -> str:
        if self.hours >= 1:
            return f"{self.hours:.2f} h"
        return f"{self.hours * 60:.1f} min" if self.hours * 60 >= 1 else f"{self.hours * 3600:.0f} s"


def grouped(what: str, files: Sequence[SkippedFile]) -> list[str]:
    """Return one line per reason, the most frequent first, and some of its files."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for file in files:
        groups[file.reason].append(file.path)
    lines = []
    for reason, paths in sorted(groups.items(), key=lambda group: -len(group[1])):
        lines += [
            f"{what} {len(paths)}: {printable(reason)}",
            *(f"  {printable(path)}" for path in paths[:_SHOWN]),
        ]
        if len(paths) > _SHOWN:
            lines.append(f"  and {len(paths) - _SHOWN} more")
    return lines
