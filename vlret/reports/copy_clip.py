"""Copies the packets of a clip to a file of its own, where that gives exactly its frames."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av
from av.packet import Packet
from av.video.stream import VideoStream

from vlret.media.video.container import open_container, packets_of
from vlret.media.video.video import TOLERANCE_S, Video
from vlret.reports.clip_form import ClipForm
from vlret.reports.clip_sound import add_sound, sound_fits, write_sound
from vlret.reports.encode_clip import end_of
from vlret.types import Clip


def copy_clip(clip: Clip, media: Video, target: Path, form: ClipForm) -> bool:
    """Write the packets of a clip to `target` as they are, and return True, where that gives exactly its frames.

    That is where the clip begins with a keyframe, no later frame refers to one that is left out, and `form` takes the
    codec; a rotated video or one with damaged timestamps is not copied. Otherwise nothing is written.
    """
    if media.info.codec not in form.copied or media.info.rotation or not media.info.has_index:
        return False
    begin = media.keyframe_at(clip.start)
    if begin is None:
        return False
    pts, dts = begin
    end_pts = pts + (end_of(clip, media) - clip.start - TOLERANCE_S) / media.tick_s
    n_packets = _count(media.path, dts, pts, end_pts)
    if n_packets:
        _write(clip, media, target, form, dts, pts, n_packets)
    return bool(n_packets)


def _count(path: Path, dts: int, pts: int, end_pts: float) -> int:
    """Return how many packets from the keyframe on hold the frames before `end_pts`; 0 if they do not come first."""
    source, stream = open_container(path)
    n_packets, is_past = 0, False
    with source:
        for packet in _from_key(source, stream, dts, pts):
            if packet.pts is None or packet.pts < pts or (is_past and packet.pts < end_pts):
                return 0
            is_past |= packet.pts >= end_pts
            n_packets += not is_past
            if packet.dts is not None and packet.dts >= end_pts:
                break
    return n_packets


def _write(
    clip: Clip, media: Video, target: Path, form: ClipForm, dts: int, pts: int, n_packets: int
) -> None:
    source, stream = open_container(media.path)
    with source, av.open(f"file:{target}", "w", format=form.name, options=form.muxer_options) as out:
        copied = sound_fits(source, form)
        video, sound = out.add_stream_from_template(stream), add_sound(out, source, form, copied)
        if media.info.codec == "hevc":
            video.codec_context.codec_tag = "hvc1"  # without it, Apple's players refuse the file
        for packet in islice(_from_key(source, stream, dts, pts), n_packets):
            packet.pts = (packet.pts or 0) - pts
            packet.dts = None if packet.dts is None else packet.dts - pts
            packet.stream = video
            out.mux(packet)
        if sound is not None:
            length_s = end_of(clip, media) - clip.start
            write_sound(out, sound, media.path, media.first_s + clip.start, length_s, copied)


def _from_key(
    source: av.container.InputContainer, stream: VideoStream, dts: int, pts: int
) -> Iterator[Packet[VideoStream]]:
    """Yield the packets of the picture from the keyframe with these times on; none if a seek misses it."""
    source.seek(dts, stream=stream)
    is_found = False
    for packet in packets_of(source, stream, lambda: None):
        is_found |= packet.is_keyframe and packet.pts == pts
        if is_found:
            yield packet
        elif packet.dts is not None and packet.dts > dts:
            return
