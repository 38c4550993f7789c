"""A part in a process of its own: wall and CPU seconds, memory over time."""

from __future__ import annotations

import json
import resource
import shlex
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.speed.parts import PARTS, Settings
from benchmarks.stream_memory import children_of, resident_mb
from vlret.errors import VlretError

_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Usage:
    """Wall and CPU seconds of a process and its children; its peak memory, and that of its largest child, in GB."""

    wall_s: float
    cpu_s: float
    peak_gb: float
    child_gb: float


def measured(part: str, settings: Settings) -> Usage:
    """Run a part; start-up and exit are counted.

    Raises:
        VlretError: it failed; its own lines are on stderr.
    """
    start = time.perf_counter()
    command = command_of(part, settings)
    try:
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except subprocess.CalledProcessError as error:
        sys.stderr.write(error.stderr)
        raise VlretError(f"{shlex.join(command)} failed.", "Its own lines above say why.") from error
    return Usage(time.perf_counter() - start, **json.loads(output.splitlines()[-1]))


def command_of(part: str, settings: Settings) -> list[str]:
    """Return the command that runs a part and prints what it used: see `run_part`."""
    return [sys.executable, "-m", "benchmarks.speed.measure", part, *map(str, asdict(settings).values())]


def run_part(part: str, source: str, dtype: str, engine: str) -> None:
    """Run a part in this process, and print the fields of its `Usage` but the wall seconds as JSON."""
    PARTS[part](Settings(Path(source), dtype, engine))
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu_s = sum(usage.ru_utime + usage.ru_stime for usage in (own, children))
    peak_gb, child_gb = (usage.ru_maxrss * 1024 / 1e9 for usage in (own, children))
    print(json.dumps({"cpu_s": cpu_s, "peak_gb": peak_gb, "child_gb": child_gb}))


def memory_of(command: list[str]) -> list[tuple[float, float, float]]:
    """Return (seconds, MB of a command, MB of its children) ten times a second until it ends."""
    readings, start = [], time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            with suppress(OSError):  # one of them has just ended
                children = sum(resident_mb(child) for child in children_of(process.pid))
                readings.append((time.perf_counter() - start, resident_mb(process.pid), children))
            time.sleep(_EVERY_S)
    if process.returncode:
        raise VlretError(f"{shlex.join(command)} failed.", "Its own lines above say why.")
    return readings


if __name__ == "__main__":
    run_part(*sys.argv[1:])
