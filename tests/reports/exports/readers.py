"""Readers of timelines that share nothing with what writes them: OpenTimelineIO, XML and rational numbers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import av
import opentimelineio as otio

_EVENT = re.compile(
    r"(\d{3,})  (\S{1,8}) +(V|B|AA/V) +C +((?:\d\d:\d\d:\d\d[:;]\d\d ?){4})\r\n((?:\* [^\r]*\r\n)*)"
)


@dataclass(frozen=True)
class Cut:
    """A file, its first frame and the one after its last, and the same on the timeline, from 0."""

    path: Path
    first: int
    after: int
    begin: int
    end: int


def start_of(path: Path, rate: Fraction) -> int:
    """The first frame's number by the time code that FFmpeg states, at `rate`."""
    with av.open(str(path)) as container:
        stated = [*(stream.metadata for stream in container.streams), container.metadata]
    label = next((value for one in stated for name, value in one.items() if name.lower() == "timecode"), None)
    return _frame(label, rate) if label else 0


def read_edl(data: bytes, rate: Fraction) -> list[Cut]:
    """Read an EDL whose events are at `rate`."""
    text = data.decode()
    head = re.match(r"TITLE: [^\r]*\r\nFCM: (NON-)?DROP FRAME\r\n\r\n", text)
    assert head, text[:80]
    events = list(_EVENT.finditer(text, head.end()))
    assert "".join(event[0] for event in events) == text[head.end() :], "nothing else is in it"
    assert [int(event[1]) for event in events] == [n + 1 for n in range(len(events))]
    return [_edl_cut(event, rate) for event in events]


def _edl_cut(event: re.Match[str], rate: Fraction) -> Cut:
    path = Path(re.search(r"\* SOURCE FILE: ([^\r]*)", event[5])[1])
    assert f"* FROM CLIP NAME: {path.name}\r\n" in event[5]
    source_in, source_out, record_in, record_out = (_frame(label, rate) for label in event[4].split())
    hour = _frame("01:00:00;00" if ";" in event[4].split()[2] else "01:00:00:00", rate)
    start = start_of(path, rate)
    return Cut(path, source_in - start, source_out - start, record_in - hour, record_out - hour)


def read_otio(data: bytes) -> list[Cut]:
    """Read an OpenTimelineIO file by its own library; times on the timeline are in frames of the first clip."""
    timeline = otio.adapters.read_from_string(data.decode(), "otio_json")
    assert isinstance(timeline, otio.schema.Timeline)
    assert json.loads(otio.adapters.write_to_string(timeline, "otio_json"))["tracks"]["children"]
    clips = list(timeline.video_tracks()[0])
    return [_otio_cut(clip, clips[0].source_range.duration.rate) for clip in clips]


def _otio_cut(clip: otio.schema.Clip, rate: float) -> Cut:
    cut, whole = clip.source_range, clip.available_range()
    path = Path(unquote(urlsplit(clip.media_reference.target_url).path))
    first = cut.start_time - whole.start_time
    placed = clip.range_in_parent()
    begin, end = (time.rescaled_to(rate).value for time in (placed.start_time, placed.end_time_exclusive()))
    return Cut(path, int(first.value), int((first + cut.duration).value), round(begin), round(end))


def read_fcpxml(data: bytes) -> list[Cut]:
    """Read a project of FCPXML: the frame is where `start` lies after the start of the asset."""
    root = ElementTree.fromstring(data)
    frames = {form.get("id"): seconds(form.get("frameDuration", "1s")) for form in root.iter("format")}
    assets = {asset.get("id"): asset for asset in root.iter("asset")}
    step = frames[root.find(".//sequence").get("format")]
    return [_fcpxml_cut(item, assets[item.get("ref")], frames, step) for item in root.iter("asset-clip")]


def _fcpxml_cut(item, asset, frames, step) -> Cut:
    path = Path(unquote(urlsplit(asset.find("media-rep").get("src")).path))
    own = frames[asset.get("format")]
    first = (seconds(item.get("start")) - seconds(asset.get("start"))) / own
    assert first.denominator == 1, "the in point is a frame of the file"
    begin, length = seconds(item.get("offset")) / step, seconds(item.get("duration")) / step
    assert (begin.denominator, length.denominator) == (1, 1), "the timeline has whole frames"
    after = first + seconds(item.get("duration")) / own
    return Cut(path, int(first), round(after), int(begin), int(begin + length))


def seconds(text: str) -> Fraction:
    assert text.endswith("s")
    return Fraction(text[:-1])


def _frame(label: str, rate: Fraction) -> int:
    return int(otio.opentime.from_timecode(label, float(rate)).value)
