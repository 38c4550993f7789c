"""M3U: a playlist that plays each clip; VLC reads where a clip begins and ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from vlret.reports.exports.clip import ExportClip
from vlret.text import printable


def m3u(clips: Sequence[ExportClip], title: str) -> bytes:
    """Return the clips as a playlist of `file:` addresses, in UTF-8; other players play the whole files."""
    lines = ["#EXTM3U", f"#PLAYLIST:{printable(title)}"]
    for clip in clips:
        lines += _entry(clip)
    return "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")


def _entry(clip: ExportClip) -> Iterator[str]:
    is_video = clip.end is None or clip.end > clip.start
    length_s = ceil(clip.end - clip.start) if clip.end is not None and is_video else -1
    yield f"#EXTINF:{length_s},{printable(clip.text or clip.path.name)}"
    if is_video:
        yield f"#EXTVLCOPT:start-time={clip.start:.3f}"
        if clip.end is not None:
            yield f"#EXTVLCOPT:stop-time={clip.end:.3f}"
    yield clip.path.absolute().as_uri()
