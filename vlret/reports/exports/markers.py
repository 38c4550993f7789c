"""SRT and WebVTT: a cue for each clip, with its text."""

from __future__ import annotations

from collections.abc import Sequence

from vlret.reports.caption_formats import FORMATS
from vlret.reports.exports.clip import ExportClip
from vlret.reports.exports.timeline import STILL_S
from vlret.types import ClipCaption


def srt(clips: Sequence[ExportClip], title: str) -> bytes:
    """Return the clips as SRT."""
    return _subtitles("srt", clips)


def vtt(clips: Sequence[ExportClip], title: str) -> bytes:
    """Return the clips as WebVTT."""
    return _subtitles("vtt", clips)


def _subtitles(form: str, clips: Sequence[ExportClip]) -> bytes:
    """Times are those of the file if all clips are of one; else of the clips one after another, as in a timeline."""
    if len({clip.path for clip in clips}) == 1:
        cues = sorted((_cue(clip, clip.start) for clip in clips), key=lambda cue: cue.start)
    else:
        cues, begin = [], 0.0
        for clip in clips:
            cues.append(_cue(clip, begin))
            begin = cues[-1].end
    return (FORMATS[form].head + FORMATS[form].body(cues)).encode(errors="backslashreplace")


def _cue(clip: ExportClip, begin: float) -> ClipCaption:
    length = clip.end - clip.start if clip.end is not None and clip.end > clip.start else STILL_S
    return ClipCaption(str(clip.path), begin, begin + length, clip.text or clip.path.name, 0.0)
