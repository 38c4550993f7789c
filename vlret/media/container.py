"""Opening a video file with PyAV: local files in known containers only, one decode thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from vlret.errors import MediaError

# Everything FFmpeg may open for us. Playlists (hls, dash, concat, sdp) name other files and addresses and
# stay out; the audio formats are here so that "audio only" can be said of them.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,gif,flv,asf,ogg,"
    "mp3,wav,flac,aac"
)
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}


def open_container(path: Path) -> tuple[InputContainer, VideoStream]:
    """The open container and its first real video stream (cover pictures are none).

    Raises:
        MediaError: not a media file, or without video.
    """
    try:
        container = av.open(f"file:{path}", container_options=_OPTIONS, metadata_errors="ignore")
    except av.FFmpegError as error:
        raise MediaError(f"{path}: {_reason(path, error)}.", "Check that it plays in a player.") from error
    stream = next((s for s in container.streams.video if not s.disposition & Disposition.attached_pic), None)
    if stream is None:
        only = "audio only" if container.streams.audio else "nothing that can be shown"
        container.close()
        raise MediaError(f"{path}: no video stream: {only}.", "Give a video or an image.")
    if stream.codec_context is None:
        container.close()
        raise MediaError(f"{path}: its video codec is not known.", "Convert it, to H.264 in MP4 for example.")
    # Several files at once beat several threads inside of one.
    stream.thread_type = "NONE"
    stream.codec_context.thread_count = 1
    return container, stream


def packets_of(
    container: InputContainer, stream: VideoStream, on_progress: Callable[[], None]
) -> Iterator[Packet[VideoStream]]:
    """The stream's packets; where the file cannot be read on, they end."""
    try:
        for packet in container.demux(stream):
            on_progress()
            if packet.size:  # an empty one would end the decoder
                yield packet
    except MemoryError:
        raise
    except (av.FFmpegError, IndexError):
        # IndexError: PyAV at the end of a file in which another stream turned up on the way
        return


def _reason(path: Path, error: av.FFmpegError) -> str:
    if not isinstance(error, ValueError):  # InvalidDataError is one
        return (
            "cut off before any frame"
            if isinstance(error, EOFError)
            else f"cannot be opened: {error.strerror}"
        )
    with path.open("rb") as file:
        is_mp4 = file.read(8)[4:] == b"ftyp"
    return "an MP4 without its index: cut off or damaged" if is_mp4 else "not a media file"
