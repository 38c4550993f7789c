"""What a file's header says of its length: at once, and not always right."""

from __future__ import annotations

from pathlib import Path

import av

from vlret.media.image.read_image import image_info
from vlret.media.limits import MAX_SPAN_S
from vlret.media.open_media import check_file
from vlret.media.unreadable_error import UnreadableError
from vlret.media.video.container import open_container


def header_duration(path: Path) -> float:
    """Return the duration of a video in seconds as its container states it or FFmpeg guesses it; 0.0 for an image.

    `MediaInfo.duration` is the true one, measured from all packets.

    Raises:
        MediaError: not a media file, or one that does not say, or cannot be true.
    """
    check_file(path)
    if image_info(path):
        return 0.0
    container, stream = open_container(path)
    with container:
        if container.duration is not None:
            duration = container.duration / av.time_base
        else:
            duration = float((stream.duration or 0) * (stream.time_base or 0))
    if 0 < duration <= MAX_SPAN_S:
        return duration
    raise UnreadableError(path, "its header states no credible duration", "Index it.", code="no_duration")
