"""Indexes damaged media files and checks that each costs no more than itself.

    python -m tests.media.fuzz --files 5000 --seed 0 --keep failures/

File number N of a seed is always the same: `--first N --files 1` makes it again. Checked: no run fails, every file
ends exactly once (done, partly read or skipped), none takes more than 30 s of CPU, or is silent for 30 s, or takes
more than 1 GB, and nothing but the index is written. Files that break one of these are kept. Linux only, for /proc.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from tests.index.stand_in import CircleEmbedder
from tests.media.mutate import make_sources, mutated
from vlret.index import build
from vlret.index.index import Index
from vlret.media.pool import DecodeJob, DecodePool, Event, FileDone, FileFailed
from vlret.types import Vectors

LIMIT_S, LIMIT_BYTES = 30.0, 1 << 30
_FOLDER_FILES = 50


class Brightness(CircleEmbedder):
    """A model that never fails: a clip's vector is the direction that its first pixel spells."""

    def vector(self, degrees: float) -> Vectors:
        return super().vector(degrees % 255)


@dataclass(slots=True)
class Result:
    """How files ended, seconds of CPU and most bytes of the decoder by file, and what is wrong with which."""

    ended: dict[Path, FileDone | FileFailed] = field(default_factory=dict)
    skipped: dict[Path, str] = field(default_factory=dict)
    seconds: dict[Path, float] = field(default_factory=dict)
    peak_bytes: dict[Path, int] = field(default_factory=dict)
    wrong: list[tuple[str, list[Path]]] = field(default_factory=list)

    @property
    def done(self) -> dict[Path, FileDone]:
        """The files that were read, wholly or in part."""
        return {path: event for path, event in self.ended.items() if isinstance(event, FileDone)}

    def __str__(self) -> str:
        partial = Counter(_kind(event.warning) for event in self.done.values() if event.warning)
        whole = len(self.done) - partial.total()
        lines = [f"{whole} done, {partial.total()} partly read, {len(self.skipped)} skipped"]
        for what, reasons in (
            ("partly read", partial),
            ("skipped", Counter(map(_kind, self.skipped.values()))),
        ):
            lines += [f"  {n} {what}: {reason}" for reason, n in reasons.most_common(12)]
        slowest, largest = (max(of, key=of.__getitem__) for of in (self.seconds, self.peak_bytes))
        lines.append(f"slowest: {self.seconds[slowest]:.1f} s of CPU ({slowest.name})")
        lines.append(f"most memory: {self.peak_bytes[largest] / 1e6:.0f} MB ({largest.name})")
        return "\n".join(
            [*lines, *(f"WRONG: {what}: {', '.join(p.name for p in paths)}" for what, paths in self.wrong)]
        )


class WatchedPool(DecodePool):
    """One decoding process, the time and memory of each file noted."""

    result: Result

    def run(self, jobs: Iterable[DecodeJob]) -> Iterator[Event]:
        """Hand on the events, and note how each file ends."""
        for event in super().run(jobs):
            if isinstance(event, (FileDone, FileFailed)):
                if event.job.path in self.result.ended:
                    self.result.wrong.append(("ended twice", [event.job.path]))
                self.result.ended[event.job.path] = event
            yield event

    def _decode(self, slot: int, job: DecodeJob, run: Any) -> None:
        before_s = sum(map(_cpu_s, self.pids))
        super()._decode(slot, job, run)
        after_s = sum(map(_cpu_s, self.pids))
        # A new process, begun after the old one crashed, counts from 0.
        self.result.seconds[job.path] = after_s - before_s if after_s > before_s else after_s
        self.result.peak_bytes[job.path] = max(map(_peak_bytes, self.pids), default=0)


def _cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has had: unlike time, not a matter of what else the machine does."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_bytes(pid: int) -> int:
    """The most memory of a process since the last call; 0 for one that is gone."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # begin anew
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def _kind(reason: str | None) -> str:
    """A reason without its numbers and names, so that like ones are counted together."""
    return re.sub(r"\d+(\.\d+)?|'[^']*'", "#", reason or "")[:100]


def fuzz(root: Path, n_files: int, seed: int = 0, first: int = 0, workers: int = 2) -> Result:
    """Index `n_files` damaged files, numbers `first` and up of `seed`, below the empty folder `root`."""
    folders = _write_files(root, range(first, first + n_files), seed)
    (root / "work").mkdir()
    before, result = _contents(root), Result()
    with _watched(result, root / "work"), ThreadPoolExecutor(workers) as threads:
        list(threads.map(lambda folder: _index(folder, root / "index" / folder.name, result), folders))
    shutil.rmtree(root / "index")
    after = _contents(root)
    changed = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    if changed:
        result.wrong.append(("written outside of the index", changed))
    _judge(result)
    return result


def _write_files(root: Path, numbers: Iterable[int], seed: int) -> list[Path]:
    """The files in folders of 50; returns the folders."""
    sources = {path.name: path.read_bytes() for path in make_sources(root / "sources")}
    names = list(sources)
    folders = []
    for place, number in enumerate(numbers):
        rng = np.random.default_rng([seed, number])
        name, other = rng.choice(names), rng.choice(names)
        data, what = mutated(rng, sources[name], sources[other])
        folder = root / "media" / f"{place // _FOLDER_FILES:04d}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:06d}-{what}-{name}").write_bytes(data)
        if folder not in folders:
            folders.append(folder)
    return folders


@contextmanager
def _watched(result: Result, work: Path) -> Iterator[None]:
    """`build_index` with a watched pool, and `work` as current folder and as the one of temporary files."""

    def pool(workers: int) -> WatchedPool:
        made = WatchedPool(workers, LIMIT_S)
        made.result = result
        return made

    with chdir(work), patch.object(build, "DecodePool", pool), patch.dict(os.environ, TMPDIR=str(work)):
        yield


def _index(folder: Path, index: Path, result: Result) -> None:
    files = sorted(folder.iterdir())
    try:
        report = build.build_index(folder, index, Brightness(), workers=1, progress=False)
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        result.wrong.append((f"the run failed: {error!r}", files))
        return
    result.skipped |= {file.path: file.reason for file in report.skipped}
    done = {path: event.n_clips for path, event in result.done.items() if path.parent == folder}
    rows = Counter(map(Path, Index.open(index).rows()["path"]))
    lost = [path for path in files if (path in done) == (path in result.skipped)]
    miscounted = [path for path in files if rows[path] != done.get(path, 0)]
    result.wrong += [(what, paths) for what, paths in (("lost", lost), ("wrong rows", miscounted)) if paths]


def _judge(result: Result) -> None:
    for path, reason in result.skipped.items():
        if "did not answer" in reason:
            result.wrong.append(("hangs", [path]))
    for path, seconds in result.seconds.items():
        if seconds > LIMIT_S:
            result.wrong.append((f"{seconds:.0f} s of CPU", [path]))
    for path, n_bytes in result.peak_bytes.items():
        if n_bytes > LIMIT_BYTES:
            result.wrong.append((f"{n_bytes / 1e6:.0f} MB", [path]))


def _contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() if path.is_file() else b"" for path in root.rglob("*")}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, print what was found, keep the files that something is wrong with, and exit with 1 if there are any."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--workers", type=int, default=2, help="folders indexed at once")
    parser.add_argument(
        "--keep", type=Path, default=Path("fuzz-failures"), help="where failing files are kept"
    )
    options = parser.parse_args(arguments)
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as root:
        result = fuzz(Path(root), options.files, options.seed, options.first, options.workers)
        print(f"{options.files} files, seed {options.seed}, in {time.monotonic() - began_s:.0f} s\n{result}")
        for path in {path for _, paths in result.wrong for path in paths if path.is_file()}:
            options.keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, options.keep)
    sys.exit(bool(result.wrong))


if __name__ == "__main__":
    main()
