"""Batches: the right frames with the right texts, whatever cannot be read, in any number of processes."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import fsspec
import numpy as np
import pytest

from tests.media.make import number_of, video
from tests.refusal import refused
from tests.training.pairs.media import (
    first_batches,
    is_told,
    numbers_in,
    png,
    same_batches,
    write_pictures,
    write_set,
    write_table,
    write_tar,
)
from vlret.media.pool import DecodePool
from vlret.training.pairs import PairBatch, PairLoader, read_pairs
from vlret.training.pairs import loader as module


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds, whose frame n is shown from n / 10 s on."""
    return video(tmp_path_factory.mktemp("clip") / "clip.mp4")


def loader_of(table: str | Path, frames: int = 1, batch: int = 4, **options: object) -> PairLoader:
    return PairLoader(
        [one.of("train") for one in read_pairs([str(table)], "/")], frames, batch, workers=1, **options
    )


def test_frames_are_the_midpoints_of_segments(tmp_path: Path, clip: Path) -> None:
    spans = {
        "whole": (None, None),
        "middle": (1.0, 3.0),
        "rest": (3.2, None),
        "begin": (None, 0.8),
        "beyond": (2.0, 99.0),
    }
    rows = [
        {"path": str(clip), "caption": name, "start": a, "end": b, "split": "train"}
        for name, (a, b) in spans.items()
    ]
    loader = loader_of(write_table(tmp_path / "t.jsonl", rows), frames=4, batch=5)
    (batch,) = first_batches(loader, 1)
    shown = {
        text: [number_of(frame) for frame in pixels]
        for text, pixels in zip(batch.texts, batch.pixels, strict=True)
    }
    ends = {"whole": (0, 4), "middle": (1, 3), "rest": (3.2, 4), "begin": (0, 0.8), "beyond": (2, 4)}
    assert shown == {
        name: [int(10 * (a + (n + 0.5) * (b - a) / 4) + 1e-6) for n in range(4)]
        for name, (a, b) in ends.items()
    }


def test_an_image_gives_one_frame_of_the_requested_size(tmp_path: Path) -> None:
    loader = loader_of(write_set(tmp_path, range(4), split="train"), frames=8, size=(32, 24))
    (batch,) = first_batches(loader, 1)
    assert [pixels.shape for pixels in batch.pixels] == [(1, 24, 32, 3)] * 4
    assert is_told(batch)
    assert (batch.tokens, len(batch)) == ([], 4)


def test_one_text_of_a_clip_is_drawn_each_time(tmp_path: Path) -> None:
    write_pictures(tmp_path, [7])
    rows = [{"path": "7.png", "captions": ["a", "b"], "question": "q", "answer": "c", "split": "train"}]
    batches = first_batches(loader_of(write_table(tmp_path / "t.jsonl", rows), batch=1), 60)
    drawn = Counter((batch.queries[0], batch.texts[0]) for batch in batches)
    assert set(drawn) == {("", "a"), ("", "b"), ("q", "c")}
    assert min(drawn.values()) >= 8  # 20 are expected


def test_ids_tell_equal_clips_and_texts(tmp_path: Path) -> None:
    write_pictures(tmp_path, [0, 1])
    asked = [
        {"path": f"{n}.png", "question": q, "answer": "yes", "split": "train"} for n in (0, 1) for q in "pq"
    ]
    batches = first_batches(loader_of(write_table(tmp_path / "t.jsonl", asked), batch=2), 30)
    numbers = [number for batch in batches for number in numbers_in(batch)]
    media, texts = (
        np.concatenate([getattr(batch, name) for batch in batches]) for name in ("media_ids", "text_ids")
    )
    assert len(set(zip(media, numbers, strict=True))) == len(set(media)) == 2
    assert (len(set(texts)), media.dtype) == (1, np.int64)


def broken_set(folder: Path, clip: Path) -> str:
    """Twelve good pictures, and seven clips of which each is broken in a way of its own."""
    write_pictures(folder, range(12))
    (folder / "empty.png").touch()
    (folder / "text.mp4").write_text("this is no video")
    (folder / "cut.mp4").write_bytes(clip.read_bytes()[:900])
    (folder / "playlist.mp4").write_text("#EXTM3U\nhttp://127.0.0.1/secret.mp4")
    write_tar(folder / "x.tar", {"12.png": png(12), "13.png": png(13)})
    data = (folder / "x.tar").read_bytes()
    good = [{"path": f"{n}.png", "caption": f"number {n}"} for n in range(12)]
    bad = [
        *(
            {"path": name, "caption": "999"}
            for name in ("gone.png", "empty.png", "text.mp4", "cut.mp4", "playlist.mp4")
        ),
        {"path": str(clip), "caption": "999", "start": 100},
        {"path": "12.png", "shard": "x.tar", "caption": "number 12"},
        {"path": "13.png", "shard": "x.tar", "caption": "999"},
    ]
    table = str(write_table(folder / "t.jsonl", [{**row, "split": "train"} for row in good + bad]))
    read_pairs([table], "/")  # the tar is indexed while it is whole
    (folder / "x.tar").write_bytes(data[: 512 * 3 + 20])  # this process keeps its index
    return table


def test_what_cannot_be_read_is_counted_and_replaced(tmp_path: Path, clip: Path) -> None:
    loader = loader_of(broken_set(tmp_path, clip), batch=5)
    batches = first_batches(loader, 8)
    assert all(map(is_told, batches))
    assert all(len(set(numbers_in(batch))) == 5 for batch in batches)
    assert {number for batch in batches for number in numbers_in(batch)} == set(range(13))
    assert loader.skipped.counts == {
        "does not exist": 1,
        "cannot be decoded": 5,
        "not as long as its tar says": 1,
    }
    lines = "\n".join(loader.skipped.lines())
    assert "1 skipped: does not exist: gone.png" in lines
    assert "text.mp4 (" in lines
    assert "secret" not in lines


def test_replacements_do_not_depend_on_the_number_of_processes(tmp_path: Path, clip: Path) -> None:
    table = broken_set(tmp_path, clip)
    alone = first_batches(loader_of(table, batch=4), 6)
    for n in (2, 4):
        parts = [first_batches(loader_of(table, batch=4, rank=rank, n_processes=n), 6) for rank in range(n)]
        assert same_batches([joined(step) for step in zip(*parts, strict=True)], alone)


def joined(parts: tuple[PairBatch, ...]) -> PairBatch:
    ids = (np.concatenate([getattr(part, name) for part in parts]) for name in ("media_ids", "text_ids"))
    pixels, texts, queries = (
        [one for part in parts for one in getattr(part, name)] for name in ("pixels", "texts", "queries")
    )
    return PairBatch(pixels, [], texts, queries, *ids)


def part_of(table: str, n: int, rank: int) -> list[PairBatch]:
    return first_batches(loader_of(table, batch=8, rank=rank, n_processes=n), 5)


@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 4])
def test_processes_read_disjoint_parts_of_the_batch_of_one(tmp_path: Path, n: int) -> None:
    table = write_set(tmp_path, range(30), split="train")
    with ProcessPoolExecutor(n, get_context("spawn")) as processes:
        parts = list(processes.map(partial(part_of, table, n), range(n)))
    assert [len(batch) for part in parts for batch in part] == [8 // n] * 5 * n
    assert same_batches(
        [joined(step) for step in zip(*parts, strict=True)], first_batches(loader_of(table, batch=8), 5)
    )


def test_a_training_resumes_at_any_step(tmp_path: Path, clip: Path) -> None:
    table = broken_set(tmp_path, clip)
    whole = first_batches(loader_of(table, batch=3), 9)
    for step in (1, 4, 8):
        assert same_batches(first_batches(loader_of(table, batch=3), 9 - step, step), whole[step:])


def test_each_clip_once(tmp_path: Path) -> None:
    table = write_set(tmp_path, range(11), split="train")
    loaders = [loader_of(table, batch=4, rank=rank, n_processes=2) for rank in range(2)]
    parts = [list(loader.once()) for loader in loaders]
    assert [loader.skipped.lines() for loader in loaders] == [[], []]
    assert all(is_told(batch) and batch.texts[0].startswith("number") for part in parts for batch in part)
    assert [numbers_in(batch) for batch in parts[0]] == [[0, 2], [4, 6], [8, 10]]
    assert [numbers_in(batch) for batch in parts[1]] == [[1, 3], [5, 7], [9]]
    few = [n for batch in loader_of(table).once(5) for n in numbers_in(batch)]
    assert (len(few), few) == (5, sorted(few))
    assert set(few) < {n for batch in loader_of(table).once(6) for n in numbers_in(batch)}


def test_clips_at_an_address(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe({f"/far/{n}.png": png(n) for n in range(4)})
    shard = write_tar(
        tmp_path / "x.tar",
        {
            name: data
            for n in range(4, 8)
            for name, data in ((f"{n}.png", png(n)), (f"{n}.txt", b"number %d" % n))
        },
    )
    memory.pipe({"/far/x.tar": shard.read_bytes()})
    rows = [
        {"path": f"memory://far/{n}.png", "caption": f"number {n}", "split": "train"}
        for n in (0, 1, 2, 3, 99)
    ]
    write_table(tmp_path / "t.jsonl", rows)
    sets = [one.of("train") for one in read_pairs(["t.jsonl", "memory://far/x.tar"], tmp_path)]
    loader = PairLoader(sets, 1, 4, weights=(1, 1), workers=1)
    batches = first_batches(loader, 12)
    assert all(map(is_told, batches))
    assert {number for batch in batches for number in numbers_in(batch)} == {0, 1, 2, 3} | {
        int(pairs[0][1].split()[-1]) for pairs in map(sets[1].pairs, range(len(sets[1])))
    }
    assert loader.skipped.counts == {"does not exist": 1}


def test_an_address_that_fails_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe({f"/far/{n}.png": png(n) for n in range(2)})
    rows = [{"path": f"memory://far/{n}.png", "caption": f"number {n}", "split": "train"} for n in range(2)]
    loader = loader_of(write_table(tmp_path / "t.jsonl", rows), batch=1)
    times = Counter[str]()
    read = type(memory).cat_file

    def failing(self: object, path: str, **place: int) -> bytes:
        times[path] += 1
        if times[path] == 1:
            raise ConnectionResetError("token=secret")
        return read(self, path, **place)

    monkeypatch.setattr(type(memory), "cat_file", failing)
    batches = first_batches(loader, 6)
    assert {number for batch in batches for number in numbers_in(batch)} == {0, 1}
    assert loader.skipped.counts["cannot be fetched"] == 2
    assert "secret" not in "".join(loader.skipped.lines())


def test_a_large_file_is_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vlret.training.pairs.decode_clips.MOST_BYTES", 500)
    fsspec.filesystem("memory").pipe({"/far/big.png": png(1) + b"x" * 500, "/far/small.png": png(2)})
    rows = [
        {"path": f"memory://far/{name}.png", "caption": "number 2", "split": "train"}
        for name in ("big", "small")
    ]
    loader = loader_of(write_table(tmp_path / "t.jsonl", rows), batch=1)
    assert [numbers_in(batch) for batch in first_batches(loader, 4)] == [[2]] * 4
    assert loader.skipped.counts == {"larger than 1 GiB": 1}


def test_a_full_disk_is_no_damaged_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec.filesystem("memory").pipe("/far/1.png", png(1))
    row = {"path": "memory://far/1.png", "caption": "number 1", "split": "train"}
    loader = loader_of(write_table(tmp_path / "t.jsonl", [row]), batch=1)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", _full)
    with refused("write_failed"):
        first_batches(loader, 1)


@contextmanager
def _full(suffix: str) -> Iterator[object]:
    with open("/dev/full", "wb", buffering=0) as file:
        yield SimpleNamespace(file=file, name="/tmp/clip.png")


def test_killed_decoders_do_not_stop_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that is killed before every second clip: the clip is decoded by another one."""
    table = write_set(tmp_path, range(12), split="train")
    undisturbed = first_batches(loader_of(table, batch=2), 2)
    run, jobs = DecodePool.run, iter(range(999))

    def killed(self: DecodePool, given: object) -> object:
        if next(jobs) % 2:
            self.start()
            for pid in self.pids:
                os.kill(pid, signal.SIGSTOP)
                threading.Timer(0.2, _kill, [pid]).start()
        return run(self, given)

    monkeypatch.setattr(DecodePool, "run", killed)
    loader = loader_of(table, batch=2)
    assert same_batches(first_batches(loader, 2), undisturbed)
    assert not loader.skipped.counts


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_leaving_the_loop_ends_the_decoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pools: list[DecodePool] = []
    start = DecodePool.__init__

    def watched(self: DecodePool, *args: object, **options: object) -> None:
        start(self, *args, **options)
        pools.append(self)

    monkeypatch.setattr(DecodePool, "__init__", watched)
    loader = loader_of(write_set(tmp_path, range(12), split="train"))
    before = set(threading.enumerate())  # with that of tqdm
    batches = loader.batches()
    next(batches)
    batches.close()
    assert pools
    assert not any(pool.pids for pool in pools)
    for thread in set(threading.enumerate()) - before:
        thread.join(5)  # a timer that was cancelled takes a moment
    assert set(threading.enumerate()) <= before


def test_the_next_step_is_decoded_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = loader_of(write_set(tmp_path, range(12), split="train"))
    read: list[int] = []
    monkeypatch.setattr(loader, "_sample", _counted(loader._sample, read))
    batches = loader.batches()
    next(batches)
    limit = time.monotonic() + 20
    while len(read) < 8 and time.monotonic() < limit:
        time.sleep(0.01)
    assert len(read) == 8
    batches.close()


def _counted(call: object, read: list[int]) -> object:
    def counted(*args: object) -> object:
        read.append(1)
        return call(*args)

    return counted


def test_a_dataset_that_cannot_be_read_at_all_ends_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_FAILURES", 5)
    rows = [{"path": f"gone{n}.mp4", "caption": "x", "split": "train"} for n in range(30)]
    with refused("no_readable_clip") as caught:
        first_batches(loader_of(write_table(tmp_path / "t.jsonl", rows)), 1)
    assert "does not exist: gone" in caught.value.message


def test_one_readable_clip_is_enough(tmp_path: Path) -> None:
    write_pictures(tmp_path, [3])
    rows = [{"path": f"{n}.png", "caption": f"number {n}", "split": "train"} for n in range(20)]
    batches = first_batches(loader_of(write_table(tmp_path / "t.jsonl", rows)), 3)
    assert [numbers_in(batch) for batch in batches] == [[3] * 4] * 3


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"batch": 0}, "batch_not_shared"), ({"batch": 5, "n_processes": 2}, "batch_not_shared"),
        ({"weights": (1, 2)}, "mixture_weights"), ({"weights": (0,)}, "mixture_weights"),
        ({"frames": 0}, "not_a_count"),
    ],
)  # fmt: skip
def test_what_no_loader_can_do(tmp_path: Path, options: dict, code: str) -> None:
    with refused(code):
        loader_of(write_set(tmp_path, range(3), split="train"), **options)


def test_no_clips_are_refused_before_the_training(tmp_path: Path) -> None:
    sets = read_pairs([write_set(tmp_path, range(3), split="dev")], "/")
    with refused("no_pairs"):
        PairLoader([one.of("train") for one in sets], 1, 1)
    with refused("no_pairs"):
        PairLoader([], 1, 1)


def test_dropped_pairs_are_counted_with_the_skipped(tmp_path: Path) -> None:
    write_pictures(tmp_path, [1])
    rows = [{"path": "1.png", "captions": ["number 1", ""], "split": "train"}]
    loader = loader_of(write_table(tmp_path / "t.jsonl", rows), batch=1)
    assert loader.skipped.lines() == ["1 skipped: empty caption"]
