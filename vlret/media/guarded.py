"""One file read behind the wall of a decoding child: a decoder that hangs ends in an error, not with us."""

from __future__ import annotations

from pathlib import Path

from vlret.errors import MediaError
from vlret.media.pool import ClipDecoded, DecodeJob, DecodePool, FileFailed
from vlret.types import Clip, Frames


def read_guarded(
    pool: DecodePool, clip: str | Path | Clip, n_frames: int, size: tuple[int, int] | None = None
) -> Frames:
    """`n_frames` frames of a clip or a whole video at segment midpoints, one of an image: as `read_clip`.

    Raises:
        MediaError: the file cannot be read, or its decoder hung, crashed or ran out of memory.
    """
    clip = clip if isinstance(clip, Clip) else Clip(Path(clip))
    span = f"span:{clip.start}:{'' if clip.end is None else clip.end}"
    events = list(pool.run([DecodeJob(clip.path, span, n_frames, size=size)]))
    for event in events:
        if isinstance(event, FileFailed):
            hint = "Check that it plays in a player." if clip.path.is_file() else "Check the path."
            raise MediaError(f"{clip.path}: {event.reason}.", hint)
    return next(event.frames for event in events if isinstance(event, ClipDecoded))
