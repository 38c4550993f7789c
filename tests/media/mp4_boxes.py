"""Writes a data track into an MP4 file, as cameras do: time code (tmcd) or real-time metadata (rtmd)."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

_MATRIX = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


def box(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def tmcd_entry(rate: Fraction, base: int, drop_frame: bool) -> bytes:
    """What follows the head of the sample description of a tmcd track."""
    return struct.pack(
        ">IIIIBx", 0, int(drop_frame), rate.numerator, rate.denominator, base
    )  # reserved, flags, timescale, frame duration, frames


def rtmd_sample(hours: int, minutes: int, seconds: int, frames: int, flag: int = 0) -> bytes:
    """The beginning of a sample of a Sony rtmd track, made up but for the time code."""
    return bytes(13) + bytes([hours, minutes, seconds, flag, frames]) + bytes(30)


def add_track(
    path: Path, kind: bytes, entry: bytes, sample: bytes, rate: Fraction, wide: bool = False
) -> None:
    """Add a track of one sample to a file whose last box is moov, as ffmpeg writes it."""
    data = path.read_bytes()
    place = data.rindex(b"moov") - 4
    assert place + struct.unpack(">I", data[place : place + 4])[0] == len(data), "moov is not the last box"
    moov = data[place + 8 :]
    n_track = len(_track(kind, entry, sample, rate, 0, wide))
    track = _track(kind, entry, sample, rate, len(data) + n_track + 8, wide)
    path.write_bytes(data[:place] + box(b"moov", moov, track) + box(b"mdat", sample))


def _track(kind: bytes, entry: bytes, sample: bytes, rate: Fraction, offset: int, wide: bool) -> bytes:
    delta, timescale = rate.denominator, rate.numerator
    handler = b"tmcd" if kind == b"tmcd" else b"meta"
    description = box(kind, bytes(6) + struct.pack(">H", 1), entry)
    chunks = (
        box(b"co64", struct.pack(">IIQ", 0, 1, offset))
        if wide
        else box(b"stco", struct.pack(">III", 0, 1, offset))
    )
    if wide:
        times = struct.pack(">IQQIQHH", 1 << 24, 0, 0, timescale, delta, 0, 0)
    else:
        times = struct.pack(">IIIIIHH", 0, 0, 0, timescale, delta, 0, 0)
    table = box(
        b"stbl",
        box(b"stsd", struct.pack(">II", 0, 1), description),
        box(b"stts", struct.pack(">IIII", 0, 1, 1, delta)),
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        box(b"stsz", struct.pack(">IIII", 0, 0, 1, len(sample))),
        chunks,
    )
    reference = box(b"url ", struct.pack(">I", 1))
    information = box(
        b"minf",
        box(b"nmhd", bytes(4)),
        box(b"dinf", box(b"dref", struct.pack(">II", 0, 1), reference)),
        table,
    )
    media = box(b"mdia", box(b"mdhd", times), box(b"hdlr", bytes(8), handler, bytes(13)), information)
    head = struct.pack(">IIIIII", 3, 0, 0, 9, 0, 1) + bytes(16) + _MATRIX + bytes(8)
    return box(b"trak", box(b"tkhd", head), media)
