"""Cached tokens are those that the X-encoder gives, made once, whoever is killed meanwhile."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.refusal import refused
from tests.training.pairs.fill_tokens import MADE_BY, encode
from tests.training.pairs.media import first_batches, write_pictures, write_set, write_table
from vlret.training.pairs import CachedTokens, PairLoader, PairSet, make_tokens, read_pairs
from vlret.training.pairs.skipped import SkippedError

ROOT = Path(__file__).parents[3]


def make(sets: list[PairSet], folder: Path, **options: object) -> list[str]:
    return make_tokens(sets, encode, folder, MADE_BY, 2, workers=1, **options).lines()


def expected(sets: list[PairSet]) -> dict[int, NDArray[np.float16]]:
    batches = PairLoader(sets, 2, 4, workers=1).once()
    return {
        int(clip_id): tokens.astype(np.float16)
        for batch in batches
        for clip_id, tokens in zip(batch.media_ids, encode(batch.pixels), strict=True)
    }


def stored(sets: list[PairSet], folder: Path) -> dict[int, NDArray[np.float16]]:
    kept = CachedTokens(folder, MADE_BY)
    return {one.media(n).clip_id: kept.read(one.media(n)) for one in sets for n in range(len(one))}


def check(sets: list[PairSet], folder: Path) -> None:
    found, wanted = stored(sets, folder), expected(sets)
    assert found.keys() == wanted.keys()
    assert all(np.array_equal(found[clip_id], wanted[clip_id]) for clip_id in wanted)
    assert {tokens.dtype for tokens in found.values()} == {np.dtype(np.float16)}


def test_tokens_are_those_of_the_encoder(tmp_path: Path) -> None:
    sets = read_pairs([write_set(tmp_path / "s", range(9))], "/")
    assert make(sets, tmp_path / "tokens") == []
    check(sets, tmp_path / "tokens")


def test_batches_of_tokens_are_the_batches_of_pixels(tmp_path: Path) -> None:
    sets = read_pairs([write_set(tmp_path / "s", range(9))], "/")
    make(sets, tmp_path / "tokens")
    cached = PairLoader(sets, 2, 4, workers=1, tokens=CachedTokens(tmp_path / "tokens", MADE_BY))
    for seen, batch in zip(
        first_batches(PairLoader(sets, 2, 4, workers=1), 4), first_batches(cached, 4), strict=True
    ):
        assert batch.pixels == []
        assert (batch.texts, batch.media_ids.tolist()) == (seen.texts, seen.media_ids.tolist())
        assert all(
            map(np.array_equal, batch.tokens, [rows.astype(np.float16) for rows in encode(seen.pixels)])
        )


def test_nothing_is_encoded_twice(tmp_path: Path) -> None:
    sets = read_pairs([write_set(tmp_path / "s", range(6))], "/")
    make(sets, tmp_path / "tokens")
    make_tokens(sets, _never, tmp_path / "tokens", MADE_BY, 2)
    more = read_pairs([write_set(tmp_path / "s", range(8))], "/")
    encoded: list[int] = []
    make_tokens(
        more,
        lambda clips: encoded.append(len(clips)) or encode(clips),
        tmp_path / "tokens",
        MADE_BY,
        2,
        workers=1,
    )
    assert sum(encoded) == 2
    check(more, tmp_path / "tokens")


def _never(clips: object) -> list[NDArray[np.float32]]:
    return pytest.fail("encoded again")


def test_other_weights_frames_or_resolutions_are_kept_apart(tmp_path: Path) -> None:
    sets = read_pairs([write_set(tmp_path / "s", range(3))], "/")
    make(sets, tmp_path / "tokens")
    with pytest.raises(SkippedError):
        CachedTokens(tmp_path / "tokens", {**MADE_BY, "frames": 3}).read(sets[0].media(0))


def test_what_cannot_be_read_is_counted_and_not_trained_on(tmp_path: Path) -> None:
    write_pictures(tmp_path, range(3))
    table = write_table(
        tmp_path / "t.jsonl", [{"path": f"{n}.png", "captions": [str(n), ""]} for n in range(5)]
    )
    sets = read_pairs([str(table)], "/")
    assert make(sets, tmp_path / "tokens") == ["2 skipped: does not exist: 3.png, 4.png"]
    loader = PairLoader(sets, 2, 2, workers=1, tokens=CachedTokens(tmp_path / "tokens", MADE_BY))
    assert {text for batch in first_batches(loader, 8) for text in batch.texts} == {"0", "1", "2"}
    assert loader.skipped.counts["has no cached tokens"] == 2
    write_pictures(tmp_path, range(5))
    assert make(sets, tmp_path / "tokens") == []
    check(sets, tmp_path / "tokens")


def test_tokens_beyond_float16_are_refused(tmp_path: Path) -> None:
    sets = read_pairs([write_set(tmp_path / "s", range(2))], "/")
    with refused("not_finite"):
        make_tokens(
            sets, lambda clips: [1e6 * encode([clip])[0] for clip in clips], tmp_path, MADE_BY, 2, workers=1
        )


def fill(table: str, folder: Path, rank: int = 0, n: int = 1) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "tests.training.pairs.fill_tokens",
        table,
        str(folder),
        str(rank),
        str(n),
    ]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)


@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 4])
def test_processes_share_the_work(tmp_path: Path, n: int) -> None:
    table = write_set(tmp_path / "s", range(20))
    assert [
        process.wait() for process in [fill(table, tmp_path / "tokens", rank, n) for rank in range(n)]
    ] == [0] * n
    check(read_pairs([table], "/"), tmp_path / "tokens")
    assert len(list((tmp_path / "tokens").rglob("*.safetensors"))) == 20  # one a clip: none was made twice


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed by SIGKILL")
def test_kills_at_any_moment_lose_little(tmp_path: Path) -> None:
    table, rng, kept = write_set(tmp_path / "s", range(40)), random.Random(0), []
    for _ in range(4):
        process, before = fill(table, tmp_path / "tokens"), n_shards(tmp_path)
        while n_shards(tmp_path) < min(before + 3, 39) and process.poll() is None:
            time.sleep(0.005)
        time.sleep(rng.random() / 20)
        process.kill()
        process.wait()
        kept.append(n_shards(tmp_path))
    assert fill(table, tmp_path / "tokens").wait() == 0
    check(read_pairs([table], "/"), tmp_path / "tokens")
    assert kept[0] >= 3
    assert n_shards(tmp_path) == 40  # what was written is not made again


def n_shards(folder: Path) -> int:
    return len(list((folder / "tokens").rglob("*.safetensors")))
