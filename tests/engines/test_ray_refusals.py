"""What a run by Ray refuses before anything is started."""

from __future__ import annotations

import socket
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from tests.cli.conftest import paint_image, vlret
from vlret.engines import ray_cluster
from vlret.errors import RunnerError


@pytest.fixture
def arguments(tmp_path, models):
    (tmp_path / "media").mkdir()
    paint_image(tmp_path / "media" / "red.png", "red")
    out = tmp_path / "index"
    return ["index", tmp_path / "media", "--out", out, "--model", models / "colour", "--runner", "ray"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--runner", "spark"], "Unknown runner 'spark'"),
        (["--runner", "local", "--address", "auto"], "The runner local takes no --address"),
        (["--runner", "local", "--actor-memory", "1GB"], "The runner local takes no --actor-memory"),
        (["--dry-run"], "The runner ray takes no --dry-run. Run that without --runner ray."),
        (["--prune", "--moments"], "The runner ray takes no --prune or --moments"),
        (["--actor-memory", "much"], "'much' is not a size"),
    ],
)
def test_options_without_effect_are_refused(arguments, options, message):
    run = vlret(*arguments, *options)
    assert (run.code, message in run.err) == (2, True), run.err


@pytest.mark.parametrize("address", ["nonsense", "ray://127.0.0.1:10001", "127.0.0.1:free"])
def test_an_address_without_a_cluster_is_named_at_once(arguments, address):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # nothing listens
        address = address.replace("free", str(free.getsockname()[1]))
        run = vlret(*arguments, "--address", address)
    assert (run.code, run.err.count("\n")) == (1, 1)
    assert f"There is no Ray cluster at {address}: " in run.err


def test_without_ray_the_extra_is_named(arguments, monkeypatch):
    monkeypatch.setattr(ray_cluster, "find_spec", lambda name: None if name == "ray" else find_spec(name))
    run = vlret(*arguments)
    assert (run.code, "pip install 'vlret[ray]'" in run.err) == (1, True)


def test_shards_of_another_run_are_refused(arguments, monkeypatch):
    monkeypatch.setattr(ray_cluster, "find_spec", lambda name: None)
    vlret(*arguments)  # leaves its plan
    run = vlret(*arguments, "--clips", "window:3")
    assert (run.code, "unfinished run" in run.err) == (2, True)


def test_no_media_is_an_error(arguments, tmp_path):
    (tmp_path / "media" / "red.png").unlink()
    run = vlret(*arguments)
    assert (run.code, "no video or image" in run.err) == (1, True)
    assert not (tmp_path / "index.shards").exists()


def cluster_of(*nodes: dict[str, float]) -> SimpleNamespace:
    listed = [{"Alive": True, "Resources": node} for node in nodes]
    return SimpleNamespace(nodes=lambda: [*listed, {"Alive": False, "Resources": {"CPU": 1.0}}])


def test_what_an_actor_takes_follows_from_the_machines():
    head, small, large = {"memory": 9e9}, {"CPU": 4.0, "memory": 8e9}, {"CPU": 32.0, "memory": 64e9}
    gpus = {"CPU": 16.0, "GPU": 2.0, "memory": 99e9}
    found = ray_cluster.resources_of_actor(cluster_of(head, small, large), 4 * 10**9, "auto")
    assert found == {"num_cpus": 4, "memory": 4 * 10**9}
    assert ray_cluster.n_actors(cluster_of(head, small, large), found) == 1 + 8
    assert ray_cluster.resources_of_actor(cluster_of(large), 10**9, "auto")["num_cpus"] == 8
    found = ray_cluster.resources_of_actor(cluster_of(small, gpus), 10**9, "auto")
    assert found == {"num_gpus": 1, "num_cpus": 8, "memory": 10**9}
    assert ray_cluster.n_actors(cluster_of(small, gpus), found) == 2
    assert "num_gpus" not in ray_cluster.resources_of_actor(cluster_of(gpus), 10**9, "cpu")


def test_memory_that_no_machine_has_is_refused():
    with pytest.raises(RunnerError) as caught:
        ray_cluster.resources_of_actor(cluster_of({"CPU": 4.0, "memory": 3e9}), 4 * 10**9, "auto")
    assert caught.value.code == "actor_too_large"
    assert "4.0 GB" in caught.value.message
    assert "3.0 GB" in caught.value.message
