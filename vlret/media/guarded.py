"""One file read behind the wall of a decoding child: a decoder that hangs ends in an error, not with us."""

from __future__ import annotations

from pathlib import Path

from vlret.errors import MediaError
from vlret.media.pool import ClipDecoded, DecodeJob, DecodePool, FileFailed
from vlret.types import Frames


def read_whole(
    pool: DecodePool, path: str | Path, n_frames: int, size: tuple[int, int] | None = None
) -> Frames:
    """`n_frames` frames of a whole video at segment midpoints, one of an image: as `read_clip` gives them.

    Raises:
        MediaError: the file cannot be read, or its decoder hung, crashed or ran out of memory.
    """
    events = list(pool.run([DecodeJob(Path(path), "whole", n_frames, size=size)]))
    for event in events:
        if isinstance(event, FileFailed):
            hint = "Check that it plays in a player." if Path(path).is_file() else "Check the path."
            raise MediaError(f"{path}: {event.reason}.", hint)
    return next(event.frames for event in events if isinstance(event, ClipDecoded))
