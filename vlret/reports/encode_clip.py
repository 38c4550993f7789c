"""Encodes a clip as a file of its own: every frame with its time, and the sound."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from vlret.errors import MediaError
from vlret.media.open_media import open_media
from vlret.media.video.container import open_container
from vlret.media.video.video import Video
from vlret.reports.clip_form import ClipForm, find_form
from vlret.reports.clip_sound import add_sound, write_sound
from vlret.text import printable
from vlret.types import Clip

log = logging.getLogger(__name__)

_TICK = Fraction(1, 90_000)  # s: divides the frame times of all common rates
_FPS = (1, 240)  # bounds of the rate stated in the file; each frame has its own timestamp
_BT709 = 1  # as FFmpeg numbers its matrix, primaries and transfer characteristics


def encode_clip(
    clip: Clip,
    target: Path,
    *,
    form: str = "mp4",
    max_height: int | None = None,
    max_s: float | None = None,
) -> None:
    """Encode a clip of a video to the file `target`: "mp4" (H.264 and AAC) or "webm" (VP9 and Opus).

    All frames are kept with their timestamps, from the one shown at `clip.start` to the last one that begins before
    `clip.end`. A file of "mp4" can be played while it is being loaded.

    Args:
        clip: a clip of a video.
        target: is written in place; its name may be any.
        form: of `FORMS`.
        max_height: scale larger frames down to this height; a preview is made faster, at a lower quality.
        max_s: seconds after which the clip is cut off.

    Raises:
        MediaError: the file is no video or cannot be read, or ends before `clip.start`.
        OSError: `target` cannot be written.
        av.FFmpegError: the same, from FFmpeg.
    """
    with open_media(clip.path) as media:
        if not isinstance(media, Video):
            raise MediaError(f"{clip.path} is an image.", "Give a video.", code="not_a_video", path=clip.path)
        check_start(clip, media)
        end_s = end_of(clip, media) if max_s is None else min(end_of(clip, media), clip.start + max_s)
        encode(Clip(clip.path, clip.start, end_s), media, target, find_form(form), max_height)


def check_start(clip: Clip, media: Video) -> None:
    """Raise `MediaError` if the video ends before the clip begins."""
    if clip.start >= media.info.shown_until:
        raise MediaError(
            f"{clip.path} ends at {media.info.shown_until:.1f} s, before {clip.start} s.",
            "Index it again.",
            code="clip_past_end",
            path=clip.path,
            start=clip.start,
        )


def end_of(clip: Clip, media: Video) -> float:
    """Return the second at which a clip ends, in a video that may be shorter."""
    return media.info.duration if clip.end is None else min(clip.end, media.info.shown_until)


def encode(clip: Clip, media: Video, target: Path, form: ClipForm, max_height: int | None = None) -> None:
    """Encode a clip of an open video as `encode_clip` does."""
    source, _ = open_container(media.path)
    length_s = end_of(clip, media) - clip.start
    with source, av.open(f"file:{target}", "w", format=form.name, options=form.muxer_options) as out:
        video = _video_stream(out, media, form, max_height)
        sound = None if media.has_new_times else add_sound(out, source, form, copied=False)
        for frame in _pictures(clip, media, video):
            out.mux(video.encode(frame))
        for packet in video.encode():
            # The last frame is shown to the end; the encoder does not know when that is.
            packet.duration = max(1, round(length_s / _TICK) - (packet.pts or 0))
            out.mux(packet)
        if sound is not None:
            write_sound(out, sound, media.path, media.first_s + clip.start, length_s, copied=False)
        elif source.streams.audio:
            log.warning("%s: saved without sound because its timestamps jump.", printable(clip.path))


def _video_stream(out: OutputContainer, media: Video, form: ClipForm, max_height: int | None) -> VideoStream:
    rate = Fraction(float(np.clip(media.info.fps or 1, *_FPS))).limit_denominator(1001)
    options = form.preview if max_height else form.quality
    stream = cast(VideoStream, out.add_stream(form.encoder, rate=rate, options=options))
    scale = min(1.0, (max_height or media.info.height) / media.info.height)
    # 4:2:0 frames have even sides.
    stream.width, stream.height = (
        max(int(side * scale) // 2 * 2, 2) for side in (media.info.width, media.info.height)
    )
    stream.pix_fmt = "yuv420p"
    codec = stream.codec_context
    codec.time_base = _TICK
    codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
    codec.color_range = ColorRange.MPEG
    return stream


def _pictures(clip: Clip, media: Video, stream: VideoStream) -> Iterator[VideoFrame]:
    """Yield each frame shown from `clip.start` to `clip.end`, timed from the start of the clip."""
    size = (stream.width, stream.height)
    for time_s, pixels in media.frames_between(clip.start, end_of(clip, media), size):
        frame = VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        frame.pts, frame.time_base = round(max(time_s - clip.start, 0.0) / _TICK), _TICK
        yield frame
