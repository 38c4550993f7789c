"""One file decoded in a child process of its own, for a decoder that can hang."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vlret.media.decoders.base import Decoder
from vlret.media.frame_size import Size
from vlret.media.local_copy import local_copy
from vlret.media.pool.child_process import Child, ChildDied
from vlret.media.pool.messages import missing_extra
from vlret.media.sampling import Times
from vlret.media.unreadable_error import UnreadableError
from vlret.types import Frames

LIMIT_S = 60.0
MEMORY_BYTES = 4 << 30


def decode_in_child(path: Path, times: Times, decoder: Decoder, size: Size | None) -> Frames:
    """Return the frames at `times` (s); a child that sends nothing for LIMIT_S is killed.

    Raises:
        MissingExtraError: the decoder is not installed.
        MediaError: the file cannot be decoded, or the child crashed or hung.
    """
    decoder.check_installed()
    with local_copy(path.absolute()) as local:
        return _decode(local, times, decoder, size)


def _decode(path: Path, times: Times, decoder: Decoder, size: Size | None) -> Frames:
    child = Child(MEMORY_BYTES)
    try:
        request = {"path": str(path), "times": times.tolist(), "decoder": decoder.name, "size": size}
        child.send({"kind": "frames", **request})
        return _frames(path, child)
    except ChildDied as death:
        raise UnreadableError(path, str(death), "Use the decoder auto.", code="decoder_died") from death
    finally:
        child.kill()


def _frames(path: Path, child: Child) -> Frames:
    header, pixels = child.receive(LIMIT_S)
    while header["kind"] == "alive":
        header, pixels = child.receive(LIMIT_S)
    if header["kind"] == "missing":
        raise missing_extra(header)
    if pixels is None:
        raise UnreadableError(path, header["reason"], header["hint"], code=header["code"])
    return Frames(pixels, np.asarray(header["times"], np.float64))
