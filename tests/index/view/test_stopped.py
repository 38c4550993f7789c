"""A process that ends while it saves a view leaves nothing that a later search takes for whole."""

from __future__ import annotations

import os
import shutil
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from tests.index.synthetic import ROOT, add_file, synthetic_index, unit_rows
from vlret.index.index import Index
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.view import codes
from vlret.index.writer import IndexWriter

QUERIES = unit_rows(4, 32, seed=9)


class Ended(BaseException):
    """The process ends here."""


def search(folder: Path) -> list[list[tuple[int, float]]]:
    hits = Index.open(folder).search(QUERIES, k=20, only="*")  # only: looks into every list
    return [[(hit.clip_id, round(hit.score, 3)) for hit in found] for found in hits]


def ends_at(step: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a search of `folder` comes to its change number `step` of the disk; it ends before that change."""
    steps = count()

    def hooked(function):
        def call(*args, **options):
            if next(steps) == step:
                raise Ended
            return function(*args, **options)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", hooked(os.replace))
        patched.setattr(Path, "unlink", hooked(Path.unlink))
        try:
            search(folder)
        except Ended:
            return True
    return False


@pytest.mark.parametrize("memory", [None, 30_000])
@pytest.mark.parametrize("has_last", [False, True])
def test_every_step_of_saving_may_be_the_last(
    memory: int | None, has_last: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "MAX_EXACT", 200)
    monkeypatch.setattr(codes, "_LEAST_CODED", 0)
    start = synthetic_index(tmp_path / "start", unit_rows(500, 32), 5).folder
    store = Store(start)
    store.commit(store.read_manifest().next(search_memory=memory))
    if has_last:
        search(start)
        writer = IndexWriter(Snapshot.read(store), [ROOT])
        add_file(writer, "new.mp4", unit_rows(20, 32, seed=3))
        writer.drop(np.arange(10))
        writer.commit()
    expected = search(Path(shutil.copytree(start, tmp_path / "whole")))
    n_ended = 0
    for step in count():
        folder = Path(shutil.copytree(start, tmp_path / str(step)))
        if not ends_at(step, folder, monkeypatch):
            break
        n_ended += 1
        assert search(folder) == expected
        assert Index.open(folder).check() == []
    assert n_ended >= 2
