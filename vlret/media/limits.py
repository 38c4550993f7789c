"""Limits of time and memory for one file. Real recordings stay far below; files beyond them are skipped."""

from __future__ import annotations

MAX_PACKETS = 10_000_000
"""Packets of the video stream: 24 hours at 115 frames a second."""

MAX_SPAN_S = 30 * 86_400.0
"""Seconds from the first frame to the end of the last: no recording is longer, but damaged timestamps can be."""

MAX_CLIPS = 100_000
"""Clips of one file: 24 hours in windows of 10 s are 8,640."""

DECODE_S = 300.0
DECODE_S_PER_MB = 120.0
"""Seconds of CPU time for one file: this much, plus this much per megabyte (10^6 bytes)."""

WORKER_BYTES = 960 << 20
WORKER_BYTES_PER_BYTE = 20
"""Memory of a decoding process for one file: this much, plus this much per byte of the file. 8K frames need more
than a small file is allowed, but no 8K video is a small file."""

PACKET_CACHE_BYTES = 64 << 20
"""Memory for the packet tables of files that were opened: ten hours at 25 fps take 7 MB."""

LONG_STILL_S = 600.0
"""A frame shown longer than this gives a warning: its timestamp, or the next one, may be damaged."""

MAX_IMAGE_BYTES = 768 << 20
"""Memory in bytes for decoding a still image."""

DECODER_BYTES = {"WEBP": 16, "HEIF": 9, "AVIF": 12}
"""Bytes per pixel that decoders of these formats take (measured); others take what Pillow stores: 1, 2 or 4."""

PROGRESSIVE_BYTES = 6
"""Additional bytes per pixel of a progressive JPEG: the coefficients of the whole image."""

MAX_FRAME_BYTES = 200_000_000
"""Memory in bytes of a decoded video frame: 16K with 8 bits, 8K with 10 bits in any chroma format."""

OPEN_STREAM_S = 15.0
"""Seconds in which a camera or an address must answer."""

STREAM_SILENCE_S = 15.0
"""A connection on which nothing arrives for so many seconds is taken for lost."""

RECONNECT_S = 300.0
"""A lost connection is tried again for so many seconds after the last frame."""

RECONNECT_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before each attempt; the last one repeats."""

STREAM_QUEUE_FRAMES = 32
"""Frames that wait for the model, eight seconds of them by default; a camera's oldest are dropped."""


def decode_limit_s(n_bytes: int) -> float:
    """Return the seconds of CPU time that a file of `n_bytes` may take."""
    return DECODE_S + DECODE_S_PER_MB * n_bytes / 1e6


def worker_limit_bytes(n_bytes: int) -> int:
    """Return the bytes of memory that a file of `n_bytes` may take."""
    return WORKER_BYTES + WORKER_BYTES_PER_BYTE * n_bytes
