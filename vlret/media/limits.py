"""What one file may cost. Real recordings stay far below; files made or damaged to cost more are skipped."""

from __future__ import annotations

MAX_PACKETS = 10_000_000
"""Packets of the video stream: 24 hours at 115 frames a second."""

MAX_SPAN_S = 30 * 86_400.0
"""Seconds from the first frame to the end of the last: no recording is longer, damaged time stamps are."""

MAX_CLIPS = 100_000
"""Clips of one file: 24 hours in windows of 10 s are 8,640."""

DECODE_S = 300.0
DECODE_S_PER_MB = 120.0
"""Seconds of processor time for one file: this much, and this much more for each megabyte (10^6 bytes) of it."""

WORKER_BYTES = 960 << 20
WORKER_BYTES_PER_BYTE = 20
"""Memory of a decoding process for one file: this much, and this much more for each byte of it. Frames of 8K video
need more than a small file may ask for, and no such video is small."""

KEPT_TABLES_BYTES = 64 << 20
"""Memory for the packet tables of files that were opened: ten hours at 25 frames a second take 7 MB."""

LONG_STILL_S = 600.0
"""A picture that stays longer than this is told of: its time stamp, or the next one, may be damaged."""

MAX_IMAGE_BYTES = 768 << 20
"""Memory in bytes that a still image may take while it is decoded."""

DECODER_BYTES = {"WEBP": 16, "HEIF": 9, "AVIF": 12}
"""Bytes a pixel that decoders of these formats take (measured); others take what Pillow stores: 1, 2 or 4."""

PROGRESSIVE_BYTES = 6
"""Bytes a pixel, besides, of a progressive JPEG: the coefficients of the whole image."""

MAX_FRAME_BYTES = 200_000_000
"""Memory in bytes of a video frame as decoded: 16K with 8 bits, 8K with 10 bits in any chroma format."""


def decode_limit_s(n_bytes: int) -> float:
    """Seconds of processor time that a file of `n_bytes` may take."""
    return DECODE_S + DECODE_S_PER_MB * n_bytes / 1e6


def worker_limit_bytes(n_bytes: int) -> int:
    """Memory that a file of `n_bytes` may take."""
    return WORKER_BYTES + WORKER_BYTES_PER_BYTE * n_bytes
