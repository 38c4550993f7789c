"""Saves a clip as a file: from its exact first frame, with sound, never over an existing file."""

from __future__ import annotations

import errno
import logging
import shutil
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vlret.errors import MediaError
from vlret.media.image.still import Still
from vlret.media.open_media import open_media
from vlret.media.sources import IMAGE_SUFFIXES
from vlret.media.video.container import open_container
from vlret.media.video.video import Video
from vlret.reports.free_name import safe_stem, write_new
from vlret.reports.timecode import timecode
from vlret.text import printable
from vlret.types import Clip

log = logging.getLogger(__name__)

_TICK = Fraction(1, 90_000)  # s: divides the frame times of all common rates
_RATE = 48_000  # audio samples per second
_FPS = (1, 240)  # bounds of the rate stated in the file; each frame has its own timestamp
_OUTPUT_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO}


def save_clip(clip: Clip, folder: Path) -> Path:
    """Save `clip` in `folder` (created if needed) as H.264 and AAC in MP4; an image is copied.

    All frames are kept with their timestamps, from the one shown at `clip.start` to the last one that begins before
    `clip.end`. The name is the file's with the time code; `_2`, `_3`... is appended if it exists.

    Returns:
        the new file.

    Raises:
        MediaError: the file cannot be read, or ends before `clip.start`.
        OutputError: the new file cannot be written.
    """
    stem = safe_stem(clip.path.stem)
    with open_media(clip.path) as media:
        if not isinstance(media, Video):
            return write_new(
                folder, stem, _image_suffix(clip.path, media), partial(shutil.copyfile, clip.path)
            )
        if clip.start >= media.info.shown_until:
            raise MediaError(
                f"{clip.path} ends at {media.info.shown_until:.1f} s, before {clip.start} s.",
                "Index it again.",
                code="clip_past_end",
                path=clip.path,
                start=clip.start,
            )
        stem += f"_{timecode(clip.start).replace(':', '-')}"
        return write_new(folder, stem, ".mp4", partial(_write, clip, media))


def _image_suffix(path: Path, image: Still) -> str:
    """Return the suffix of an image; it follows from its content if the name has none."""
    suffix = path.suffix.lower()
    return suffix if suffix in IMAGE_SUFFIXES else f".{image.info.codec}"


def _write(clip: Clip, media: Video, target: Path) -> None:
    try:
        _encode(clip, media, target)
    except av.FFmpegError as error:
        if error.errno in _OUTPUT_ERRORS:
            raise OSError(error.errno, error.strerror) from error
        raise MediaError(
            f"{clip.path} could not be saved as a clip: {error.strerror}.",
            code="clip_not_saved",
            path=clip.path,
        ) from error


def _encode(clip: Clip, media: Video, target: Path) -> None:
    source, picture = open_container(clip.path)
    with source, av.open(f"file:{target}", "w", format="mp4") as out:
        video = _video_stream(out, media)
        sound = None if media.has_new_times else _sound_stream(out, source)
        for frame in _pictures(clip, media, video):
            out.mux(video.encode(frame))
        for packet in video.encode():
            # The last frame is shown to the end; the encoder does not know when that is.
            packet.duration = max(1, round((_end_s(clip, media) - clip.start) / _TICK) - (packet.pts or 0))
            out.mux(packet)
        if sound is not None:
            for heard in _sound(clip, source, picture, sound.layout.name):
                out.mux(sound.encode(heard))
            out.mux(sound.encode())
        elif source.streams.audio:
            log.warning("%s: saved without sound because its timestamps jump.", printable(clip.path))


def _video_stream(out: OutputContainer, media: Video) -> VideoStream:
    rate = Fraction(float(np.clip(media.info.fps or 1, *_FPS))).limit_denominator(1001)
    stream = out.add_stream("libx264", rate=rate, options={"crf": "18", "bf": "0"})
    # 4:2:0 frames have even sides.
    stream.width, stream.height = (max(side // 2 * 2, 2) for side in (media.info.width, media.info.height))
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = _TICK
    return stream


def _sound_stream(out: OutputContainer, source: InputContainer) -> AudioStream | None:
    if not source.streams.audio:
        return None
    # Mono converted to stereo would be quieter.
    layout = "mono" if source.streams.audio[0].channels == 1 else "stereo"
    return out.add_stream("aac", rate=_RATE, layout=layout)


def _pictures(clip: Clip, media: Video, stream: VideoStream) -> Iterator[VideoFrame]:
    """Yield each frame shown from `clip.start` to `clip.end`, timed from the start of the clip."""
    end_s = _end_s(clip, media)
    for time_s, pixels in media.frames_between(clip.start, end_s, (stream.width, stream.height)):
        frame = VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = round(max(time_s - clip.start, 0.0) / _TICK), _TICK
        yield frame


def _end_s(clip: Clip, media: Video) -> float:
    return media.info.duration if clip.end is None else min(clip.end, media.info.shown_until)


def _sound(clip: Clip, source: InputContainer, picture: VideoStream, layout: str) -> Iterator[AudioFrame]:
    """Yield the sound of the clip, exact to one audio frame (about 20 ms), timed from the start of the clip."""
    resampler = AudioResampler(format="fltp", layout=layout, rate=_RATE)
    n_samples: int | None = None
    for time_s, frame in _audio_frames(clip, source, picture):
        if n_samples is None:  # the sound may begin later than the picture
            n_samples = round(time_s * _RATE)
        for resampled in resampler.resample(frame):
            resampled.pts, resampled.time_base = n_samples, Fraction(1, _RATE)
            n_samples += resampled.samples
            yield resampled


def _audio_frames(
    clip: Clip, source: InputContainer, picture: VideoStream
) -> Iterator[tuple[float, AudioFrame]]:
    """Yield (seconds from the start of the clip, audio frame); damaged sound ends at the damage."""
    length_s = clip.end - clip.start if clip.end is not None else float("inf")
    try:
        begin_s = clip.start + next((_time_s(frame) for frame in source.decode(picture)), 0.0)
        source.seek(round(begin_s * av.time_base))
        for frame in source.decode(audio=0):
            time_s = _time_s(frame) - begin_s
            if time_s >= length_s:
                return
            if time_s >= 0:
                yield time_s, frame
    except av.FFmpegError as error:
        log.warning("%s: the sound is damaged and ends early (%s).", printable(clip.path), error.strerror)


def _time_s(frame: VideoFrame | AudioFrame) -> float:
    return float(frame.time or 0.0)
