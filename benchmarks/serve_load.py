"""`vlret serve` with many users at once: `python -m benchmarks.serve_load INDEX`, on an idle machine.

Each user searches for a sentence, looks at the thumbnails of the first hits, thinks, and searches again. Printed are
the times of searches and thumbnails, the answers that were no success, and the resident memory of the service with its
child processes at each tenth of the requests.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Annotated

import httpx
import numpy as np
import typer

from benchmarks.console import launch
from benchmarks.stream_memory import children_of, resident_mb

WHO = (
    "a dog",
    "two people",
    "a red car",
    "a boat",
    "a child",
    "a cook",
    "a horse",
    "a crowd",
    "a bird",
    "a train",
)
DOES = (
    "runs",
    "stands still",
    "jumps",
    "turns around",
    "waits",
    "moves slowly",
    "is seen from above",
    "sleeps",
)
WHERE = ("on the beach", "in a street", "at night", "in the snow", "in a kitchen", "near a lake", "indoors")
SENTENCES = [" ".join(words) for words in product(WHO, DOES, WHERE)]


@dataclass
class Measured:
    """Seconds of each request by its kind, statuses, and (requests so far, MB) of the service."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"search": [], "thumbnail": []})
    statuses: Counter[int] = field(default_factory=Counter)
    memory: list[tuple[int, float]] = field(default_factory=list)


def main(
    index: Annotated[Path, typer.Argument(help="Index directory.")],
    users: Annotated[int, typer.Option(help="Users at once.")] = 50,
    requests: Annotated[int, typer.Option(help="Requests of all users together.")] = 10_000,
    think_s: Annotated[float, typer.Option(help="Mean seconds between two searches of a user.")] = 2.0,
    thumbnails: Annotated[int, typer.Option(help="Thumbnails that a user looks at after each search.")] = 4,
) -> None:
    """Print times, errors and memory of a service under load."""
    command = [sys.executable, "-m", "vlret", "serve", str(index), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        try:
            address = (service.stdout.readline() if service.stdout else "").strip()
            started = time.monotonic()
            measured = asyncio.run(_crowd(address, service.pid, users, requests, think_s, thumbnails))
            _print(measured, time.monotonic() - started)
        finally:
            service.terminate()


async def _crowd(
    address: str, pid: int, users: int, requests: int, think_s: float, thumbnails: int
) -> Measured:
    limits = httpx.Limits(max_connections=users)
    async with httpx.AsyncClient(base_url=address, timeout=120, limits=limits) as client:
        while not (await client.get("api/health")).json()["ready"]:
            await asyncio.sleep(0.2)
        measured, step = Measured(), max(requests // 10, 1)

        async def ask(kind: str, method: str, path: str, **options: object) -> httpx.Response:
            began = time.monotonic()
            answer = await client.request(method, path, **options)  # type: ignore[arg-type]
            measured.seconds[kind].append(time.monotonic() - began)
            measured.statuses[answer.status_code] += 1
            if measured.statuses.total() % step == 0:
                measured.memory.append((measured.statuses.total(), _memory_mb(pid)))
            return answer

        async def user(chance: random.Random) -> None:
            while measured.statuses.total() < requests:
                body = {"query": chance.choice(SENTENCES), "k": 24}
                found = await ask("search", "POST", "api/search", json=body)
                for hit in found.json().get("hits", [])[:thumbnails]:
                    await ask("thumbnail", "GET", hit["thumbnail"])
                await asyncio.sleep(chance.expovariate(1 / think_s) if think_s else 0)

        await asyncio.gather(*(user(random.Random(number)) for number in range(users)))
        return measured


def _memory_mb(pid: int) -> float:
    return sum(map(resident_mb, [pid, *children_of(pid)]))


def _print(measured: Measured, wall_s: float) -> None:
    total = measured.statuses.total()
    print(
        f"{total} requests in {wall_s:.0f} s, {total / wall_s:.0f} a second; statuses {dict(measured.statuses)}"
    )
    for kind, seconds in measured.seconds.items():
        if seconds:
            middle, most = np.percentile(seconds, (50, 99))
            print(
                f"{kind:<10} {len(seconds):>7} requests   p50 {1000 * middle:6.0f} ms   p99 {1000 * most:6.0f} ms"
            )
    for n_requests, megabytes in measured.memory:
        print(f"after {n_requests:>7} requests {megabytes:7.0f} MB")


if __name__ == "__main__":
    launch(main)
