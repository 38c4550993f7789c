"""`vlret watch`: an index that keeps up with folders."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vlret.cli import options, output
from vlret.text import count_of

if TYPE_CHECKING:
    from vlret.index.report import BuildReport


def watch(
    folders: Annotated[list[str], typer.Argument(metavar="FOLDER", help="Directories to watch.")],
    index: Annotated[
        Path,
        typer.Option(help="Index directory. A new index is made with the settings of a plain `vlret index`."),
    ],
    settle: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="Take a file once it has not changed for so long."),
    ] = 5.0,
    poll: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Look for changes this often instead of waiting for events (default on network drives: 60).",
        ),
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Drop the clips of files that no longer exist.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="Number of decoding processes.")] = 1,
    model: options.IndexModel = None,
    device: options.Device = "auto",
    json: options.AsJson = False,
) -> None:
    """Keep an index up to date with directories, as files come. Ctrl-C ends it.

    Prints a line for each batch of files; with --json, one JSON document per line.

    Example: vlret watch ~/Videos --index indexes/videos
    """
    terminated = threading.Event()

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        terminated.set()
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    try:
        _watch(folders, index, settle, poll, prune, workers, model, device, json)
    except KeyboardInterrupt:
        if not terminated.is_set():
            raise
        output.say("terminated")


def _watch(
    folders: list[str],
    index: Path,
    settle: float,
    poll: float | None,
    prune: bool,
    workers: int,
    model: str | None,
    device: str,
    json: bool,
) -> None:
    from vlret.tasks.watch.watch import watch as reports_of

    reports = reports_of(
        folders, index, model=model, settle_s=settle, poll_s=poll, prune=prune, workers=workers, device=device
    )
    output.say(f"watching {', '.join(folders)}")
    for report in reports:
        if json:
            output.print_json({"time": _now(), **report.to_dict()}, indent=None)
        else:
            output.say_files("partially read", report.partial)
            output.say_files("skipped", report.skipped)
            output.show(f"{_now()}  {_line(report)}")
            sys.stdout.flush()


def _line(report: BuildReport) -> str:
    parts = [
        (report.new, f"{count_of(report.new, 'file')} added ({count_of(report.clips, 'clip')})"),
        (report.moved, f"{count_of(report.moved, 'file')} moved"),
        (len(report.skipped), f"{count_of(len(report.skipped), 'file')} skipped"),
        (report.dropped, f"{count_of(report.dropped, 'clip')} dropped"),
    ]
    return ", ".join(text for n, text in parts if n)


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
