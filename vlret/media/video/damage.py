"""Which decoded frames are damaged: those that decoders flag, and those they do not report."""

from __future__ import annotations

from itertools import takewhile

from av import VideoFrame
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.stream import VideoStream

from vlret.media.video.h264_gaps import H264Gaps

_HELD_PIXELS = 4096 * 2304  # larger frames are not held back, to save memory


class DamageCheck:
    """One pass of a decoder over packets.

    B-frames come out of the decoder before the later of their two reference frames. They are held back until that
    one has come out undamaged.

    Attributes:
        missing_after: pts of the last frame before a frame that the decoder dropped.
    """

    def __init__(self, codec: VideoCodecContext) -> None:
        self._gaps = H264Gaps(codec.extradata) if codec.codec.canonical_name == "h264" else None
        # The HEVC decoder silently leaves out frames that refer to lost ones.
        self._is_silent = codec.codec.canonical_name == "hevc"
        self._awaited: set[int] = set()
        self._held: list[VideoFrame] = []
        self._newest: int | None = None
        self.missing_after: int | None = None

    def is_after_gap(self, packet: Packet[VideoStream], is_awaited: bool) -> bool:
        """Return whether frames are missing before `packet`, the next one; it must come if awaited."""
        if self._is_silent and is_awaited and packet.pts is not None and not packet.is_discard:
            self._awaited.add(packet.pts)
        return self._gaps is not None and self._gaps.is_after_gap(bytes(packet), packet.is_keyframe)

    def good(self, frames: list[VideoFrame], is_end: bool = False) -> tuple[list[VideoFrame], bool]:
        """Return the decoded frames that are known to be undamaged, and whether a damaged one came.

        Args:
            frames: what the decoder returned.
            is_end: no frames follow that these refer to.
        """
        undamaged = list(takewhile(lambda frame: not frame.is_corrupt, frames))
        is_damaged = len(undamaged) < len(frames)
        found = [*self._held, *undamaged]
        n_sure = len(found)
        while n_sure and _is_held(found[n_sure - 1]) and (is_damaged or not is_end):
            n_sure -= 1
        self._held = [] if is_damaged or is_end else found[n_sure:]
        return self._arrived(found[:n_sure]), is_damaged

    def _arrived(self, frames: list[VideoFrame]) -> list[VideoFrame]:
        for frame in frames if self._is_silent else []:
            if frame.pts is None:
                continue
            overdue = {pts for pts in self._awaited if pts < frame.pts}
            if overdue and self._newest is not None and max(overdue) > self._newest:
                self.missing_after = self._newest if self.missing_after is None else self.missing_after
            self._awaited -= {frame.pts, *overdue}
            self._newest = frame.pts
        return frames


def _is_held(frame: VideoFrame) -> bool:
    return frame.pict_type == PictureType.B and frame.width * frame.height <= _HELD_PIXELS
