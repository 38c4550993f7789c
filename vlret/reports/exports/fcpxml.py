"""FCPXML 1.10, for Final Cut Pro and DaVinci Resolve: exact times as rational seconds.

The order of elements and attributes is that of Apple's document type definition.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from vlret.media.video.source_time import SourceTime
from vlret.reports.exports.clip import ExportClip
from vlret.reports.exports.timeline import Event, Source, Timeline, assemble
from vlret.text import printable

log = logging.getLogger(__name__)

_VERSION = "1.10"
_CONFORMED = {
    Fraction(24000, 1001): "23.98", Fraction(24): "24", Fraction(25): "25", Fraction(30000, 1001): "29.97",
    Fraction(30): "30", Fraction(48000, 1001): "47.95", Fraction(48): "48", Fraction(50): "50",
    Fraction(60000, 1001): "59.94", Fraction(60): "60",
}  # fmt: skip


def fcpxml(clips: Sequence[ExportClip], title: str) -> bytes:
    """Return the clips as a project of one sequence; its time begins at 0, that of a file at its time code."""
    timeline = assemble(clips, title)
    _warn_of_rtmd(timeline)
    root = Element("fcpxml", version=_VERSION)
    resources = _Resources(SubElement(root, "resources"), timeline)
    event = SubElement(SubElement(root, "library"), "event", name=timeline.title)
    _add_sequence(SubElement(event, "project", name=timeline.title), timeline, resources)
    indent(root)
    text = tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{text}\n'.encode()


class _Resources:
    """The files and their formats, each with its id."""

    def __init__(self, parent: Element, timeline: Timeline) -> None:
        self._parent, self._formats = parent, dict[tuple[object, ...], str]()
        first = next((source for source in timeline.sources() if source.time), timeline.sources()[0])
        self.sequence = self._format(timeline.rate, first.width, first.height)
        self.assets = {source.path: self._asset(source) for source in timeline.sources()}

    def _asset(self, source: Source) -> tuple[str, str]:
        """Add a file and return its id and that of its format."""
        time = source.time
        form = self._format(time.rate if time else None, source.width, source.height)
        values = {
            "id": self._next_id(),
            "name": source.name,
            **_length(time),
            "hasVideo": "1",
            "format": form,
        }
        asset = SubElement(self._parent, "asset", {**values, "videoSources": "1", **_sound(time)})
        SubElement(asset, "media-rep", kind="original-media", src=source.uri)
        return values["id"], form

    def _format(self, rate: Fraction | None, width: int, height: int) -> str:
        """Return the id of a format; without a rate it is that of an image."""
        key = (rate, width, height)
        if key not in self._formats:
            kind = {"frameDuration": _seconds(1 / rate)} if rate else {"name": "FFVideoFormatRateUndefined"}
            self._formats[key] = self._next_id()
            values = {"id": self._formats[key], **kind, "width": str(width), "height": str(height)}
            SubElement(self._parent, "format", values)
        return self._formats[key]

    def _next_id(self) -> str:
        return f"r{len(self._parent) + 1}"


def _length(time: SourceTime | None) -> dict[str, str]:
    """Return when a file begins and how long it is, whatever is cut from it."""
    if time is None:
        return {"start": "0s", "duration": "0s"}
    return {"start": _seconds(time.start), "duration": _seconds(time.n_frames / time.rate)}


def _sound(time: SourceTime | None) -> dict[str, str]:
    if time is None or not time.channels:
        return {}
    sound = {"hasAudio": "1", "audioSources": "1", "audioChannels": str(time.channels)}
    return {**sound, "audioRate": str(time.sound_hz)}


def _add_sequence(project: Element, timeline: Timeline, resources: _Resources) -> None:
    most_channels = max((source.time.channels for source in timeline.sources() if source.time), default=0)
    sequence = SubElement(
        project, "sequence", format=resources.sequence, duration=_seconds(timeline.n_frames / timeline.rate),
        tcStart="0s", tcFormat=_drops(timeline.drop_frame, timeline.rate),
        # Final Cut Pro refuses "mono" here.
        audioLayout="surround" if most_channels > 2 else "stereo", audioRate="48k",
    )  # fmt: skip
    spine = SubElement(sequence, "spine")
    for event in timeline.events:
        _add_event(spine, event, timeline, resources)


def _add_event(spine: Element, event: Event, timeline: Timeline, resources: _Resources) -> None:
    time, (asset, form) = event.source.time, resources.assets[event.source.path]
    start = time.start + event.first / time.rate if time else Fraction(0)
    common = {
        "ref": asset, "offset": _seconds(event.begin / timeline.rate), "name": event.source.name,
        "start": _seconds(start), "duration": _seconds(event.length / timeline.rate),
    }  # fmt: skip
    if time is None:
        item = SubElement(spine, "video", common)
    else:
        drops = _drops(time.drop_frame, time.rate)
        item = SubElement(spine, "asset-clip", {**common, "format": form, "tcFormat": drops})
        if time.rate != timeline.rate:  # its speed stays
            known = {"srcFrameRate": _CONFORMED[time.rate]} if time.rate in _CONFORMED else {}
            SubElement(item, "conform-rate", {"scaleEnabled": "0", **known})
    if event.clip.text:
        SubElement(
            item,
            "marker",
            start=_seconds(start),
            duration=_seconds(1 / timeline.rate),
            value=printable(event.clip.text),
        )


def _drops(drop_frame: bool, rate: Fraction) -> str:
    """Return DF only where Final Cut Pro has it; cameras write it into files of 30 frames a second, too."""
    return "DF" if drop_frame and rate.denominator == 1001 else "NDF"


def _seconds(value: Fraction | float) -> str:
    return f"{Fraction(value)}s"


def _warn_of_rtmd(timeline: Timeline) -> None:
    for source in timeline.sources():
        if source.time and source.time.origin == "rtmd":
            log.warning(
                "%s has its time code in an rtmd track: DaVinci Resolve reads it, Final Cut Pro may not find the clip",
                printable(source.path),
            )
