"""The program of a decoding child, `python -m vlret.media.pool.child_main MEMORY_BYTES`: see child_process.py."""

from __future__ import annotations

import json
import math
import os
import queue
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np

from vlret.errors import MissingExtraError, VlretError
from vlret.media.clips import clips_of
from vlret.media.decoders.registry import find_decoder
from vlret.media.frames import clip_frames, frames_at, sampled_frames
from vlret.media.header import header_duration
from vlret.media.limits import decode_limit_s, worker_limit_bytes
from vlret.media.open_media import Media, open_media
from vlret.media.pool.messages import Message, missing_extra_message, write_message
from vlret.media.unreadable_error import UnreadableError
from vlret.media.video.live import LiveVideo

_REPORT_S = 1.0


Kinds = Mapping[str, Callable[[dict[str, Any], Callable[[], None]], Iterator[Message]]]
"""What a child does, by the kind of a request: a function of the request and of what it calls as it gets on."""


def serve(kinds: Kinds) -> None:
    """Answer the requests that arrive on standard input by `kinds`, until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    warnings.simplefilter("ignore")
    _open_stderr()
    out = os.fdopen(os.dup(1), "wb")
    _silence_libraries()
    memory_bytes = int(sys.argv[1])
    requests: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_read_requests, args=[requests], daemon=True).start()
    while True:
        request = requests.get()
        _limit_memory(min(memory_bytes, worker_limit_bytes(_size(request["path"]))))
        _answer(kinds, request, out)


def _read_requests(requests: queue.Queue[dict[str, Any]]) -> None:
    """Queue requests as they arrive; when the parent is gone, exit at once, even in the middle of a frame."""
    for line in sys.stdin.buffer:
        requests.put(json.loads(line))
    os._exit(0)


def _open_stderr() -> None:
    """Open stderr if the parent has none (`2>&-`): else the next file would get its descriptor and be written to."""
    try:
        os.fstat(2)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _silence_libraries() -> None:
    """Keep what libraries print out of the messages and off the terminal."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)


def _limit_memory(n_bytes: int) -> None:
    """Limit the data segment; the address space would count libraries that are only mapped."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    allowed = n_bytes if most == resource.RLIM_INFINITY else min(n_bytes, most)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, most))


def _answer(kinds: Kinds, request: dict[str, Any], out: IO[bytes]) -> None:
    is_endless = request["kind"] == "live"
    limit_s = math.inf if is_endless else decode_limit_s(_size(request["path"]))
    on_progress = _watch(request["path"], limit_s, out)
    try:
        for header, pixels in kinds[request["kind"]](request, on_progress):
            write_message(out, header, pixels)
    except BrokenPipeError:
        os._exit(0)
    except Exception as error:  # noqa: BLE001 - a file that breaks a decoder is skipped
        write_message(out, _failure(error))


def _failure(error: Exception) -> dict[str, Any]:
    """Return the message about a file that cannot be decoded."""
    if isinstance(error, MissingExtraError):
        return missing_extra_message(error)
    if isinstance(error, UnreadableError):
        return {"kind": "failed", "reason": error.reason, "hint": error.hint, "code": error.code}
    return {"kind": "failed", "reason": _reason(error), "hint": "", "code": "decoder_failed"}


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "needs more memory than a decoder may take"
    if isinstance(error, VlretError):
        return error.message.rstrip(".")
    return f"{type(error).__name__}: {error}"


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:  # reported when it is opened
        return 0


def _watch(path: str, limit_s: float, out: IO[bytes]) -> Callable[[], None]:
    """Return a function that reports progress now and then, and raises once a file takes more than `limit_s`."""
    last_sent, started = time.monotonic(), time.process_time()

    def on_progress() -> None:
        nonlocal last_sent
        if time.monotonic() - last_sent <= _REPORT_S:
            return
        last_sent = time.monotonic()
        write_message(out, {"kind": "alive"})
        if time.process_time() - started > limit_s:
            reason = f"takes more than {limit_s:.0f} s of CPU time"
            raise UnreadableError(Path(path), reason, "Convert it.", code="takes_too_long")

    return on_progress


def _clips(request: dict[str, Any], on_progress: Callable[[], None]) -> Iterator[Message]:
    """Yield the clips of a file, then "done"."""
    path, size = Path(request["path"]), request["size"] and tuple(request["size"])
    with open_media(path, on_progress) as media:
        start, end = request["within"] or (0.0, math.inf)
        clips = [clip for clip in clips_of(path, media, request["clips"]) if start <= clip.start < end]
        n_clips = 0
        decoded = clip_frames(
            media, clips, request["n_frames"], request["sampling"], size, request["decoder"]
        )
        for clip, frames in decoded:
            n_clips += 1
            header = {"kind": "clip", "start": clip.start, "end": clip.end, "times": frames.times.tolist()}
            yield header, frames.pixels
        done = {"info": asdict(media.info), "n_clips": n_clips, "warning": _warning(media)}
        yield {"kind": "done", **done}, None


def _frames(request: dict[str, Any], on_progress: Callable[[], None]) -> Iterator[Message]:
    """Yield the frames of a file at given times."""
    decoder, size = find_decoder(request["decoder"]), request["size"] and tuple(request["size"])
    with open_media(request["path"], on_progress) as media:
        frames = frames_at(media, np.array(request["times"], np.float64), decoder, size)
    yield {"kind": "frames", "times": frames.times.tolist()}, frames.pixels


def _sampled(request: dict[str, Any], on_progress: Callable[[], None]) -> Iterator[Message]:
    """Yield the frames of a file at a rate, then "done"."""
    size = request["size"] and tuple(request["size"])
    with open_media(request["path"], on_progress) as media:
        for time_s, pixels in sampled_frames(media, request["frames_hz"], size):
            yield {"kind": "frame", "time": time_s}, pixels
        yield {"kind": "done", "warning": _warning(media)}, None


def _header(request: dict[str, Any], on_progress: Callable[[], None]) -> Iterator[Message]:
    """Yield the duration of a file by its header."""
    yield {"kind": "header", "duration": header_duration(Path(request["path"]))}, None


def _live(request: dict[str, Any], on_progress: Callable[[], None]) -> Iterator[Message]:
    """Yield the frames of a pipe, an address or a camera at a rate, as they arrive, then "done"."""
    size = request["size"] and tuple(request["size"])
    with LiveVideo(request["source"], request["location"], on_progress) as video:
        yield {"kind": "opened", "is_finite": video.is_finite}, None
        for time_s, pixels in video.sampled(request["frames_hz"], size):
            yield {"kind": "frame", "time": time_s}, pixels
    yield {"kind": "done", "warning": None}, None


def _warning(media: Media) -> str | None:
    """Return all oddities of a file in one line; None without any."""
    found = list(media.warnings)
    if media.damaged_at is not None:
        found.insert(0, f"damaged after {max(media.damaged_at, 0.0):.1f} s")
    elif media.decoded_end is not None and media.decoded_end < media.info.duration - 1e-3:
        found.insert(0, f"nothing can be decoded after {media.decoded_end:.1f} s")
    return "; ".join(found) or None


KINDS: Kinds = {"clips": _clips, "frames": _frames, "sampled": _sampled, "live": _live, "header": _header}

if __name__ == "__main__":
    serve(KINDS)
