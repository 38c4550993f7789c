"""A joint stage on all forms of data at once, some of it broken."""

from __future__ import annotations

import logging
from pathlib import Path

import fsspec
import pytest

from tests.training.joint.tiny import joint_recipe, use_tiny_model
from tests.training.pairs.media import png, write_pictures, write_table, write_tar
from vlret.training import run


def test_tables_tars_directories_and_addresses_train_one_model(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "initial_model", run.initial_model)
    use_tiny_model()
    sets = ("pairs.csv", "{0..1}.tar", "loose", "memory://whole/t.jsonl")
    recipe = joint_recipe(tmp_path, sets=sets, weights=(1, 1, 1, 1), cache_tokens=True, steps=3)
    data = tmp_path / "data"
    for shard in range(2):
        pairs = ((f"{n}.png", f"{n}.txt", n) for n in range(5 * shard, 5 * shard + 5))
        write_tar(
            data / f"{shard}.tar",
            {k: v for a, b, n in pairs for k, v in ((a, png(n)), (b, b"number %d" % n))},
        )
    write_pictures(data / "loose", range(10, 15))
    (data / "loose" / "15.png").write_bytes(b"no picture")
    for n in range(10, 16):
        (data / "loose" / f"{n}.txt").write_text(f"number {n}")
    memory = fsspec.filesystem("memory")
    memory.pipe({f"/whole/{n}.png": png(n) for n in range(20, 24)})
    rows = [
        {"image": f"{n}.png", "question": "which number?", "answer": str(n), "split": "train"}
        for n in range(20, 25)
    ]
    memory.pipe("/whole/t.jsonl", write_table(tmp_path / "t.jsonl", rows).read_bytes())
    with caplog.at_level(logging.WARNING):
        model = run.train(recipe, tmp_path / "out")
    assert (model / "config.json").is_file()
    assert "1 skipped: does not exist: 24.png" in caplog.text
    assert "cannot be decoded: 15.png" in caplog.text
