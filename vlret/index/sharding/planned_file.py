"""What became of a file of a plan, whose parts may have been encoded by several workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vlret.index.encode import NO_CLIPS
from vlret.index.encode_shard import EncodedPart, ShardMarker
from vlret.index.sharding.plan import ShardPlan

_CHANGED = "changed while it was read; run again"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of a plan by its root and the path below it: it has `rows` clips, or a `reason` why it has none.

    `size` and `mtime_ns` are -1 where it shall be tried again. `warning` describes damage.
    """

    root: str
    path: str
    absolute: Path
    rows: int
    fingerprint: str
    size: int
    mtime_ns: int
    reason: str
    warning: str


def planned_files(
    plan: ShardPlan, markers: Sequence[ShardMarker]
) -> Iterator[tuple[PlannedFile, list[tuple[int, int]]]]:
    """Each file of the plan with the shard and the rows of each of its parts."""
    encoded = [iter(marker.parts) for marker in markers]
    for (root, path), parts in plan.files():
        done = [(number, next(encoded[number])) for number, _ in parts]
        file = _joined(plan.roots[root], path, plan.absolute(parts[0][1]), [part for _, part in done])
        yield file, [(number, part.rows) for number, part in done]


def _joined(root: str, path: str, absolute: Path, parts: list[EncodedPart]) -> PlannedFile:
    """One file of its parts; a part in which no clip starts says nothing of the others."""
    full = [part for part in parts if part.rows]
    reason, shown = _reason(parts, full)
    size, mtime_ns = shown.size_and_mtime_ns
    if shown.retry or reason == _CHANGED:
        size, mtime_ns = -1, -1
    warning = next((part.warning for part in full if part.warning), "")
    n_rows = 0 if reason else sum(part.rows for part in full)
    return PlannedFile(root, path, absolute, n_rows, shown.fingerprint, size, mtime_ns, reason, warning)


def _reason(parts: list[EncodedPart], full: list[EncodedPart]) -> tuple[str, EncodedPart]:
    """Why the file gives no clips ("": it does), and the part that speaks for it."""
    failed = next((part for part in parts if not part.rows and part.reason != NO_CLIPS), None)
    if failed:
        return failed.reason, failed
    if len({part.fingerprint for part in full}) > 1:
        return _CHANGED, full[0]
    return ("", full[0]) if full else (NO_CLIPS, parts[0])
