"""Pictures and clips of media files: made in child processes, kept in the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlret.errors import UsageError
from vlret.server.library import Revision
from vlret.server.media_files import MediaFile, require_here
from vlret.server.request_error import RequestError
from vlret.server.service import Service
from vlret.types import Clip

PLAY_S = 30.0
"""Seconds of a clip for playback, at most."""

_MOST_PROBES = 10_000
_SUFFIXES = {"thumbnail": ".jpg", "sprite": ".jpg", "play": ".mp4"}


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a media file."""

    file: MediaFile
    clip: Clip


def span_of(revision: Revision, clip_id: int, start: float | None = None, end: float | None = None) -> Span:
    """A clip of an index, or the part from `start` to `end` (seconds) of its file.

    Raises:
        UsageError: there is no such clip, or the part is not one.
    """
    clip = revision.index.resolve(clip_id)
    file = revision.files.of_clip(clip_id)
    if not file.is_image and (start is not None or end is not None):
        clip = Clip(clip.path, clip.start if start is None else start, clip.row_end if end is None else end)
    return Span(file, clip)


async def made(service: Service, kind: str, revision: Revision, clip_id: int, *seconds: float | None) -> Path:
    """Return the file of a "thumbnail" or "sprite" (JPEG), or of a clip for playback ("play", H.264 in MP4).

    Raises:
        UsageError: as `span_of`; or an image or too long a part is to be played.
        RequestError: the media file is gone, or the service is busy.
        MediaError: it cannot be decoded.
        OutputError: the cache cannot be written.
    """

    def find() -> tuple[Span, Path, bool]:
        span = span_of(revision, clip_id, *seconds)
        if kind == "play":
            span = _to_play(span)
        key = (kind, span.file.path, *_state(span.file), round(span.clip.start, 3), span.clip.end)
        path = service.cache.path(key, _SUFFIXES[kind])
        return span, path, service.cache.has(path)

    span, path, is_there = await service.searches.run(find)
    if not is_there:
        await service.media.run(service.cache.make, path, _writer(service, kind, span.clip))
    return path


def probed(service: Service, file: MediaFile) -> dict[str, Any]:
    """Return what a file holds (`playable.probe`), its size in bytes and its time of change (seconds since 1970).

    Raises:
        RequestError: it is gone.
        MediaError: it cannot be read.
    """
    size, mtime_ns = _state(file)
    key = (file.path, size, mtime_ns)
    if key not in service.probes:
        if len(service.probes) >= _MOST_PROBES:
            service.probes.clear()
        header, _ = service.decoders.ask("probe", Clip(file.path))
        service.probes[key] = {**header, "size": size, "mtime": mtime_ns / 1e9}
    return service.probes[key]


def _to_play(span: Span) -> Span:
    if span.file.is_image:
        raise UsageError("An image cannot be played.", "Ask for its thumbnail.", code="image_to_play")
    end = min(span.clip.row_end, span.clip.start + PLAY_S)
    return Span(span.file, Clip(span.clip.path, span.clip.start, end))


def _writer(service: Service, kind: str, clip: Clip) -> Callable[[Path], None]:
    def write(target: Path) -> None:
        _, data = service.decoders.ask(kind, clip, target=str(target))
        if data is not None:
            target.write_bytes(data.tobytes())

    return write


def _state(file: MediaFile) -> tuple[int, int]:
    require_here(file.path)
    try:
        stat = file.path.stat()
    except OSError as error:
        message = f"{file.path.name} is not there any more, or cannot be read."
        raise RequestError(message, "Index its folder again.", status=404, code="file_gone") from error
    return stat.st_size, stat.st_mtime_ns
