"""Runs several benchmark requests, each on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from vlret.errors import VlretError
from vlret.evaluation.inputs.bench import bench
from vlret.evaluation.inputs.request import BenchRequest
from vlret.evaluation.results.export import file_names
from vlret.evaluation.results.result import BenchResult


def bench_all(
    requests: Mapping[str, BenchRequest],
    out: Path,
    device: str = "auto",
    dtype: str = "auto",
    cache: Path | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> Iterator[tuple[str, Path, BenchResult]]:
    """Name, directory below `out` and result of each request, as soon as it is finished.

    A request that cannot be run is skipped, and `say` receives why. Arguments are those of `bench`.
    """
    folders = file_names(requests)
    for name, request in requests.items():
        folder = out / folders[name]
        say(f"{name}:")
        try:
            result = bench(request, out=folder, device=device, dtype=dtype, cache=cache, say=say)
        except VlretError as error:
            say(f"{name}: skipped. {error}")
            continue
        yield name, folder, result
