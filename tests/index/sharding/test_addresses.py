"""A plan, its shards and its files at addresses; a worker that is killed while it writes there."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ColourEmbedder
from tests.index.conftest import write_image, write_video
from tests.refusal import refused
from tests.stores import remove, upload
from vlret import object_store
from vlret.errors import VlretError
from vlret.index.build import build_index
from vlret.index.encode_shard import read_marker
from vlret.index.index import Index
from vlret.index.sharding.encode_plan import encode_plan
from vlret.index.sharding.merge import merge_shards
from vlret.index.sharding.plan import ShardPlan
from vlret.index.sharding.plan_file import read_plan, write_plan
from vlret.index.sharding.plan_shards import plan_shards
from vlret.object_store import objects_below, read_bytes, write_bytes
from vlret.remote_path import RemotePath

COLOURS = (["red", "green"], ["blue"], ["green"], ["red"], ["blue", "green", "red"], ["grey"])


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    for number, colours in enumerate(COLOURS):
        write_video(folder / f"{number} ü.mp4", colours)
    write_image(folder / "sub" / "p.png", "green")
    return folder


def planned(source: object, n_shards: int = 3) -> ShardPlan:
    return plan_shards(source, n_shards, ColourEmbedder(), clips="window:1", progress=False)


def require_same(here: Path, there: Path) -> None:
    """Two indexes hold the same clips with the same vectors, whatever their roots."""
    first, second = Index.open(here), Index.open(there)
    columns = ["clip_id", "relative_path", "start", "end", "fingerprint", "size", "duration_s", "codec"]
    pd.testing.assert_frame_equal(first.rows()[columns], second.rows()[columns])
    np.testing.assert_array_equal(first.vectors(), second.vectors())


def test_all_of_it_at_addresses_gives_the_index_of_one_run(
    store: RemotePath, library: Path, tmp_path: Path
) -> None:
    upload(library, store / "library")
    made = planned(store / "library")
    write_plan(made, str(store / "plan.jsonl"))
    plan = read_plan(store / "plan.jsonl")
    assert plan == made
    assert plan.unknown == ()
    assert len(plan.shards) == 3
    for worker in range(2):
        encode_plan(plan, str(store / "shards"), (worker, 2), ColourEmbedder(), progress=False)
    report = merge_shards(plan, str(store / "shards"), tmp_path / "merged", progress=False)
    assert (report.new, report.clips, report.skipped) == (7, 10, ())
    build_index(library, tmp_path / "here", ColourEmbedder(), clips="window:1", progress=False)
    require_same(tmp_path / "here", tmp_path / "merged")
    assert Index.open(tmp_path / "merged").manifest.roots == (f"{store}/library",)
    assert encode_plan(plan, store / "shards", (0, 1), ColourEmbedder(), progress=False).encoded == ()
    assert (
        build_index(store / "library", tmp_path / "merged", ColourEmbedder(), clips="window:1").unchanged == 7
    )


def test_a_marker_comes_after_its_table(
    s3: RemotePath, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    put = object_store.write_bytes

    def noted(path: RemotePath, data: bytes) -> None:
        written.append(path.suffix)
        put(path, data)

    monkeypatch.setattr("vlret.index.shard_files.write_bytes", noted)
    encode_plan(planned(library), s3 / "shards", model=ColourEmbedder(), progress=False)
    assert written == [".parquet", ".json"] * 3


CHANGES = {
    "no marker": lambda name, path: remove(path.parent / f"{name}.json"),
    "a cut marker": lambda name, path: write_bytes(path.parent / f"{name}.json", b'{"inputs": "'),
    "no table": lambda name, path: remove(path),
    "a cut table": lambda name, path: write_bytes(path, read_bytes(path)[:-100]),
    "another table": lambda name, path: write_bytes(path, b"x" * len(read_bytes(path))),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_shard_with_something_amiss_is_named_and_encoded_again(
    s3: RemotePath, library: Path, tmp_path: Path, change: str
) -> None:
    plan, shards = planned(library), s3 / "shards"
    encode_plan(plan, shards, model=ColourEmbedder(), progress=False)
    name = plan.name(1)
    CHANGES[change](name, shards / read_marker(shards, name).table.name)
    with refused("shards_missing" if "marker" in change else "encoded_shard_damaged") as caught:
        merge_shards(plan, shards, tmp_path / "index", progress=False)
    assert name in caught.value.message
    assert encode_plan(plan, shards, model=ColourEmbedder(), progress=False).encoded == (name,)
    assert merge_shards(plan, shards, tmp_path / "index", progress=False).new == 7


def test_an_address_that_cannot_be_read_is_not_taken_for_missing_shards(
    s3: RemotePath, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(library)

    def denied(path: RemotePath) -> None:
        raise PermissionError(13, "access denied")

    monkeypatch.setattr("vlret.index.shard_files.state_of", denied)
    with refused("shards_unreadable"):
        merge_shards(plan, s3 / "shards", tmp_path / "index", progress=False)
    with refused("shards_unreadable"):
        encode_plan(plan, s3 / "shards", model=ColourEmbedder(), progress=False)


def test_errors_show_no_key(library: Path, tmp_path: Path) -> None:
    address = "s3://key:secret@bucket"
    plan = planned(library)
    for attempt in (
        lambda: write_plan(plan, address),
        lambda: read_plan(address),
        lambda: encode_plan(plan, address, model=ColourEmbedder(), progress=False),
        lambda: merge_shards(plan, address, tmp_path / "index", progress=False),
    ):
        with pytest.raises(VlretError) as caught:
            attempt()
        assert "secret" not in f"{caught.value} {caught.value.fields}"


def test_what_cannot_be_written_or_reached_is_one_error(
    s3: RemotePath, library: Path, tmp_path: Path
) -> None:
    nowhere = RemotePath("s3://no-such-bucket/library")
    plan = planned(library)
    with refused("write_failed"):
        encode_plan(plan, nowhere, model=ColourEmbedder(), progress=False)
    with refused("write_failed"):
        write_plan(plan, nowhere / "plan.jsonl")
    with refused("plan_unreadable"):
        read_plan(nowhere / "plan.jsonl")
    upload(library, s3 / "library")
    remote = planned(s3 / "library")
    for path in objects_below(s3 / "library"):
        remove(RemotePath(path))
    with refused("plan_root_missing"):
        encode_plan(remote, tmp_path / "shards", model=ColourEmbedder(), progress=False)


WORKER = """
import os, signal, sys
from tests.conftest import ColourEmbedder
from vlret import object_store
from vlret.index import shard_files
from vlret.index.sharding.encode_plan import encode_plan
from vlret.index.sharding.plan_file import read_plan

plan, shards, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
put = object_store.write_bytes

def write(path, data):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    put(path, data)

shard_files.write_bytes = write
encode_plan(read_plan(plan), shards, model=ColourEmbedder(), progress=False)
"""


def test_a_worker_that_is_killed_before_each_write_goes_on(
    s3: RemotePath, library: Path, tmp_path: Path
) -> None:
    """Every object is whole, and no marker names a table that is not there."""
    upload(library, s3 / "library")
    plan, shards = planned(s3 / "library", 2), s3 / "shards"
    write_plan(plan, s3 / "plan.jsonl")
    codes = []
    for writes in (1, 3, 9):
        command = [sys.executable, "-c", WORKER, f"{s3}/plan.jsonl", str(shards), str(writes)]
        codes.append(subprocess.run(command, check=False, timeout=60).returncode)
        for name in (plan.name(0), plan.name(1)):
            marker = read_marker(shards, name) if objects_below(shards) else None
            assert marker is None or str(shards / marker.table.name) in objects_below(shards)
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
    merge_shards(plan, shards, tmp_path / "merged", progress=False)
    build_index(library, tmp_path / "here", ColourEmbedder(), clips="window:1", progress=False)
    require_same(tmp_path / "here", tmp_path / "merged")
