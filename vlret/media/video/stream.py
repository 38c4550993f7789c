"""Frames of a video stream in display order; damaged ones are left out and noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av import VideoFrame
from av.packet import Packet
from av.video.stream import VideoStream

from vlret.media.capture_time import video_taken
from vlret.media.video.container import decoder_of, open_container, packets_of, video_streams
from vlret.media.video.damage import DamageCheck
from vlret.media.video.packet_table import PacketTable
from vlret.media.video.skipping import references_of
from vlret.media.video.timestamps import NO_TIME


@dataclass(frozen=True, slots=True)
class Shown:
    """A decoded frame and its display time in ticks."""

    pts: int
    frame: VideoFrame


class FrameStream:
    """Decodes a file forward, from its first packet or from a keyframe.

    Attributes:
        damaged_pts: time in ticks of the last frame before the first damage found so far, of the first frame shown
            if the file begins with damage; None without damage.
        wanted: times in ticks of the frames that must come; others may be left out; None: all must come.
        warnings: oddities of a file that can be read.
        codec_name, taken: as in `MediaInfo`.
    """

    def __init__(self, path: Path, table: PacketTable, on_progress: Callable[[], None]) -> None:
        self._container, self._stream = open_container(path)
        self._codec = decoder_of(self._stream)
        self._table, self._on_progress = table, on_progress
        self.damaged_pts: int | None = None
        self._is_reference = references_of(self._codec, table)
        self.wanted: frozenset[int] | None = None
        n_streams = len(video_streams(self._container))
        self.warnings = [f"{n_streams} video streams, one is read"] if n_streams > 1 else []
        self.codec_name: str = self._codec.codec.canonical_name
        self.taken = video_taken(self._container.metadata, self._stream.metadata)

    @property
    def can_skip(self) -> bool:
        """Whether frames that are not wanted may be left out."""
        return self._is_reference is not None

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def from_start(self) -> Iterator[Shown]:
        """Yield all frames of a stream that was just opened."""
        return self._decode(self._packets_in_time(), None)

    def from_key(self, key: int) -> Iterator[Shown]:
        """Yield the frames shown at or after keyframe number `key` of the table; none if the seek misses it."""
        key_pts, key_dts = int(self._table.key_pts[key]), int(self._table.key_dts[key])
        try:
            self._container.seek(key_dts, stream=self._stream)
        except MemoryError:
            raise
        except av.FFmpegError:  # a damaged index
            return iter(())
        packets = self._packets()
        for packet in packets:
            if packet.pts == key_pts:
                return self._decode(_chain(packet, packets), key_pts)
            if packet.dts is not None and packet.dts > key_dts:
                break
        return iter(())

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        return packets_of(self._container, self._stream, self._on_progress)

    def _packets_in_time(self) -> Iterator[Packet[VideoStream]]:
        """Yield all packets, with the table's times where those of the file jump."""
        new_pts, number = self._table.new_pts, 0
        for packet in self._packets():
            if new_pts is not None and not packet.is_discard and number < len(new_pts):
                packet.pts = None if new_pts[number] == NO_TIME else int(new_pts[number])
                number += 1
            yield packet

    def _decode(self, packets: Iterator[Packet[VideoStream]], floor: int | None) -> Iterator[Shown]:
        """Decode `packets`; frames before `floor` refer to frames that were not decoded and are left out.

        After damage, frames are left out up to the next keyframe, because they refer to what is lost.
        """
        last: int | None = None
        lost = is_damaged = False
        check = DamageCheck(self._codec)
        for number, packet in enumerate(packets):
            if lost and not packet.is_keyframe:
                continue
            if lost:
                lost, floor = False, packet.pts
                last = self._table.pts_before_key(number, last)
            frames, lost = self._frames_of(packet, check)
            for shown in self._stamped(frames, floor, last):
                last = shown.pts
                yield shown
            is_damaged |= lost
            if self.damaged_pts is None:
                self.damaged_pts = last if is_damaged else check.missing_after
        frames, lost = check.good(self._drain(), is_end=True)
        for shown in self._stamped(frames, floor, last):
            last = shown.pts
            yield shown
        if lost and self.damaged_pts is None:
            self.damaged_pts = last

    def _frames_of(self, packet: Packet[VideoStream], check: DamageCheck) -> tuple[list[VideoFrame], bool]:
        """Return the undamaged frames that decoding `packet` gives, and whether there was damage."""
        is_needed = self._is_needed(packet)
        if check.is_after_gap(packet, is_needed):
            return check.good(self._drain(), is_end=True)[0], True
        self._codec.skip_frame = "DEFAULT" if is_needed else "NONREF"
        try:
            frames, is_damaged = check.good(self._codec.decode(packet))
        except MemoryError:
            raise
        except av.FFmpegError:
            return check.good(self._drain(), is_end=True)[0], True
        if is_damaged:
            self._codec.flush_buffers()
        return frames, is_damaged

    def _is_needed(self, packet: Packet[VideoStream]) -> bool:
        """Return whether the frame of `packet` is wanted, or others may refer to it."""
        if self.wanted is None or self._is_reference is None or packet.pts in self.wanted:
            return True
        return self._is_reference(bytes(packet))

    def _drain(self) -> list[VideoFrame]:
        """Return the frames that the decoder still holds; afterwards it is ready for a keyframe."""
        try:
            return self._codec.decode(None)
        except MemoryError:
            raise
        except av.FFmpegError:
            return []
        finally:
            self._codec.flush_buffers()

    def _stamped(self, frames: list[VideoFrame], floor: int | None, last: int | None) -> Iterator[Shown]:
        """Yield the frames with ascending times; a frame without a time follows the one before."""
        for frame in frames:
            pts = frame.pts
            if floor is not None and pts is not None and pts < floor:
                continue
            if pts is None or (last is not None and pts <= last):
                pts = self._table.next_pts(last)
            last = pts
            yield Shown(pts, frame)


def _chain(first: Packet[VideoStream], rest: Iterator[Packet[VideoStream]]) -> Iterator[Packet[VideoStream]]:
    yield first
    yield from rest
