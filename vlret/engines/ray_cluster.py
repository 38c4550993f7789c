"""The Ray cluster of a run: connecting to it quietly, and what one of its actors takes."""

from __future__ import annotations

import io
import logging
import os
import socket
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from typing import Any

from vlret.errors import MissingExtraError, RunnerError
from vlret.text import printable

CONNECT_S = 5.0
MOST_CPUS = 8
"""Cores of an actor without a GPU: more of them wait for each other."""


@contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """Yield the module ray, connected to `address`, `RAY_ADDRESS`, or a cluster of this machine's own; quiet.

    Raises:
        MissingExtraError: Ray is not installed.
        RunnerError: there is no cluster at the address, or one of another version of Ray or Python.
    """
    if find_spec("ray") is None:
        raise MissingExtraError(
            "Ray is not installed.", "Run: pip install 'vlret[ray]'", code="missing_package", package="ray"
        )
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # read when ray is imported
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    place = address or os.environ.get("RAY_ADDRESS") or "local"
    _require_reachable(place)
    local: dict[str, Any] = {"include_dashboard": False} if place == "local" else {}
    try:
        with _without_stderr():
            ray.init(address=place, log_to_driver=False, logging_level=logging.ERROR, **local)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _no_cluster(place, str(error).strip().partition("\n")[0]) from error
    try:
        _silence(ray)
        with redirect_stdout(io.StringIO()):  # where Ray writes the logs of a machine that died
            yield ray
    finally:
        ray.shutdown()


def resources_of_actor(ray: Any, memory: int, device: str) -> dict[str, Any]:
    """What `map_batches` reserves for one actor: a GPU where there are some, cores, and `memory` bytes.

    Raises:
        RunnerError: no machine of the cluster has that much memory for Ray.
    """
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    fitting = [node for node in nodes if node.get("CPU", 0) >= 1 and node.get("memory", 0) >= memory]
    if not fitting:
        most = max((node.get("memory", 0) for node in nodes), default=0)
        raise RunnerError(
            f"No machine of the cluster gives Ray the {memory / 1e9:.1f} GB that an actor is to have; the largest "
            f"gives {most / 1e9:.1f} GB.",
            "State less memory, or give Ray more of it where its machines are started.",
            code="actor_too_large", given=memory, most=most,
        )  # fmt: skip
    with_gpu = [node for node in fitting if node.get("GPU", 0) >= 1]
    if with_gpu and (device == "auto" or device.startswith("cuda")):
        cpus = min(int(node["CPU"] // node["GPU"]) for node in with_gpu)
        return {"num_gpus": 1, "num_cpus": max(1, cpus), "memory": memory}
    return {"num_cpus": min(MOST_CPUS, *(int(node["CPU"]) for node in fitting)), "memory": memory}


def n_actors(ray: Any, resources: Mapping[str, Any]) -> int:
    """How many actors with these resources the machines of the cluster hold now."""
    names = {"num_cpus": "CPU", "num_gpus": "GPU", "memory": "memory"}
    wanted = {names[name]: amount for name, amount in resources.items()}
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return sum(min(int(node.get(name, 0) // amount) for name, amount in wanted.items()) for node in nodes)


def _require_reachable(address: str) -> None:
    """Ray itself tries an address that nothing listens at for minutes."""
    host, colon, port = address.rpartition(":")
    if address in ("local", "auto"):
        return
    if not colon or not port.isdecimal() or "/" in host:
        raise _no_cluster(address, "it is not HOST:PORT or auto")
    try:
        socket.create_connection((host, int(port)), CONNECT_S).close()
    except OSError as error:
        raise _no_cluster(address, error.strerror or str(error)) from error


def _no_cluster(address: str, reason: str) -> RunnerError:
    return RunnerError(
        f"There is no Ray cluster at {printable(address)}: {printable(reason).rstrip('.')}.",
        "Start one with `ray start`, give its HOST:PORT, and run on one of its machines.",
        code="no_cluster", address=address,
    )  # fmt: skip


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Keep what libraries of C++ write to stderr off the terminal."""
    saved, silent = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(silent)


def _silence(ray: Any) -> None:
    """Leave the terminal to one bar."""
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"ray\..*")
