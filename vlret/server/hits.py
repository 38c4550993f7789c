"""Hits, clips and media files as answers hold them: by id, with the addresses of pictures and playback."""

from __future__ import annotations

from pathlib import Path
from shlex import quote as shell_quote
from typing import Any
from urllib.parse import quote

from vlret.index.gone import is_gone
from vlret.server.library import Revision
from vlret.server.media_files import MediaFile
from vlret.types import Hit


def hit_document(revision: Revision, hit: Hit, show_paths: bool) -> dict[str, Any]:
    """A hit of a search."""
    return {
        "rank": hit.rank, "score": hit.score, "probability": hit.probability,
        **clip_document(revision, hit.clip_id, revision.files.of_clip(hit.clip_id), hit.start, hit.end, show_paths),
        "copies": [path if show_paths else Path(path).name for path in hit.copies],
        "more_clips": hit.more_clips,
    }  # fmt: skip


def clip_document(
    revision: Revision, clip_id: int, file: MediaFile, start: float, end: float, show_paths: bool
) -> dict[str, Any]:
    """A clip of an index, which is a part of `file`. Nothing is opened for it: `file` is None."""
    clip, span = f"{_base(revision)}/clips/{clip_id}", f"?start={start:.3f}&end={end:.3f}"
    moving = not file.is_image
    return {
        "index": revision.id, "clip_id": clip_id, "media_id": file.media_id, "name": file.path.name,
        **(_on_disk(file, start) if show_paths else {}),
        "start": start, "end": end, "duration": file.duration if moving else None,
        "kind": "video" if moving else "image",
        "copies": [], "more_clips": 0, "gone": is_gone(file.path),
        "thumbnail": f"{clip}/thumbnail.jpg{span}",
        "sprite": f"{clip}/sprite.jpg{span}" if moving else None,
        "play": f"{clip}/play.mp4{span}" if moving else None,
        "file": None,
    }  # fmt: skip


def media_document(
    revision: Revision, file: MediaFile, facts: dict[str, Any], show_paths: bool
) -> dict[str, Any]:
    """A media file; `facts` are what was found in it."""
    address = f"{_base(revision)}/media/{file.media_id}/file"
    known = {name: facts[name] for name in ("width", "height", "codec", "size", "mtime")}
    return {
        "media_id": file.media_id, "name": file.path.name, **known, "taken": file.taken, "clips": file.n_clips,
        "duration": None if file.is_image else file.duration,
        "file": address if facts["media_type"] else None,
        **(_on_disk(file, 0.0) if show_paths else {}),
    }  # fmt: skip


def _on_disk(file: MediaFile, start: float) -> dict[str, str]:
    """The path of a file, and a command that plays it from there."""
    path = str(file.path)
    return {"path": path, "player_command": f"mpv --start={start:g} {shell_quote(path)}"}


def _base(revision: Revision) -> str:
    return f"/api/indexes/{quote(revision.id, safe='')}"
