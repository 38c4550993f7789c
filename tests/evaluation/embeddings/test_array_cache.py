"""What was put comes back to the last bit; a kill at any step leaves a cache that can be read and filled."""

from __future__ import annotations

import os
import signal
from itertools import count

import numpy as np
import pytest

from vlret.cache_folder import default_cache
from vlret.evaluation.embeddings import array_cache as cache_module
from vlret.evaluation.embeddings.array_cache import ArrayCache

RECIPE = {"model": "a", "frames": 8}


def rows(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {f"film {i}|\u00fc?": rng.normal(size=(i + 1, 4)).astype(np.float32) for i in range(n)}


def fill(folder, n=6) -> None:
    with ArrayCache(folder, RECIPE) as kept:
        for number, (key, array) in enumerate(rows(n).items()):
            if key not in kept:
                kept.put(key, array)
            if number % 2:
                kept.flush()


def test_what_was_put_comes_back_to_the_last_bit(tmp_path):
    fill(tmp_path)
    kept = ArrayCache(tmp_path, RECIPE)
    for key, array in rows(6).items():
        assert key in kept
        np.testing.assert_array_equal(kept.get(key), array)
    assert kept.get("none") is None
    assert "none" not in kept


def test_another_recipe_sees_nothing_of_it(tmp_path):
    fill(tmp_path)
    assert next(iter(rows(1))) not in ArrayCache(tmp_path, {**RECIPE, "frames": 16})
    assert next(iter(rows(1))) in ArrayCache(tmp_path, dict(reversed(RECIPE.items())))


def test_nothing_new_writes_nothing(tmp_path):
    with ArrayCache(tmp_path, RECIPE):
        pass
    assert not list(tmp_path.iterdir())


def test_much_or_old_is_written_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_module, "_SHARD_BYTES", 1000)
    kept = ArrayCache(tmp_path, RECIPE)
    for key, array in rows(16).items():
        kept.put(key, array)
    assert len(list(tmp_path.rglob("*.safetensors"))) == 2
    monkeypatch.setattr(cache_module, "_SHARD_S", 0.0)
    kept.put("old", np.zeros(2))
    assert len(list(tmp_path.rglob("*.safetensors"))) == 3


def test_two_runs_fill_one_folder(tmp_path):
    first, second = ArrayCache(tmp_path, RECIPE), ArrayCache(tmp_path, RECIPE)
    first.put("a", np.ones(2))
    second.put("a", np.ones(2))
    second.put("b", np.zeros(2))
    first.flush()
    second.flush()
    kept = ArrayCache(tmp_path, RECIPE)
    assert [kept.get(key).tolist() for key in "ab"] == [[1, 1], [0, 0]]


def test_a_torn_shard_is_told_and_passed_over(tmp_path, caplog):
    fill(tmp_path, 2)
    shard = next(tmp_path.rglob("*.safetensors"))
    shard.write_bytes(shard.read_bytes()[:50])
    kept = ArrayCache(tmp_path, RECIPE)
    assert not any(key in kept for key in rows(2))
    assert "encoded again" in caplog.text
    fill(tmp_path, 2)
    assert all(key in ArrayCache(tmp_path, RECIPE) for key in rows(2))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_a_kill_at_any_step_leaves_a_whole_cache(tmp_path):
    n_killed = 0
    for step in count():
        folder = tmp_path / str(step)
        child = os.fork()
        if child == 0:
            die_at(step)
            fill(folder)
            os._exit(0)
        if not os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            break
        n_killed += 1
        kept = ArrayCache(folder, RECIPE)
        for key, array in rows(6).items():
            assert key not in kept or kept.get(key).tolist() == array.tolist()
        fill(folder)
        kept = ArrayCache(folder, RECIPE)
        assert all(kept.get(key).tolist() == array.tolist() for key, array in rows(6).items())
    assert n_killed > 8


def die_at(step: int) -> None:
    steps = count()

    def hooked(function):
        def call(*args, **options):
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **options)

        return call

    os.replace, os.fsync = hooked(os.replace), hooked(os.fsync)


def test_the_default_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("VLRET_CACHE", raising=False)
    assert default_cache() == tmp_path / "vlret"
    monkeypatch.setenv("VLRET_CACHE", str(tmp_path / "mine"))
    assert default_cache() == tmp_path / "mine"
