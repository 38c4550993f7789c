"""A search in a forked child of a process that has searched: FAISS's and torch's OpenMP would wait for ever there."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pytest
import torch

from tests.index.synthetic import synthetic_index, unit_rows
from vlret.index.index import Index

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
QUERY = unit_rows(1, 32, seed=9)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """An index searched by a process whose OpenMP has several threads at work."""
    threads = faiss.omp_get_max_threads(), torch.get_num_threads()
    faiss.omp_set_num_threads(4)
    torch.set_num_threads(4)
    index = synthetic_index(tmp_path / "index", unit_rows(2000, 32), 5)
    index.search(QUERY)
    faiss.knn(index.vectors()[:100], index.vectors(), 5)
    _ = torch.ones(500, 500) @ torch.ones(500, 500)
    yield index
    faiss.omp_set_num_threads(threads[0])
    torch.set_num_threads(threads[1])


def again(index: Index) -> None:
    assert len(index.search(QUERY)[0]) == 10


def many(index: Index) -> None:
    assert len(index.search(index.vectors()[:50])) == 50


def opened_anew(index: Index) -> None:
    again(Index.open(index.folder))


def view_made_anew(index: Index) -> None:
    shutil.rmtree(index.folder / "view")
    opened_anew(index)


def in_a_thread(index: Index) -> None:
    done = []
    thread = threading.Thread(target=lambda: done.append(again(index)))
    thread.start()
    thread.join()
    assert done


def with_torch(index: Index) -> None:
    text = torch.nn.functional.gelu(torch.ones(500, 500) @ torch.ones(500, 500))
    assert len(index.search(text[:1, :32].numpy() + QUERY)[0]) == 10


@pytest.mark.parametrize("search", [again, many, opened_anew, view_made_anew, in_a_thread, with_torch])
def test_a_forked_child_gets_an_answer(search: Callable[[Index], None], index: Index) -> None:
    child = multiprocessing.get_context("fork").Process(target=search, args=[index], daemon=True)
    child.start()
    child.join(60)
    code = child.exitcode
    child.kill()
    assert code == 0


def test_a_fork_inside_of_a_search_does_not_hold_its_lock(index: Index) -> None:
    from vlret import threads

    with threads.one_thread(), threads._lock:
        child = multiprocessing.get_context("fork").Process(target=again, args=[index], daemon=True)
        child.start()
    child.join(60)
    code = child.exitcode
    child.kill()
    assert code == 0
    assert np.isfinite(index.search(QUERY)[0][0].score)
