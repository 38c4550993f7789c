"""`Timeline`: clips one after another, in frames of their files and of the whole."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tqdm import tqdm

from vlret.errors import MediaError
from vlret.media.open_media import open_media
from vlret.media.video.source_time import SourceTime, source_time
from vlret.media.video.timecode import may_drop
from vlret.media.video.video import Video
from vlret.reports.exports.clip import ExportClip
from vlret.text import printable

log = logging.getLogger(__name__)

STILL_S = 5
"""Seconds that an image is shown."""

_NTSC, _WHOLE = (24, 30, 48, 60), (24, 25, 30, 48, 50, 60)
RATES = (*(Fraction(rate * 1000, 1001) for rate in _NTSC), *map(Fraction, _WHOLE))
"""Frames per second that a timeline of all editors may have."""


@dataclass(frozen=True, slots=True)
class Source:
    """A media file: its frames as editors count them (None: an image), and its size in pixels as displayed."""

    path: Path
    time: SourceTime | None
    width: int
    height: int

    @property
    def name(self) -> str:
        """The file's name with its suffix, by which editors find it."""
        return printable(self.path.name)

    @property
    def uri(self) -> str:
        """Its `file:` address; everything but letters, digits, `_.-~` and `/` is percent-encoded."""
        return self.path.absolute().as_uri()


@dataclass(frozen=True, slots=True)
class Event:
    """A clip on a timeline.

    Attributes:
        clip: what it is.
        source: its file.
        first, after: its first frame in the file, and the one after its last; 0 for images.
        begin, length: in frames of the timeline.
    """

    clip: ExportClip
    source: Source
    first: int
    after: int
    begin: int
    length: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Clips in the order in which they were given.

    Attributes:
        title: its name.
        rate: frames a second.
        drop_frame: whether its time code is drop-frame.
        events: one for each clip that can be read.
    """

    title: str
    rate: Fraction
    drop_frame: bool
    events: tuple[Event, ...]

    @property
    def n_frames(self) -> int:
        """Length of all events."""
        return sum(event.length for event in self.events)

    def sources(self) -> list[Source]:
        """The files, each once, in the order of their first clips."""
        return list({event.source.path: event.source for event in self.events}.values())


def assemble(clips: Sequence[ExportClip], title: str) -> Timeline:
    """Return the timeline of `clips`; its rate is that of most of them.

    A warning is logged of a file that cannot be read, which is left out, of a variable frame rate, and of a rate that
    is not that of the timeline.

    Raises:
        MediaError: none of the files can be read ("nothing_to_export").
    """
    readable, sources = read_sources(clips)
    times = [time for clip in readable if (time := sources[clip.path].time)]
    common = Counter(time.rate for time in times).most_common(1)
    rate = timeline_rate(common[0][0] if common else Fraction(25))
    drops = any(time.drop_frame for time in times if time.rate == rate) and may_drop(round(rate))
    _warn_of_rates(sources, rate)
    return Timeline(printable(title), rate, drops, tuple(_events(readable, sources, rate)))


def timeline_rate(rate: Fraction) -> Fraction:
    """Return `rate`, or that of RATES in which most frames of such a file fall on a frame: 30 for 10."""

    def misfit(known: Fraction) -> tuple[bool, Fraction]:
        return (max(known, rate) / min(known, rate)).denominator != 1, abs(known - rate)

    return min(RATES, key=misfit)


def read_sources(clips: Sequence[ExportClip]) -> tuple[list[ExportClip], dict[Path, Source]]:
    """Return the clips whose files can be read, and their files; a warning is logged of each of the others.

    Raises:
        MediaError: none can be read ("nothing_to_export").
    """
    found: dict[Path, Source] = {}
    paths = list(dict.fromkeys(clip.path for clip in clips))
    for path in tqdm(paths, "reading", unit="file", disable=None, leave=False):
        try:
            with open_media(path) as media:
                time = source_time(media) if isinstance(media, Video) else None
                found[path] = Source(path, time, media.info.width, media.info.height)
        except (MediaError, OSError) as error:
            log.warning("%s is not exported: %s", printable(path), printable(error))
    readable = [clip for clip in clips if clip.path in found]
    if not readable:
        raise MediaError("No clip can be exported.", "Check its files.", code="nothing_to_export")
    return readable, found


def _events(clips: Sequence[ExportClip], sources: dict[Path, Source], rate: Fraction) -> Iterator[Event]:
    begin = 0
    for clip in clips:
        source = sources[clip.path]
        first, after = frames_of(clip, source)
        seconds = Fraction(after - first) / source.time.rate if source.time else Fraction(STILL_S)
        length = max(1, round(seconds * rate))
        yield Event(clip, source, first, after, begin, length)
        begin += length


def frames_of(clip: ExportClip, source: Source) -> tuple[int, int]:
    """Return the first frame of a clip and the one after its last; 0 for images."""
    return source.time.span(clip.start, end_s(clip, source.time)) if source.time else (0, 0)


def end_s(clip: ExportClip, time: SourceTime) -> float:
    """Return the second at which a clip of a video ends."""
    return float(time.n_frames / time.rate) if clip.end is None else clip.end


def _warn_of_rates(sources: dict[Path, Source], rate: Fraction) -> None:
    for path, source in sources.items():
        if source.time is None:
            continue
        name, fps = printable(path), f"{float(source.time.rate):.6g}"
        if not source.time.is_constant:
            log.warning("%s has a variable frame rate: its cuts are put on %s frames a second", name, fps)
        if timeline_rate(source.time.rate) != rate:
            log.warning("%s has %s frames a second, the timeline %.6g", name, fps, float(rate))
