"""How large a picture may be: what a few bytes of header promise must not fill the memory of a worker."""

from __future__ import annotations

MAX_IMAGE_BYTES = 768 << 20
"""Memory in bytes that a still image may take while it is decoded."""

DECODER_BYTES = {"WEBP": 16, "HEIF": 9, "AVIF": 12}
"""Bytes a pixel that decoders of these formats take (measured); others take what Pillow stores: 1, 2 or 4."""

PROGRESSIVE_BYTES = 6
"""Bytes a pixel, besides, of a progressive JPEG: the coefficients of the whole image."""

MAX_FRAME_BYTES = 200_000_000
"""Memory in bytes of a video frame as decoded: 16K with 8 bits, 8K with 10 bits in any chroma format."""
