"""Frames of a pipe, an address or a camera as they arrive: no packet table, no seeking, one pass."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import av
from av import VideoFrame
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from vlret.media.frame_size import Size
from vlret.media.limits import OPEN_STREAM_S, STREAM_SILENCE_S
from vlret.media.unreadable_error import UnreadableError
from vlret.media.video.container import FORMATS, SIZES, check_frame_size, decodable_streams
from vlret.media.video.frame_pixels import frame_pixels, orientation_of
from vlret.media.video.video import TOLERANCE_S
from vlret.types import Pixels

_MAX_STEP_S = 10.0  # a larger step between two time stamps, or one back, is a break in them
_DEFAULT_FPS = 25
_WITHOUT_TIMES = {"mpjpeg", "mjpeg", "h264", "hevc"}
_NAME = Path("the stream")  # its address may hold a password
# Playlists are excluded as for files: they name other addresses. A server may redirect within these protocols.
_NETWORK = {
    "protocol_whitelist": "rtsp,rtsps,rtp,udp,tcp,tls,http,https,httpproxy",
    "format_whitelist": f"{FORMATS},rtsp,rtp,mpjpeg,mjpeg",
    "rtsp_transport": "tcp",
    "analyzeduration": "1000000",  # microseconds that are read before the first frame
}
_PIPE = {"protocol_whitelist": "file,pipe", "format_whitelist": f"{FORMATS},mjpeg"}


class LiveVideo:
    """An open live source; use it as a context manager.

    Attributes:
        is_finite: it is a file behind an address, with an end.

    Raises:
        MediaError: it cannot be opened, has no video, or its frames are too large.
    """

    def __init__(self, kind: str, location: str, on_progress: Callable[[], None]) -> None:
        self._on_progress = on_progress
        with _named_reason("it cannot be reached"):
            self._container = _opened(kind, location)
        self._stream = _video_stream(self._container)
        self.is_finite = kind == "address" and self._container.size > 0
        self._timed_by_arrival = kind == "address" and self._container.format.name in _WITHOUT_TIMES

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def sampled(self, frames_hz: float, size: Size | None) -> Iterator[tuple[float, Pixels]]:
        """Yield (seconds from the first frame, pixels) of the frame shown in the middle of each 1 / `frames_hz` s.

        Raises:
            MediaError: the connection is lost.
        """
        shown, n_sampled = None, 0
        for time_s, frame in self._timed():
            while shown is not None and (wanted_s := (n_sampled + 0.5) / frames_hz) < time_s - TOLERANCE_S:
                yield wanted_s, _pixels(shown, size)
                n_sampled += 1
            shown = frame
        if shown is not None and n_sampled == 0:
            yield 0.5 / frames_hz, _pixels(shown, size)

    def _timed(self) -> Iterator[tuple[float, VideoFrame]]:
        """Yield frames at rising seconds: breaks in the time stamps are closed."""
        frame_s = 1 / float(self._stream.average_rate or _DEFAULT_FPS)
        time_s, last_stamp = 0.0, None
        for number, frame in enumerate(self._frames()):
            stamp = time.monotonic() if self._timed_by_arrival else frame.time
            step_s = frame_s if stamp is None or last_stamp is None else stamp - last_stamp
            if number:
                time_s += step_s if 0 < step_s <= _MAX_STEP_S else frame_s
            last_stamp = stamp
            yield time_s, frame

    def _frames(self) -> Iterator[VideoFrame]:
        """Yield undamaged frames; what cannot be decoded, as after joining a stream in its middle, is passed over."""
        with _named_reason("the connection was closed"):
            for packet in self._container.demux(self._stream):
                self._on_progress()
                try:
                    frames = packet.decode()
                except av.InvalidDataError:
                    continue
                yield from (frame for frame in frames if not frame.is_corrupt)


@contextmanager
def _named_reason(of_io_error: str) -> Iterator[None]:
    """Turn an error of FFmpeg into a reason without the address; its own word for a network is "Input/output error"."""
    try:
        yield
    except av.FFmpegError as error:
        reason = "nothing arrived in time" if isinstance(error, av.error.ExitError) else error.strerror
        if error.errno == errno.EIO or not reason:
            reason = of_io_error
        raise UnreadableError(_NAME, reason, "Check that it plays in a player.", code="stream_lost") from None


def _opened(kind: str, location: str) -> InputContainer:
    return av.open(
        location,
        format="v4l2" if kind == "camera" else None,
        options=SIZES,
        container_options={"pipe": _PIPE, "address": _NETWORK}.get(kind),
        metadata_errors="ignore",
        timeout=None if kind == "pipe" else (OPEN_STREAM_S, STREAM_SILENCE_S),
    )


def _video_stream(container: InputContainer) -> VideoStream:
    """The default stream, or the largest; one decode thread."""

    def rank(stream: VideoStream) -> tuple[bool, int]:
        return bool(stream.disposition & Disposition.default), stream.width * stream.height

    stream = max(decodable_streams(_NAME, container), key=rank)
    check_frame_size(_NAME, stream.codec_context)
    stream.thread_type = "NONE"
    stream.codec_context.thread_count = 1
    stream.codec_context.options = SIZES
    return stream


def _pixels(frame: VideoFrame, size: Size | None) -> Pixels:
    orientation = orientation_of(frame)
    return frame_pixels(frame, size or orientation.size(frame.width, frame.height), orientation)
