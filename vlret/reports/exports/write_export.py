"""Writes clips in the format that a file's suffix names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vlret.errors import UsageError
from vlret.reports.exports.clip import ExportClip
from vlret.reports.exports.coco import coco
from vlret.reports.exports.edl import edl
from vlret.reports.exports.fcpxml import fcpxml
from vlret.reports.exports.fiftyone import fiftyone
from vlret.reports.exports.label_studio import label_studio
from vlret.reports.exports.m3u import m3u
from vlret.reports.exports.markers import srt, vtt
from vlret.reports.exports.otio import otio
from vlret.reports.exports.tables import csv, jsonl


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format: its name, which is its suffix without the first dot, its media type, and what writes it."""

    name: str
    media_type: str
    write: Callable[[Sequence[ExportClip], str], bytes]

    @property
    def suffix(self) -> str:
        """The end of the name of a file in this format."""
        return f".{self.name}"


_ALL = (
    ExportFormat("edl", "text/plain", edl),
    ExportFormat("fcpxml", "application/xml", fcpxml),
    ExportFormat("otio", "application/json", otio),
    ExportFormat("srt", "application/x-subrip", srt),
    ExportFormat("vtt", "text/vtt", vtt),
    ExportFormat("csv", "text/csv", csv),
    ExportFormat("jsonl", "application/jsonl", jsonl),
    ExportFormat("m3u", "audio/x-mpegurl", m3u),
    ExportFormat("coco.json", "application/json", coco),
    ExportFormat("fiftyone.json", "application/json", fiftyone),
    ExportFormat("labelstudio.json", "application/json", label_studio),
)
FORMATS = {form.name: form for form in _ALL}


def write_export(clips: Sequence[ExportClip], name: str, title: str) -> bytes:
    """Return `clips`, in the order given, as the bytes of a file in a format of `FORMATS`.

    Timelines (edl, fcpxml, otio) and labels (coco.json, fiftyone.json, labelstudio.json) read the media files: for
    their frames, rate and time code. A file that cannot be read is left out with a warning.

    Args:
        clips: what is exported, one at least.
        name: of the format.
        title: of the timeline or playlist.

    Raises:
        UsageError: there is no such format ("unknown_export_format").
        MediaError: none of the files can be read ("nothing_to_export").
    """
    if name not in FORMATS:
        raise _unknown(name)
    return FORMATS[name].write(clips, title)


def format_of(path: Path) -> str:
    """Return the name of the format of a file by its suffix.

    Raises:
        UsageError: no format has it ("unknown_export_format").
    """
    file_name = path.name.lower()
    found = [form.name for form in _ALL if file_name.endswith(form.suffix) and file_name != form.suffix]
    if not found:
        raise _unknown(path.name)
    return max(found, key=len)


def _unknown(given: str) -> UsageError:
    suffixes = ", ".join(form.suffix for form in _ALL)
    return UsageError(
        f"{given!r} is not a known export format.",
        f"Use a name that ends in {suffixes}.",
        code="unknown_export_format",
        given=given,
        allowed=list(FORMATS),
    )
