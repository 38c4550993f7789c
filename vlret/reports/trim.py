"""Save a clip as a file of its own: from its very first frame, with sound, never over another file."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable, Iterator
from fractions import Fraction
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
from vlret.media.container import open_container
from vlret.media.probe import probe
from vlret.media.reader import Media, open_media
from vlret.reports.timecode import timecode
from vlret.types import Clip

log = logging.getLogger(__name__)

_TICK = Fraction(1, 90_000)  # s: divides the frame times of all common rates
_RATE = 48_000  # samples a second of the sound
_OVERSAMPLING = 4  # looks a mean frame time, so that no frame of a variable rate is missed


def save_clip(clip: Clip, folder: Path) -> Path:
    """Save `clip` in `folder` (made if need be) as H.264 and AAC in MP4; an image is copied.

    The first frame is the one shown at `clip.start`, the last one begins before `clip.end`. The name is
    the file's with the time code, `_2`, `_3`... added where it is taken.

    Returns:
        the new file.

    Raises:
        MediaError: the file cannot be read, or ends before `clip.start`.
    """
    info = probe(clip.path)
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "_", clip.path.stem).strip("._-")[:80] or "clip"
    if info.kind == "image":
        return _saved(lambda part: shutil.copyfile(clip.path, part), folder, stem, clip.path.suffix.lower())
    if clip.start >= info.duration:
        raise MediaError(
            f"{clip.path} ends at {info.duration:.1f} s, before {clip.start} s.", "Index it again."
        )
    stem += f"_{timecode(clip.start).replace(':', '-')}"
    try:
        return _saved(lambda part: _write(clip, part), folder, stem, ".mp4")
    except av.FFmpegError as error:
        raise MediaError(f"{clip.path} could not be saved as a clip: {error.strerror}.") from error


def _saved(write: Callable[[Path], object], folder: Path, stem: str, suffix: str) -> Path:
    """The first free name, after `write` has filled it under a temporary one."""
    target = _held(folder, stem, suffix)
    part = target.with_name(f".{target.name}.part")
    try:
        write(part)
        part.replace(target)
    except BaseException:
        target.unlink()
        part.unlink(missing_ok=True)
        raise
    return target


def _held(folder: Path, stem: str, suffix: str) -> Path:
    """An empty file under the first free name, so that nobody else takes it."""
    number = 1
    while True:
        path = folder / (f"{stem}_{number}{suffix}" if number > 1 else f"{stem}{suffix}")
        try:
            path.touch(exist_ok=False)
            return path
        except FileExistsError:
            number += 1


def _write(clip: Clip, target: Path) -> None:
    source, picture = open_container(clip.path)
    with source, open_media(clip.path) as media, av.open(str(target), "w", format="mp4") as out:
        video = _video_stream(out, media)
        sound = _sound_stream(out, source)
        for frame in _pictures(clip, media, video):
            out.mux(video.encode(frame))
        out.mux(video.encode())
        if sound is not None:
            for piece in _sound(clip, source, picture, sound.layout.name):
                out.mux(sound.encode(piece))
            out.mux(sound.encode())


def _video_stream(out: OutputContainer, media: Media) -> VideoStream:
    rate = Fraction(media.info.fps or 1).limit_denominator(1001)
    stream = out.add_stream("libx264", rate=rate, options={"crf": "18"})
    # 4:2:0 pictures have even sides.
    stream.width, stream.height = (max(side // 2 * 2, 2) for side in (media.info.width, media.info.height))
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = _TICK
    return stream


def _sound_stream(out: OutputContainer, source: InputContainer) -> AudioStream | None:
    if not source.streams.audio:
        return None
    # Mono made into stereo would come out quieter.
    layout = "mono" if source.streams.audio[0].channels == 1 else "stereo"
    return out.add_stream("aac", rate=_RATE, layout=layout)


def _pictures(clip: Clip, media: Media, stream: VideoStream) -> Iterator[VideoFrame]:
    """Each frame shown from `clip.start` to `clip.end`, timed from the clip's own start."""
    end_s = min(clip.end if clip.end is not None else media.info.duration, media.info.duration)
    step_s = 1 / (_OVERSAMPLING * (media.info.fps or 1))
    looks_s = np.arange(clip.start, end_s - 1e-6, step_s)
    seen_s = -1.0
    for time_s, pixels in media.frames_at(looks_s, (stream.width, stream.height)):
        if time_s == seen_s:
            continue
        seen_s = time_s
        frame = VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = round(max(time_s - clip.start, 0.0) / _TICK), _TICK
        yield frame


def _sound(clip: Clip, source: InputContainer, picture: VideoStream, layout: str) -> Iterator[AudioFrame]:
    """The sound of the clip, to one audio frame (about 20 ms), timed from the clip's own start."""
    resampler = AudioResampler(format="fltp", layout=layout, rate=_RATE)
    n_samples: int | None = None
    for time_s, frame in _heard(clip, source, picture):
        if n_samples is None:  # sound may set in later than the picture
            n_samples = round(time_s * _RATE)
        for piece in resampler.resample(frame):
            piece.pts, piece.time_base = n_samples, Fraction(1, _RATE)
            n_samples += piece.samples
            yield piece


def _heard(clip: Clip, source: InputContainer, picture: VideoStream) -> Iterator[tuple[float, AudioFrame]]:
    """(seconds from the clip's start, audio frame); damaged sound ends where the damage is."""
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
        log.warning("%s: the sound is damaged and ends early (%s).", clip.path, error.strerror)


def _time_s(frame: VideoFrame | AudioFrame) -> float:
    return float(frame.time or 0.0)
