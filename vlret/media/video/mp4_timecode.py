"""Start time code of MP4 and QuickTime files, from their tmcd track or the rtmd track of Sony cameras."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal

from vlret.media.video.timecode import frame_of, may_drop

_MOST_BOXES, _MOST_TRACKS = 1000, 100  # in one box: a file made to be slow has more
_MOST_BYTES = 1 << 16  # read of one box
_DROPS = 1  # flag of a tmcd track
_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class StartTimecode:
    """The time code of the first frame of a file.

    Attributes:
        frame: number of the frame from 00:00:00:00, at `base` frames a second of time code.
        base: labels a second: 30 for 29.97 frames a second.
        drop_frame: whether the labels leave some out.
        origin: where it was found.
    """

    frame: int
    base: int
    drop_frame: bool
    origin: Literal["tmcd", "rtmd", "metadata"]


def mp4_timecode(path: Path) -> StartTimecode | None:
    """Return the start time code of a file with MP4 boxes; None if it has none, or is no such file.

    A tmcd track is preferred. The samples of a tmcd track count frames, so that nothing is dropped from them. An rtmd
    track of an NTSC rate is drop-frame whatever its flag says: cameras write 0 there.
    """
    with suppress(struct.error, ValueError, ZeroDivisionError, OverflowError), path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        moov = next(_boxes(file, (0, end), b"moov"), (0, 0))
        tracks = islice(_boxes(file, moov, b"trak"), _MOST_TRACKS)
        found = [code for track in tracks if (code := _track_timecode(file, track))]
        return min(found, key=lambda code: code.origin != "tmcd", default=None)
    return None


def _track_timecode(file: BinaryIO, track: _Span) -> StartTimecode | None:
    entry = _content(file, track, b"mdia", b"minf", b"stbl", b"stsd")
    match entry[12:16]:
        case b"tmcd":
            return _tmcd(entry, _sample(file, track, 4))
        case b"rtmd":
            return _rtmd(_rate(file, track), _sample(file, track, 18))
    return None


def _tmcd(entry: bytes, sample: bytes) -> StartTimecode:
    """QuickTime File Format, "Timecode media": the description has flags and a base, the sample a frame number."""
    flags, base = struct.unpack(">I8xB", entry[28:41])
    (frame,) = struct.unpack(">I", sample)
    return StartTimecode(frame, base or 1, bool(flags & _DROPS) and may_drop(base), "tmcd")


def _rtmd(rate: Fraction, sample: bytes) -> StartTimecode | None:
    """Bytes 13 to 17 are hours, minutes, seconds, the drop-frame flag and frames, as FFmpeg reads them."""
    hours, minutes, seconds, flag, frames = sample[13:18]
    base = round(rate)
    drops = bool(flag) or (rate.denominator != 1 and may_drop(base))
    label = f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if drops else ':'}{frames:02d}"
    counted = frame_of(label, base)
    return StartTimecode(counted[0], base, counted[1], "rtmd") if counted else None


def _rate(file: BinaryIO, track: _Span) -> Fraction:
    """Return the samples per second of a track."""
    header = _content(file, track, b"mdia", b"mdhd")
    (timescale,) = struct.unpack(">I", header[20:24] if header[:1] == b"\1" else header[12:16])
    (delta,) = struct.unpack(">I", _content(file, track, b"mdia", b"minf", b"stbl", b"stts")[12:16])
    return Fraction(timescale, delta)


def _sample(file: BinaryIO, track: _Span, n_bytes: int) -> bytes:
    """Return the first bytes of the first sample of a track."""
    table = (b"mdia", b"minf", b"stbl")
    chunks, wide = _content(file, track, *table, b"stco"), _content(file, track, *table, b"co64")
    (place,) = struct.unpack(">Q", wide[8:16]) if wide else struct.unpack(">I", chunks[8:12])
    file.seek(place)
    return file.read(n_bytes)


def _content(file: BinaryIO, span: _Span, *names: bytes) -> bytes:
    """Return the beginning of the content of a box, given by its path; b"" if there is none."""
    for name in names:
        span = next(_boxes(file, span, name), (0, 0))
    file.seek(span[0])
    return file.read(min(span[1] - span[0], _MOST_BYTES))


def _boxes(file: BinaryIO, span: _Span, name: bytes) -> Iterator[_Span]:
    """Yield begin and end of the contents of the boxes `name` in a part of the file."""
    place, end = span
    for _ in range(_MOST_BOXES):
        if place + 8 > end:
            return
        file.seek(place)
        size, kind, long_size = struct.unpack(">I4sQ", file.read(16).ljust(16, b"\0"))
        head = 16 if size == 1 else 8
        size = {0: end - place, 1: long_size}.get(size, size)
        if size < head:
            return
        if kind == name:
            yield place + head, min(place + size, end)
        place += size
