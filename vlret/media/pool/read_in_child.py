"""One clip read in a decoding child: a decoder that hangs ends in an error, not with this process."""

from __future__ import annotations

from pathlib import Path

from vlret.media.clips import span_rule
from vlret.media.frame_size import Size
from vlret.media.pool.events import ClipDecoded, DecodeJob, FileFailed
from vlret.media.pool.pool import DecodePool
from vlret.media.unreadable_error import UnreadableError
from vlret.types import Clip, Frames, as_path


def read_in_child(
    pool: DecodePool, clip: str | Path | Clip, n_frames: int, size: Size | None = None
) -> Frames:
    """Return `n_frames` frames of a clip or a whole video at segment midpoints, one of an image: as `read_clip`.

    Raises:
        MediaError: the file cannot be read, or its decoder hung, crashed or ran out of memory.
    """
    clip = clip if isinstance(clip, Clip) else Clip(as_path(clip, "The clip"))
    rule = span_rule(clip.start, clip.end)
    events = list(pool.run([DecodeJob(clip.path, rule, n_frames, size=size)]))
    for event in events:
        if isinstance(event, FileFailed):
            raise failure(event)
    return next(event.frames for event in events if isinstance(event, ClipDecoded))


def failure(event: FileFailed) -> UnreadableError:
    """Return the error about a file that a pool could not decode."""
    path = event.job.path
    hint = "Check that it plays in a player." if path.is_file() else "Check the path."
    return UnreadableError(path, event.reason, hint, code="media_unreadable")
