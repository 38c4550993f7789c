from __future__ import annotations

import sys
import threading

import faiss  # noqa: F401 - so that its BLAS is there before threads are counted
import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_info, threadpool_limits

from tests.index.synthetic import synthetic_index, unit_rows
from vlret import threads
from vlret.index import index as index_module
from vlret.threads import one_thread


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def _three_threads():
    np.ones((2, 2)) @ np.ones((2, 2))
    with threadpool_limits(limits=3):
        yield


def test_the_block_computes_in_one_thread_and_gives_the_others_back() -> None:
    with one_thread():
        assert blas_threads() == {1}
    assert blas_threads() == {3}
    with pytest.raises(ZeroDivisionError), one_thread():
        _ = 1 / 0
    assert blas_threads() == {3}


def test_libraries_are_looked_for_once_between_imports(monkeypatch) -> None:
    with one_thread():
        pass
    looked = []
    monkeypatch.setattr(threads, "ThreadpoolController", lambda: looked.append(1) or ThreadpoolController())
    for _ in range(3):
        with one_thread():
            assert blas_threads() == {1}
    assert looked == []
    monkeypatch.setitem(sys.modules, "an_import", threads)
    with one_thread():
        assert blas_threads() == {1}
    assert looked == [1]


def test_blocks_may_overlap_in_threads() -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with one_thread():
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=other)
    with one_thread():
        thread.start()
        assert inside.wait(30)
        assert blas_threads() == {1}
    leave.set()
    thread.join()
    assert blas_threads() == {3}


def test_a_search_computes_in_one_thread(tmp_path, monkeypatch) -> None:
    seen = []
    best_clips = index_module.best_clips
    monkeypatch.setattr(index_module, "best_clips", lambda *a: seen.append(blas_threads()) or best_clips(*a))
    synthetic_index(tmp_path / "index", unit_rows(20, 8)).search(unit_rows(2, 8))
    assert seen == [{1}, {1}]
    assert blas_threads() == {3}
