"""Opening a video file with PyAV: local files in known containers only, one decode thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from vlret.errors import MediaError
from vlret.media.limits import MAX_FRAME_BYTES
from vlret.media.unreadable_error import UnreadableError

# All formats that FFmpeg may open. Playlists (hls, dash, concat, sdp) refer to other files and addresses and are
# excluded; the audio formats are listed so that they can be refused as "audio only".
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,gif,flv,asf,ogg,mxf,dv,rm,"
    "ivf,obu,vc1,wtv,nut,yuv4mpegpipe,mp3,wav,flac,aac"
)
_PROTOCOLS = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
# FFmpeg itself refuses larger frames before it allocates them; a pixel of video has at least 1.5 bytes.
SIZES = {"max_pixels": str(MAX_FRAME_BYTES * 2 // 3)}
_NOT_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.dependent
_SAMPLE = 500  # packets read to distinguish a video from a cover image
# FFmpeg's own decoders of these ignore the alpha channel, which is a separate stream inside.
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def open_container(path: Path) -> tuple[InputContainer, VideoStream]:
    """Return the open container and the video stream that players show.

    Raises:
        MediaError: not a media file, or without video, or with frames that are too large.
    """
    container = _opened(path)
    stream = _stream(path, container)
    if len(video_streams(container)) > 1:  # packets were read to choose one
        index = stream.index
        container.close()
        container = _opened(path)
        stream = cast(VideoStream, container.streams[index])
    # Decoding several files at once is faster than several threads on one.
    stream.thread_type = "NONE"
    stream.codec_context.thread_count = 1
    stream.codec_context.options = SIZES
    return container, stream


def video_streams(container: InputContainer) -> list[VideoStream]:
    """Return the video streams that are not cover images or thumbnails."""
    return [stream for stream in container.streams.video if not stream.disposition & _NOT_VIDEO]


def decoder_of(stream: VideoStream) -> VideoCodecContext:
    """Return the stream's decoder; for VP8 and VP9 with alpha, one that reads it."""
    codec = stream.codec_context
    name = _WITH_ALPHA.get(codec.name)
    if name is None or stream.metadata.get("alpha_mode") != "1" or name not in av.codecs_available:
        return codec
    with_alpha = cast(VideoCodecContext, av.CodecContext.create(name, "r"))
    with_alpha.thread_count, with_alpha.options = 1, SIZES
    return with_alpha


def _opened(path: Path) -> InputContainer:
    try:
        return av.open(f"file:{path}", options=SIZES, container_options=_PROTOCOLS, metadata_errors="ignore")
    except av.FFmpegError as error:
        hint = "Check that it plays in a player."
        raise UnreadableError(path, _reason(path, error), hint, code="not_playable") from error


def _stream(path: Path, container: InputContainer) -> VideoStream:
    try:
        known = decodable_streams(path, container)
        stream = _shown_by_players(container, known) if len(known) > 1 else known[0]
        check_frame_size(path, stream.codec_context)
        return stream
    except MediaError:
        container.close()
        raise


def decodable_streams(path: Path, container: InputContainer) -> list[VideoStream]:
    """Return the video streams that can be decoded, one or more.

    Raises:
        MediaError: there is none.
    """
    streams = video_streams(container)
    if not streams:
        only = "audio only" if container.streams.audio else "nothing that can be shown"
        raise UnreadableError(path, f"no video stream: {only}", "Give a video or an image.", code="no_video")
    known = [stream for stream in streams if stream.codec_context is not None]
    if not known:
        hint = "Convert it, to H.264 in MP4 for example."
        raise UnreadableError(path, "unsupported video codec", hint, code="unknown_codec")
    return known


def _shown_by_players(container: InputContainer, streams: list[VideoStream]) -> VideoStream:
    """Prefer video to a single image, then the default stream, then the largest, then the longest."""
    sample = islice(packets_of(container, streams, lambda: None), _SAMPLE)
    counts = Counter(packet.stream_index for packet in sample)

    def rank(stream: VideoStream) -> tuple[bool, bool, int, int]:
        is_default = bool(stream.disposition & Disposition.default)
        n_packets = max(counts[stream.index], stream.frames)
        return n_packets > 1, is_default, stream.width * stream.height, n_packets

    return max(streams, key=rank)


def check_frame_size(path: Path, codec: VideoCodecContext) -> None:
    """Raise MediaError if the frames need more memory than one may."""
    bits = av.VideoFormat(codec.pix_fmt).padded_bits_per_pixel if codec.pix_fmt else 12
    if codec.width * codec.height * bits > 8 * MAX_FRAME_BYTES:
        size = f"{codec.width} x {codec.height}"
        reason = f"frames of {size} pixels need more memory than {MAX_FRAME_BYTES // 10**6} MB each"
        raise UnreadableError(path, reason, "Make it smaller.", code="too_large")


def packets_of(
    container: InputContainer, stream: VideoStream | list[VideoStream], on_progress: Callable[[], None]
) -> Iterator[Packet[VideoStream]]:
    """Yield the packets of one or several streams, up to the end or to where the file cannot be read."""
    try:
        for packet in cast("Iterator[Packet[VideoStream]]", container.demux(stream)):
            on_progress()
            if packet.size:  # an empty packet would flush the decoder
                yield packet
    except MemoryError:
        raise
    except (av.FFmpegError, IndexError):
        # IndexError: PyAV at the end of a file in which another stream appeared after its start
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
