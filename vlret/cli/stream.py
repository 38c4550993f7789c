"""`vlret stream`: a line for each new event of a file, pipe, address or camera."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from vlret.cli import options, output
from vlret.errors import UsageError
from vlret.text import count_of

if TYPE_CHECKING:
    from vlret.tasks.stream.stream import EventStream, StreamEvent

FORMATS = ("text", "jsonl")


def stream(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A video file, - or another pipe, an rtsp:// or http:// address, or a camera such as /dev/video0.",
        ),
    ],
    captioner: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE",
            help="As for `vlret caption`: 'decoder', 'bank', the directory of a text decoder, or a file of sentences.",
        ),
    ] = "auto",
    rate: Annotated[float, typer.Option(help="Comparisons a second.")] = 2.0,
    delay: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="An event is described at most this long after its start."),
    ] = 3.0,
    min_dwell: Annotated[
        float, typer.Option(metavar="SECONDS", help="What is gone before is no event.")
    ] = 1.0,
    max_silence: Annotated[
        float, typer.Option(metavar="SECONDS", help="Without any change, an event starts after this time.")
    ] = 60.0,
    form: Annotated[str, typer.Option("--format", help="text or jsonl.")] = "text",
    model: options.Model = options.DEFAULT_MODEL,
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    engine: options.Engine = "auto",
) -> None:
    """Describe a stream as it happens, and only what is new in it. Ctrl-C ends it.

    Example: vlret stream rtsp://camera/live --format jsonl
    """
    if form not in FORMATS:
        raise UsageError(f"--format was given as {form!r}.", f"Give {' or '.join(FORMATS)}.")
    output.say(f"loading {model}")
    from vlret.tasks.stream.stream import stream as open_stream

    events = open_stream(
        source, captioner, model=model, rate_hz=rate, delay_s=delay, min_dwell_s=min_dwell,
        max_silence_s=max_silence, device=device, dtype=dtype, engine=engine,
    )  # fmt: skip
    output.say(f"watching {events.name}")
    try:
        for event in events:
            _print(event, events.name, form)
    finally:
        output.say(_summary(events))


def _print(event: StreamEvent, source: str, form: str) -> None:
    from vlret.reports.timecode import timecode

    if form == "jsonl":
        output.print_json({"source": source, **event.to_json()}, indent=None)
        return
    reused = "  (reused)" if event.reuses is not None else ""
    output.show(f"{timecode(event.start_s):>9}  {event.score:6.3f}  {event.text}{reused}")
    sys.stdout.flush()


def _summary(events: EventStream) -> str:
    dropped = count_of(events.n_dropped, "frame")
    return f"{count_of(events.n_events, 'event')}, {events.n_reused} of them with a reused text; {dropped} dropped"
