"""Small valid media files of many formats, and ways to damage them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

import vlret
from tests.media.make import H264, picture, video
from vlret.media.sources import MEDIA_SUFFIXES

Rng = np.random.Generator

_SAMPLES = Path(vlret.__file__).parent / "assets" / "samples"

_N, _SIZE = 20, {"width": 64, "height": 48}
_VIDEOS: dict[str, tuple[object, ...]] = {
    "h264.mp4": H264,
    "fragmented.mp4": (*H264, "-movflags", "frag_keyframe+empty_moov"),
    "faststart.mov": (*H264, "-movflags", "+faststart"),
    "hevc.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:pools=1"),
    "av1.mp4": ("-c:v", "libaom-av1", "-cpu-used", 8, "-crf", 40),
    "h264.mkv": H264,
    "vp9.mkv": ("-c:v", "libvpx-vp9", "-cpu-used", 8, "-b:v", "200k"),
    "vp8.webm": ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "200k"),
    "mpeg4.avi": ("-c:v", "mpeg4", "-bf", 2, "-q:v", 5),
    "mjpeg.avi": ("-c:v", "mjpeg", "-q:v", 5, "-pix_fmt", "yuvj420p"),
    "h264.ts": H264,
    "h264.m2ts": H264,
    "mpeg2.mpg": ("-c:v", "mpeg2video", "-r", 25, "-q:v", 5),
    "mpeg2.vob": ("-c:v", "mpeg2video", "-r", 25, "-q:v", 5, "-f", "vob"),
    "raw.h264": H264,
    "sorenson.flv": ("-c:v", "flv", "-q:v", 5),
    "wmv2.wmv": ("-c:v", "wmv2", "-q:v", 5),
    "mpeg4.3gp": ("-c:v", "mpeg4", "-q:v", 5),
    "prores.mov": ("-c:v", "prores"),
    "alpha.mov": ("-c:v", "qtrle", "-pix_fmt", "argb"),
    "animated.gif": (),
}
_IMAGES: dict[str, dict[str, object]] = {
    "photo.jpg": {"quality": 90},
    "progressive.jpg": {"progressive": True, "quality": 90},
    "photo.png": {},
    "photo.webp": {"quality": 80},
    "lossless.webp": {"lossless": True},
    "photo.bmp": {},
    "photo.tiff": {"compression": "tiff_lzw"},
    "photo.avif": {},
    "photo.heic": {},
}


def make_sources(folder: Path) -> list[Path]:
    """In `folder`, two samples of the package and a file of each format that vlret takes for media by its name."""
    folder.mkdir(parents=True)
    known = [name for name in (*_VIDEOS, *_IMAGES) if Path(name).suffix in MEDIA_SUFFIXES]
    samples = [
        Path(shutil.copy(_SAMPLES / name, folder))
        for name in ("videos/earth_from_space.mp4", "photos/cat_face.jpg")
    ]
    return [*samples, *(_make(folder / name) for name in known)]


def _make(path: Path) -> Path:
    if path.name in _VIDEOS:
        arguments = _VIDEOS[path.name] or ("-f", "gif")
        return video(path, *arguments, n=_N, **_SIZE)
    image = Image.fromarray(picture(5, 96, 64))
    if path.suffix == ".heic":
        import pillow_heif

        pillow_heif.from_pillow(image).save(path)
    else:
        image.save(path, **_IMAGES[path.name])  # type: ignore[arg-type]
    return path


def mutated(rng: Rng, data: bytes, other: bytes) -> tuple[bytes, str]:
    """`data` with one to three kinds of damage, some of which take bytes of `other`; and what was done."""
    kinds = rng.choice(list(_KINDS), rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))
    for kind in kinds:
        data = _KINDS[kind](rng, data, other) or data[:1]
    return data, "+".join(kinds)


def _place(rng: Rng, data: bytes, longest: int = 4096) -> tuple[int, int]:
    """Start and end of a random part of `data`; every second one lies in the first 2 kB, where headers are."""
    last = min(len(data), 2048) if rng.random() < 0.5 else len(data)
    start = int(rng.integers(0, max(last, 1)))
    return start, min(len(data), start + int(2 ** rng.uniform(0, np.log2(longest))))


def _flip_bits(rng: Rng, data: bytes, other: bytes) -> bytes:
    made = bytearray(data)
    for _ in range(int(2 ** rng.uniform(0, 7))):
        made[_place(rng, data)[0] % len(made)] ^= 1 << int(rng.integers(8))
    return bytes(made)


def _overwrite(rng: Rng, data: bytes, other: bytes) -> bytes:
    start, end = _place(rng, data)
    fill = [bytes(end - start), b"\xff" * (end - start), rng.bytes(end - start)][rng.integers(3)]
    return data[:start] + fill + data[end:]


def _cut(rng: Rng, data: bytes, other: bytes) -> bytes:
    at = int(rng.integers(len(data)))
    return data[:at] if rng.random() < 0.8 else data[at:]


def _remove(rng: Rng, data: bytes, other: bytes) -> bytes:
    start, end = _place(rng, data)
    return data[:start] + data[end:]


def _insert(rng: Rng, data: bytes, other: bytes) -> bytes:
    start, end = _place(rng, data)
    return data[:start] + rng.bytes(end - start) + data[start:]


def _repeat(rng: Rng, data: bytes, other: bytes) -> bytes:
    start, end = _place(rng, data)
    return data[:end] + data[start:end] * int(rng.integers(1, 20)) + data[end:]


def _extreme_number(rng: Rng, data: bytes, other: bytes) -> bytes:
    """One to four numbers of 1, 2, 4 or 8 bytes become 0, 1, or the largest with or without a sign."""
    made = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        size = int(rng.choice([1, 2, 4, 8]))
        number = [0, 1, 2 ** (8 * size - 1) - 1, 2 ** (8 * size) - 1][rng.integers(4)]
        start = _place(rng, data)[0]
        made[start : start + size] = number.to_bytes(size, "big" if rng.random() < 0.5 else "little")
    return bytes(made)


def _swap(rng: Rng, data: bytes, other: bytes) -> bytes:
    (a, b), (c, d) = sorted([_place(rng, data), _place(rng, data)])
    b = min(b, c)
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def _splice(rng: Rng, data: bytes, other: bytes) -> bytes:
    return data[: _place(rng, data)[0]] + other[_place(rng, other)[0] :]


def _append(rng: Rng, data: bytes, other: bytes) -> bytes:
    return data + (other if rng.random() < 0.5 else rng.bytes(int(rng.integers(1, 4096))))


_KINDS: dict[str, Callable[[Rng, bytes, bytes], bytes]] = {
    "bits": _flip_bits, "overwritten": _overwrite, "cut": _cut, "removed": _remove, "inserted": _insert,
    "repeated": _repeat, "number": _extreme_number, "swapped": _swap, "spliced": _splice, "appended": _append,
}  # fmt: skip
