"""Save a hit as a file of its own: frame-exact, with sound, never over another file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer, OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vlret.errors import MediaError
from vlret.media.sources import IMAGE_SUFFIXES
from vlret.reports.timecode import timecode
from vlret.types import Clip, Pixels

_TICKS = 90_000  # a second: divides the frame times of all common rates
_RATE = 48_000  # samples a second of the sound


def save_clip(clip: Clip, folder: Path) -> Path:
    """Save `clip` in `folder` (made if need be) as H.264 and AAC in MP4; an image is copied.

    The first frame is the one shown at `clip.start`, the last one begins before `clip.end`. The name is
    the file's with the time code, `_2`, `_3`... added where it is taken.

    Returns:
        the new file.

    Raises:
        MediaError: the file cannot be read, or holds no frame in that span.
    """
    if not clip.path.is_file():
        raise MediaError(f"{clip.path} is not there.", "Was it moved, or is its drive unplugged?")
    folder.mkdir(parents=True, exist_ok=True)
    if clip.path.suffix.lower() in IMAGE_SUFFIXES:
        target = _free(folder, _safe(clip.path.stem), clip.path.suffix.lower())
        shutil.copyfile(clip.path, target)
        return target
    target = _free(folder, f"{_safe(clip.path.stem)}_{timecode(clip.start).replace(':', '-')}", ".mp4")
    part = target.with_name(f".{target.name}.part")
    try:
        _write(clip, part)
        part.replace(target)
    except (av.error.FFmpegError, ValueError) as error:
        target.unlink()  # the empty file that held the name
        raise MediaError(f"{clip.path} could not be saved as a clip: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def _safe(stem: str) -> str:
    """A stem for any file system: letters, digits, `_`, `.`, `-`; 80 characters at most."""
    return re.sub(r"[^\w.-]+", "_", stem).strip("._- ")[:80] or "clip"


def _free(folder: Path, stem: str, suffix: str) -> Path:
    """The first free name, held by an empty file so that nobody else takes it."""
    number = 1
    while True:
        path = folder / (f"{stem}_{number}{suffix}" if number > 1 else f"{stem}{suffix}")
        try:
            path.touch(exist_ok=False)
            return path
        except FileExistsError:
            number += 1


def _write(clip: Clip, target: Path) -> None:
    with av.open(str(clip.path)) as source, av.open(str(target), "w", format="mp4") as out:
        if not source.streams.video:
            raise MediaError(f"{clip.path} holds no video.")
        origin_s = _time_s(next(source.decode(video=0)))
        begin_s = origin_s + clip.start
        end_s = origin_s + clip.end if clip.end is not None else float("inf")
        frames = _shown(source, begin_s, end_s)
        first = next(frames, None)
        if first is None:
            raise MediaError(f"{clip.path} shows nothing from {clip.start} s on.", "Index the file again.")
        video = _video_stream(out, source, first)
        sound = out.add_stream("aac", rate=_RATE, layout="stereo") if source.streams.audio else None
        for frame in chain([first], frames):
            out.mux(video.encode(_retimed(frame, begin_s, video)))
        out.mux(video.encode())
        if sound is not None:
            for piece in _heard(source, begin_s, end_s):
                out.mux(sound.encode(piece))
            out.mux(sound.encode())


def _video_stream(out: OutputContainer, source: InputContainer, first: VideoFrame) -> VideoStream:
    original = source.streams.video[0]
    stream = out.add_stream("libx264", rate=original.average_rate or 25, options={"crf": "18"})
    width, height = (first.height, first.width) if first.rotation % 180 else (first.width, first.height)
    # 4:2:0 pictures have even sides.
    stream.width, stream.height = max(width // 2 * 2, 2), max(height // 2 * 2, 2)
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = Fraction(1, _TICKS)
    return stream


def _retimed(frame: VideoFrame, begin_s: float, stream: VideoStream) -> VideoFrame:
    """The frame upright, in the size of `stream`, timed from the clip's own start."""
    time_s = max(_time_s(frame) - begin_s, 0.0)
    if frame.rotation:
        turned: Pixels = np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(turned), format="rgb24")
    frame = frame.reformat(stream.width, stream.height, "yuv420p")
    frame.pts, frame.time_base = round(time_s * _TICKS), Fraction(1, _TICKS)
    return frame


def _shown(source: InputContainer, begin_s: float, end_s: float) -> Iterator[VideoFrame]:
    """The frames on screen from `begin_s` to `end_s` of the file's own clock."""
    held: VideoFrame | None = None
    for frame in _video_from(source, begin_s):
        if _time_s(frame) >= end_s:
            break
        if _time_s(frame) <= begin_s + 1e-6:
            held = frame  # maybe the one that is on screen at the start
            continue
        if held is not None:
            yield held
            held = None
        yield frame
    if held is not None:
        yield held


def _video_from(source: InputContainer, begin_s: float) -> Iterator[VideoFrame]:
    """Decoded frames from a key frame at or before `begin_s`; from the start where seeking goes wrong."""
    _seek(source, begin_s)
    first = next(source.decode(video=0), None)
    if first is None or _time_s(first) > begin_s:
        source.seek(0)
        yield from source.decode(video=0)
        return
    yield first
    yield from source.decode(video=0)


def _heard(source: InputContainer, begin_s: float, end_s: float) -> Iterator[AudioFrame]:
    """The sound from `begin_s` to `end_s`, timed from the clip's own start, to one audio frame."""
    _seek(source, begin_s)
    resampler = AudioResampler(format="fltp", layout="stereo", rate=_RATE)
    n_samples = 0
    for frame in source.decode(audio=0):
        if _time_s(frame) >= end_s:
            break
        if _time_s(frame) < begin_s:
            continue
        for piece in resampler.resample(frame):
            piece.pts, piece.time_base = n_samples, Fraction(1, _RATE)
            n_samples += piece.samples
            yield piece


def _seek(source: InputContainer, time_s: float) -> None:
    source.seek(int(time_s * av.time_base), backward=True)


def _time_s(frame: VideoFrame | AudioFrame) -> float:
    return float(frame.time or 0.0)
