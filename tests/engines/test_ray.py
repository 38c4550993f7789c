"""`vlret index --runner ray` on real clusters: one that this machine starts, and two nodes of which one is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.cli.conftest import ROOT, paint_image, paint_video, vlret
from vlret.index.build import build_index
from vlret.index.index import Index

MODEL = "tests.engines.hanging_model:Hanging"
MEMORY = 300 * 10**6
NODE = {"num_cpus": 1, "memory": MEMORY, "object_store_memory": 80 << 20}


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    """Four videos, an image, and a file that is no video."""
    folder = tmp_path_factory.mktemp("media & ü")
    for name, colours in {"a": ("red", "blue"), "b": ("blue",), "c": ("grey", "red"), "d": ("grey",)}.items():
        paint_video(folder / f"{name}.mp4", *colours)
    paint_image(folder / "e.png", "blue")
    (folder / "bad.mp4").write_bytes(b"no video" * 99)
    return folder


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    folder = tmp_path / "hang"
    folder.mkdir()
    (folder / "hang").write_text("no node")
    return {
        **os.environ, "PYTHONPATH": str(ROOT), "HANG_DIR": str(folder), "OMP_NUM_THREADS": "1",
        "RAY_TMPDIR": f"/tmp/vlret-ray-{os.getpid()}",
    }  # fmt: skip


CALL = """
import sys
from vlret.engines.ray import index_with_ray
source, out, address = sys.argv[1:]
index_with_ray(source, out, address, None, 300_000_000, n_shards=5, model="tests.engines.hanging_model:Hanging",
               clips="window:2")
"""


def started(environment: dict[str, str], *arguments: object) -> subprocess.Popen[str]:
    """A Python of its own."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def rows(index: Path) -> pd.DataFrame:
    """All clips of an index with their vectors, in order."""
    opened = Index.open(index)
    table = opened.rows()
    table["vector"] = [vector.tolist() for vector in opened.vectors()]
    return table.drop(columns="clip_id").sort_values(["path", "start"], ignore_index=True)


def wait_for(what, process: subprocess.Popen[str], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.1)


@pytest.fixture
def cluster(environment, monkeypatch) -> Iterator[Any]:
    """A real Ray cluster of one node with one core."""
    from ray.cluster_utils import Cluster

    for name in ("PYTHONPATH", "HANG_DIR", "OMP_NUM_THREADS", "RAY_TMPDIR"):
        monkeypatch.setenv(name, environment[name])
    made = Cluster()
    try:
        made.add_node(**NODE, include_dashboard=False)
        yield made
    finally:
        made.shutdown()
        shutil.rmtree(environment["RAY_TMPDIR"], ignore_errors=True)


@pytest.mark.slow
def test_a_node_killed_in_the_middle_costs_nothing(cluster, media, environment, tmp_path):
    killed = cluster.add_node(**NODE)
    hang = Path(environment["HANG_DIR"])
    (hang / "hang").write_text(killed.node_id)
    run = started(environment, "-c", CALL, media, tmp_path / "index", cluster.address)
    try:
        shards = tmp_path / "index.shards"
        wait_for(lambda: (hang / "at-work").exists() and list(shards.glob("shard-*.json")), run)
        cluster.remove_node(killed, allow_graceful=False)
        out, err = run.communicate(timeout=200)
    finally:
        run.kill()
    assert (run.returncode, out, err) == (0, "", "")
    build_index(media, tmp_path / "alone", MODEL, clips="window:2", progress=False)
    pd.testing.assert_frame_equal(rows(tmp_path / "index"), rows(tmp_path / "alone"))
    assert len(rows(tmp_path / "index")) == 7
    assert Index.open(tmp_path / "index").skipped == Index.open(tmp_path / "alone").skipped != []
    assert not shards.exists()


@pytest.mark.slow
def test_a_run_names_what_fails_stops_and_goes_on(cluster, media, environment, tmp_path):
    folder, hang, shards = tmp_path / "media", Path(environment["HANG_DIR"]), tmp_path / "index.shards"
    shutil.copytree(media, folder)
    paint_video(folder / "f.mp4", "green")
    (hang / "deadly").touch()
    first = started(environment, "-c", CALL, folder, tmp_path / "index", cluster.address)
    _, err = first.communicate(timeout=250)
    assert "RunnerError: 1 shard of 5 could not be encoded: shard-00004-of-00005. The first, on " in err
    assert "its actor has died 4 times" in err
    kept = {path.name: path.stat().st_mtime_ns for path in shards.glob("shard-*.json")}
    assert len(kept) == 4
    assert not (tmp_path / "index").exists()

    (hang / "deadly").unlink()
    (hang / "hang").write_text(cluster.head_node.node_id)
    command = ["-m", "vlret", "index", folder, "--out", tmp_path / "index", "--model", MODEL, "--clips", "window:2",
               "--runner", "ray", "--address", cluster.address, "--actor-memory", "300MB", "--json"]  # fmt: skip
    stopped = started(environment, *command)
    wait_for((hang / "at-work").exists, stopped)
    stopped.send_signal(signal.SIGINT)
    out, err = stopped.communicate(timeout=60)
    assert (stopped.returncode, out, err.count("\n")) == (130, "", 1), err

    (hang / "hang").write_text("no node")
    (shards / "of someone else").touch()
    resumed = started(environment, *command)
    out, err = resumed.communicate(timeout=100)
    assert (resumed.returncode, err) == (0, "")
    assert (json.loads(out)["new"], json.loads(out)["clips"]) == (6, 8)
    build_index(folder, tmp_path / "alone", MODEL, clips="window:2", progress=False)
    pd.testing.assert_frame_equal(rows(tmp_path / "index"), rows(tmp_path / "alone"))
    assert [path.name for path in shards.iterdir()] == ["of someone else"]
    nothing_new = vlret(*command[2:])
    assert (nothing_new.code, nothing_new.json["new"]) == (0, 0)
