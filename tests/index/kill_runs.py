"""Runs a job again and again, killed one step later each time, until it comes through.

    python -m tests.index.kill_runs JOB LIBRARY FOLDER

Steps are the calls that change the disk for good (fsync, rename, delete, link). Every run works in a folder
of its own, FOLDER/N, a copy of FOLDER/start if there is one. Prints the number of runs that were killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

from tests.index.stand_in import CircleEmbedder, TextPool
from tests.reports.caption_job import caption_job
from vlret.index import build, store_windows, writer
from vlret.index.annotate import annotate
from vlret.index.duplicates import JudgedPair, record_pairs
from vlret.index.fill_metadata import fill_metadata
from vlret.index.index import Index
from vlret.index.lock import writer_lock
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.tasks import caption, media_clips
from vlret.tasks.reindex import reindex

build.DecodePool = TextPool  # type: ignore[assignment, misc]
media_clips.DecodePool = TextPool  # type: ignore[assignment, misc]
caption._CLIPS_AT_ONCE = 4
writer.SHARD_CLIPS = store_windows.SHARD_CLIPS = 4


def build_job(library: Path, folder: Path) -> None:
    build.build_index(library, folder, CircleEmbedder(), prune=folder.exists())


def meaning_job(library: Path, folder: Path) -> None:
    build.build_index(library, folder, CircleEmbedder(), clips="meaning:1", prune=folder.exists())


def moments_job(library: Path, folder: Path) -> None:
    build.build_index(library, folder, CircleEmbedder(), prune=folder.exists(), moments=True)


def compact_job(library: Path, folder: Path) -> None:
    Index.open(folder).compact()


def annotate_job(library: Path, folder: Path) -> None:
    annotate(folder, library / "table.csv")


def pairs_job(library: Path, folder: Path) -> None:
    store = Store(folder)
    with writer_lock(folder):
        store.sweep(store.read_manifest())
        record_pairs(store, store.read_manifest(), [JudgedPair("0" * 32, "f" * 32, "not_a_copy")])


def fill_job(library: Path, folder: Path) -> None:
    with writer_lock(folder):
        fill_metadata(Snapshot.read(Store(folder)), set(library.iterdir()), TextPool())  # type: ignore[arg-type]


def reindex_job(library: Path, folder: Path) -> None:
    reindex(folder, CircleEmbedder("other"), clips="whole")


JOBS = {
    "build": build_job, "meaning": meaning_job, "compact": compact_job, "caption": caption_job, "fill": fill_job,
    "annotate": annotate_job, "moments": moments_job, "reindex": reindex_job, "pairs": pairs_job,
}  # fmt: skip


def kill_at(step: int) -> None:
    """Let this process die right before its step number `step`."""
    steps = count()

    def hooked(function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **options)

        return call

    # a kill loses nothing that was written: flushing to the disk would only take time
    os.replace, os.fsync = hooked(os.replace), hooked(lambda _: None)
    Path.unlink = hooked(Path.unlink)  # type: ignore[method-assign]


def begun(base: Path, folder: Path) -> Path:
    """The folder, as a copy of base/start if there is one."""
    if (base / "start").exists():
        shutil.copytree(base / "start", folder)
    return folder


def run_killed(job: Callable[[Path, Path], None], library: Path, base: Path, step: int) -> bool:
    """Whether the run was killed at `step`; else it came through."""
    folder = begun(base, base / str(step))
    child = os.fork()
    if child == 0:
        kill_at(step)
        job(library, folder)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status) != 0:
        sys.exit(f"step {step} failed")
    return os.WIFSIGNALED(status)


if __name__ == "__main__":
    job, library, base = JOBS[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3])
    with tempfile.TemporaryDirectory() as warm:  # imports what each forked run would import anew
        job(library, begun(base, Path(warm) / "index"))
    print(next(step for step in count() if not run_killed(job, library, base, step)))
