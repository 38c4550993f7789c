"""Damaged media cost no more than themselves."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.media import fuzz as module
from tests.media.fuzz import fuzz
from tests.media.mutate import mutated


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_300_damaged_files_neither_stop_a_run_nor_get_lost(tmp_path):
    result = fuzz(tmp_path / "fuzz", 300)
    assert result.wrong == [], str(result)
    assert len(result.done) + len(result.skipped) == 300
    assert len(result.done) > 50
    assert len(result.skipped) > 50


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_the_sources_are_whole_and_what_is_wrong_is_found(tmp_path, monkeypatch):
    def index_and_write(folder, index, result):
        whole(folder, index, result)
        Path("stray").touch()

    whole = module._index
    monkeypatch.setattr(module, "_index", index_and_write)
    monkeypatch.setattr(module, "mutated", lambda rng, data, other: (data, "whole"))
    monkeypatch.setattr(module, "LIMIT_BYTES", 1)
    result = fuzz(tmp_path / "fuzz", 50)
    assert len(result.done) == 50
    assert not any(event.warning for event in result.done.values())
    assert [paths for what, paths in result.wrong if what == "written outside of the index"] == [
        [tmp_path / "fuzz" / "work" / "stray"]
    ]
    assert sum("MB" in what for what, _ in result.wrong) == 50


def test_a_number_of_a_seed_is_always_the_same_file():
    data, other = bytes(range(256)) * 20, b"other" * 900
    first, second, third = (mutated(np.random.default_rng([0, number]), data, other) for number in (7, 7, 8))
    assert first == second != third
    assert first[0] != data
