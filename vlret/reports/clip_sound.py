"""The sound of a clip that is saved as a file: packets as they are, or encoded again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TypeVar, cast

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from vlret.media.video.container import open_container
from vlret.reports.clip_form import ClipForm
from vlret.text import printable

log = logging.getLogger(__name__)

_RATE = 48_000  # audio samples per second
_Item = TypeVar("_Item")


def sound_fits(source: InputContainer, form: ClipForm) -> bool:
    """Whether the packets of the sound can be taken as they are."""
    return bool(source.streams.audio) and source.streams.audio[0].codec_context.name in form.copied_sound


def add_sound(
    out: OutputContainer, source: InputContainer, form: ClipForm, copied: bool
) -> AudioStream | None:
    """Add a stream for the sound of `source`, if it has some: for its packets if it is `copied`, else encoded."""
    if not source.streams.audio:
        return None
    heard = source.streams.audio[0]
    if copied:
        return out.add_stream_from_template(heard)
    # Mono converted to stereo would be quieter.
    layout = "mono" if heard.channels == 1 else "stereo"
    return cast(AudioStream, out.add_stream(form.sound_encoder, rate=_RATE, layout=layout))


def write_sound(
    out: OutputContainer, sound: AudioStream, path: Path, begin_s: float, length_s: float, copied: bool
) -> None:
    """Write the sound from `begin_s` on, in seconds by the timestamps of the file; damaged sound ends at the damage.

    It is exact to one audio frame, about 20 ms.
    """
    source, _ = open_container(path)
    with source:
        source.seek(round(begin_s * av.time_base))
        if copied:
            for packet in _until_damage(_packets(source, begin_s, length_s), path):
                packet.stream = sound
                out.mux(packet)
            return
        for frame in _until_damage(_resampled(sound, source, begin_s, length_s), path):
            out.mux(sound.encode(frame))
        out.mux(sound.encode())


def _until_damage(items: Iterator[_Item], path: Path) -> Iterator[_Item]:
    try:
        yield from items
    except av.FFmpegError as error:
        log.warning("%s: the sound is damaged and ends early (%s).", printable(path), error.strerror)


def _packets(source: InputContainer, begin_s: float, length_s: float) -> Iterator[Packet[AudioStream]]:
    """Yield the packets of the sound, timed from the start of the clip."""
    for packet in source.demux(audio=0):
        if packet.pts is None or packet.time_base is None:
            continue
        time_s = float(packet.pts * packet.time_base) - begin_s
        if time_s >= length_s:
            return
        if time_s >= 0:
            packet.pts = packet.dts = packet.pts - round(begin_s / packet.time_base)
            yield packet


def _resampled(
    sound: AudioStream, source: InputContainer, begin_s: float, length_s: float
) -> Iterator[AudioFrame]:
    """Yield the sound as the encoder takes it, timed from the start of the clip."""
    resampler = AudioResampler(format=sound.format, layout=sound.layout.name, rate=_RATE)
    n_samples: int | None = None
    for frame in source.decode(audio=0):
        time_s = float(frame.time or 0.0) - begin_s
        if time_s >= length_s:
            return
        if time_s < 0:
            continue
        if n_samples is None:  # the sound may begin later than the picture
            n_samples = round(time_s * _RATE)
        for resampled in resampler.resample(frame):
            resampled.pts, resampled.time_base = n_samples, Fraction(1, _RATE)
            n_samples += resampled.samples
            yield resampled
