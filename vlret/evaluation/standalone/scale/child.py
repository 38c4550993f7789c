"""Runs a step as a process of its own, so that its memory and its start-up are its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vlret.errors import VlretError
from vlret.evaluation.standalone.scale.result import Process
from vlret.text import printable


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that has ended well: what it took, and what it printed on stdout."""

    process: Process
    text: str

    @property
    def figures(self) -> Any:
        """The JSON value in its last line."""
        return json.loads(self.text.splitlines()[-1])


def run_child(arguments: Sequence[object], quiet: bool = False) -> Ended:
    """Run `python -m ARGUMENTS`; what it says on stderr is shown, or with `quiet` goes to `Ended.text`.

    Raises:
        VlretError: it failed.
    """
    command = [sys.executable, "-m", *map(str, arguments)]
    start = time.perf_counter()
    errors = subprocess.STDOUT if quiet else None
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
    ) as child:
        text = child.stdout.read() if child.stdout else ""
        peak_bytes = _wait(child)
    seconds = time.perf_counter() - start
    if child.returncode:
        raise VlretError(
            f"{' '.join(map(str, arguments))} ended with code {child.returncode}: {printable(text)[-500:]}.",
            "What is done is kept: run the same command again.",
            code="step_failed",
        )
    return Ended(Process(seconds, peak_bytes), text)


def _wait(child: subprocess.Popen[str]) -> int | None:
    """Wait for the end of a process; the most bytes that it had resident, None where the system does not say.

    Linux counts what the starting process held before: keep that one small.
    """
    if not hasattr(os, "wait4"):  # Windows
        child.wait()
        return None
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return int(usage.ru_maxrss) * (1 if sys.platform == "darwin" else 1024)
