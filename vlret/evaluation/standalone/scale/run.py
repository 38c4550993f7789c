"""Measures indexes of several sizes, a step at a time; what was measured is not measured again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vlret.errors import UsageError
from vlret.evaluation.results.json_codec import decode
from vlret.evaluation.results.stamp import machine, versions
from vlret.evaluation.standalone.scale.child import Ended, run_child
from vlret.evaluation.standalone.scale.drawn_vectors import CLIP_NOISE, FILE_CLIPS, FILE_NOISE
from vlret.evaluation.standalone.scale.result import ScaleResult, SizeFigures
from vlret.evaluation.standalone.scale.timing import latency
from vlret.files import replace_file
from vlret.index.lock import LOCK
from vlret.text import printable

SIZES = (10_000, 100_000, 1_000_000)
ADDED_CLIPS = 1000
_N_COLD = 9
_BYTES_PER_CLIP = 3000
_SENTENCES = ("a dog", "people at a table", "a red car", "waves on a beach", "a man on a horse")
_STEPS = "vlret.evaluation.standalone.scale.steps"

Say = Callable[[str], None]


def run_scale(sizes: Sequence[int], out: Path, say: Say) -> ScaleResult:
    """Write, build and search an index of each size below `out`; it is deleted when its figures are complete.

    Args:
        sizes: numbers of clips, multiples of `FILE_CLIPS` and at least 1,000; measured in ascending order.
        out: keeps the figures of each step, so that the same call goes on after a stop.
        say: is told what begins.

    Raises:
        UsageError: a size that cannot be, or a disk that is too small.
        VlretError: a step failed.
    """
    _check(sizes, out)
    figures = tuple(_SizeRun(n, out, say).figures() for n in sorted(set(sizes)))
    # what follows imports torch, and a process that starts others passes its peak memory on to them
    from vlret.evaluation.standalone.scale.samples import load_embedder

    drawn = {
        "around": "2,000 photographs",
        "file_noise": FILE_NOISE,
        "clip_noise": CLIP_NOISE,
        "file_clips": FILE_CLIPS,
    }
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return ScaleResult(created, load_embedder().card.to_dict(), drawn, versions(), machine(), figures)


def _check(sizes: Sequence[int], out: Path) -> None:
    for size in sizes:
        if size < 1000 or size % FILE_CLIPS:
            raise UsageError(
                f"An index of {size} clips cannot be drawn.", f"Give 1,000 or more, a multiple of {FILE_CLIPS}.",
                code="bad_scale_size", given=size,
            )  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(out).free, max(sizes) * _BYTES_PER_CLIP
    if free < needed:
        raise UsageError(
            f"{max(sizes):,} clips take {needed / 1e9:.0f} GB, and {printable(out)} has {free / 1e9:.0f} GB left.",
            "Give another directory, or smaller sizes.",
            code="disk_too_small", path=out, needed=needed,
        )  # fmt: skip


class _SizeRun:
    """The steps of one size, and the file that keeps their figures."""

    def __init__(self, n_clips: int, out: Path, say: Say) -> None:
        self._n_clips, self._say = n_clips, say
        self._index, self._added = out / f"index-{n_clips}", out / f"index-{n_clips}-added"
        self._file = out / f"size-{n_clips}.json"
        self._done = self._read()

    def _read(self) -> dict[str, Any]:
        """What was measured by the same versions."""
        if not self._file.exists():
            return {}
        kept = json.loads(self._file.read_text(encoding="utf-8"))
        return dict(kept["steps"]) if kept["versions"] == versions() else {}

    def figures(self) -> SizeFigures:
        """Of all steps, those that are not done yet first."""
        for name, step in {
            "write": self._write,
            "build": self._build,
            "view": lambda: self._child("view").figures,
            "cold": self._cold,
            "warm": lambda: self._child("warm").figures,
            "recalls": lambda: self._child("recalls").figures,
            "filters": lambda: self._child("filtered").figures,
            "after_adding": self._after_adding,
        }.items():
            if name not in self._done:
                self._say(f"{self._n_clips:,} clips: {name.replace('_', ' ')}")
                self._done[name] = step()
                self._save()
        shutil.rmtree(self._index, ignore_errors=True)
        done = self._done
        return decode(
            SizeFigures, {**done, **done["write"], **done["build"], **done["cold"], **done["recalls"]}
        )

    def _save(self) -> None:
        kept = {"versions": versions(), "steps": self._done}
        replace_file(self._file, json.dumps(kept, indent=1).encode())

    def _child(self, step: str, *more: object) -> Ended:
        return run_child([_STEPS, step, self._index, *more])

    def _write(self) -> dict[str, Any]:
        ended = self._child("write", self._n_clips)
        return {**ended.figures, "write": asdict(ended.process)}

    def _build(self) -> dict[str, Any]:
        shutil.rmtree(self._index / "view", ignore_errors=True)  # of a build that was stopped
        return {"build": asdict(self._child("build").process)}

    def _cold(self) -> dict[str, Any]:
        _search(self._index, 0)  # fills the page cache
        ended = [_search(self._index, number) for number in range(1, _N_COLD + 1)]
        peaks = [one.process.peak_bytes for one in ended if one.process.peak_bytes is not None]
        cold = latency([one.process.seconds for one in ended])
        return {"cold": asdict(cold), "cold_peak_bytes": max(peaks, default=None)}

    def _after_adding(self) -> dict[str, Any]:
        """The first search after an index run has added clips, to a copy that shares its files."""
        shutil.rmtree(self._added, ignore_errors=True)
        shutil.copytree(self._index, self._added, copy_function=os.link, ignore=shutil.ignore_patterns(LOCK))
        run_child([_STEPS, "write", self._added, self._n_clips + ADDED_CLIPS])
        ended = _search(self._added, 0)
        shutil.rmtree(self._added)
        return asdict(ended.process)


def _search(index: Path, number: int) -> Ended:
    return run_child(["vlret", "search", index, _SENTENCES[number % len(_SENTENCES)]], quiet=True)
