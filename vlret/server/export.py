"""Hits as a file for an editor: written in a child process, because timelines open the media files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from vlret.server.bodies import ExportBody
from vlret.server.media import span_of
from vlret.server.media_files import require_here
from vlret.server.service import Service
from vlret.types import Clip


async def exported(service: Service, body: ExportBody) -> bytes:
    """Return the bytes of the file; without `show_paths` it names the media files without their folders.

    Raises:
        UsageError: there is no such clip, or a part is not one.
        RequestError: there is no such index, or the service is busy.
        MediaError: no file of a timeline can be read.
    """
    return await service.media.run(_written, service, body)


def _written(service: Service, body: ExportBody) -> bytes:
    clips = [
        (span_of(service.library.get(hit.index), hit.clip_id, hit.start, hit.end).clip, hit.text)
        for hit in body.hits
    ]
    for clip, _ in clips:
        require_here(clip.path)
    items = [_item(clip, text) for clip, text in clips]
    request = {"clips": items, "format": body.format, "title": body.title}
    _, data = service.decoders.ask("export", clips[0][0], **request)
    document = b"" if data is None else data.tobytes()
    if service.settings.show_paths:
        return document
    return _without(document, {clip.path.parent for clip, _ in clips})


def _item(clip: Clip, text: str) -> dict[str, Any]:
    return {"path": str(clip.path), "start": clip.start, "end": clip.row_end, "text": text}


def _without(document: bytes, folders: Iterable[Path]) -> bytes:
    """The document with names in place of paths and of `file:` addresses: they hold beside the media."""
    for folder in folders:
        plain, address = f"{folder}/", f"{folder.as_uri()}/"
        below_root = quote(plain[1:])  # of Label Studio
        for text in (address, escape(address), plain, escape(plain), json.dumps(plain)[1:-1], below_root):
            document = document.replace(text.encode(), b"")
    return document
