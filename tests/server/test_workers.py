"""Bounded queues, batches of texts, and the cache of files."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import ColourEmbedder
from vlret.errors import OutputError, UsageError
from vlret.files import temporary_beside
from vlret.server.cache import Cache
from vlret.server.errors import RequestError
from vlret.server.model_worker import MOST_TEXTS, ModelWorker
from vlret.server.settings import Limits
from vlret.server.workers import Workers


def test_work_beyond_the_queue_is_refused_and_the_rest_is_done():
    async def run():
        workers, go = Workers("tests", 1, 2, 10), threading.Event()
        waiting = [asyncio.create_task(workers.run(lambda n=n: go.wait(5) and n)) for n in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(RequestError) as error:
            await workers.run(int)
        go.set()
        return error.value.code, await asyncio.gather(*waiting), workers.n_waiting

    assert asyncio.run(run()) == ("busy", [0, 1, 2], 0)


def test_who_waits_too_long_is_told():
    async def run():
        workers = Workers("tests", 1, 2, 0.05)
        with pytest.raises(RequestError) as error:
            await workers.run(time.sleep, 0.3)
        return error.value.status, workers.n_waiting

    assert asyncio.run(run()) == (504, 0)


class Blocked(ColourEmbedder):
    """Waits before its first batch; fails for a text."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.sizes = threading.Event(), []

    def embed_texts(self, texts):
        self.go.wait(5)
        self.sizes.append(len(texts))
        if "bad" in texts:
            raise UsageError("bad", code="bad")
        return super().embed_texts(texts)


def test_texts_that_wait_are_embedded_together_in_order():
    model, seen = Blocked(), []

    async def run():
        worker = ModelWorker(lambda: model, Limits(), seen.append)
        colours = ["red", "green", "blue"] * 40
        tasks = [asyncio.create_task(worker.embed_text(colour)) for colour in colours]
        await asyncio.sleep(0.1)
        model.go.set()
        return colours, await asyncio.gather(*tasks)

    colours, found = asyncio.run(run())
    expected = dict(
        zip(["red", "green", "blue"], ColourEmbedder().embed_texts(["red", "green", "blue"]), strict=True)
    )
    for colour, (vector, warnings) in zip(colours, found, strict=True):
        assert vector == pytest.approx(expected[colour])
        assert warnings == []
    assert model.sizes == seen
    assert sum(seen) == 120
    assert max(seen) == MOST_TEXTS
    assert len(seen) <= 4


def test_a_batch_that_fails_fails_for_its_own():
    model = Blocked()

    async def run():
        worker = ModelWorker(lambda: model, Limits())
        model.go.set()
        with pytest.raises(UsageError):
            await worker.embed_text("bad")
        return await worker.embed_text("red")

    assert asyncio.run(run())[0] == pytest.approx(ColourEmbedder().embed_texts(["red"])[0])


def test_a_bug_in_a_batch_reaches_all_that_wait_for_it():
    model = Blocked()
    model.embed_texts = lambda texts: model.go.wait(5) and 1 / 0

    async def run():
        worker = ModelWorker(lambda: model, Limits())
        tasks = [asyncio.create_task(worker.embed_text("red")) for _ in range(5)]
        await asyncio.sleep(0.05)
        model.go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(error) for error in asyncio.run(run())] == [ZeroDivisionError] * 5


def test_texts_that_were_given_up_do_not_block_those_behind_them(monkeypatch):
    monkeypatch.setattr("vlret.server.model_worker.MOST_TEXTS", 2)
    model = Blocked()

    async def run():
        worker = ModelWorker(lambda: model, Limits(request_s=0.1))
        lost = [asyncio.create_task(worker.embed_text("red")) for _ in range(9)]
        given_up = await asyncio.gather(*lost, return_exceptions=True)
        model.go.set()
        return given_up, await worker.embed_text("green")

    given_up, (vector, _) = asyncio.run(run())
    assert {error.code for error in given_up} == {"too_slow"}
    assert vector == pytest.approx(ColourEmbedder().embed_texts(["green"])[0])


def test_a_failed_file_leaves_nothing_and_can_be_made_again(tmp_path: Path):
    cache = Cache(tmp_path / "cache", 1000)
    path = cache.path(("a",), ".jpg")

    def fail(target: Path) -> None:
        target.write_bytes(b"half")
        raise UsageError("no")

    with pytest.raises(UsageError):
        cache.make(path, fail)
    assert list(cache.folder.iterdir()) == []
    assert not cache._making
    cache.make(path, lambda target: target.write_bytes(b"whole"))
    cache.make(path, fail)  # it is there
    assert path.read_bytes() == b"whole"
    assert Cache(tmp_path / "cache", 1000).n_bytes == 5


def test_the_file_used_longest_ago_makes_room(tmp_path: Path):
    cache = Cache(tmp_path, 100)
    paths = [cache.path((n,), ".jpg") for n in range(4)]
    for path in paths[:3]:
        cache.make(path, lambda target: target.write_bytes(b"x" * 30))
        time.sleep(0.01)
    assert cache.has(paths[0])
    cache.make(paths[3], lambda target: target.write_bytes(b"x" * 30))
    assert [path.exists() for path in paths] == [True, False, True, True]
    assert cache.n_bytes == 90


def test_what_a_killed_service_was_writing_is_deleted(tmp_path: Path):
    for name in ("old.jpg", "new.jpg"):
        temporary_beside(tmp_path / name).write_bytes(b"x")
    old = next(path for path in tmp_path.iterdir() if "old" in path.name)
    os.utime(old, (0, 0))
    assert Cache(tmp_path, 100).n_bytes == 0
    assert [path.name[:4] for path in tmp_path.iterdir()] == [".new"]


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        Cache(tmp_path / "file" / "cache", 100)
    cache = Cache(tmp_path / "cache", 100)
    cache.folder.rmdir()
    with pytest.raises(OutputError):
        cache.make(cache.path((1,), ".jpg"), lambda target: target.write_bytes(b"x"))
