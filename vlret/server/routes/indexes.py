"""The indexes, their clips and their media files."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from vlret.reports.exports.write_export import FORMATS
from vlret.server.hits import clip_document, media_document
from vlret.server.library import Revision
from vlret.server.media import probed, span_of
from vlret.server.media_files import MediaFile
from vlret.server.replies import ClipMediaReply, IndexesReply, MediaReply
from vlret.server.routes.service_of import TheService
from vlret.server.service import Service

router = APIRouter(prefix="/api/indexes")


@router.get("", response_model=IndexesReply)
async def indexes(service: TheService) -> dict[str, Any]:
    """The indexes that can be searched."""
    await service.searches.run(service.library.refresh)
    revisions = service.library.chosen(None)
    return {
        "indexes": await service.searches.run(lambda: [_index(one) for one in revisions]),
        "formats": list(FORMATS),
        "show_paths": service.settings.show_paths,
    }


@router.get("/{index_id}/clips/{clip_id}", response_model=ClipMediaReply, response_model_exclude_unset=True)
async def clip(service: TheService, index_id: str, clip_id: int) -> dict[str, Any]:
    """A clip, and what is known of its file."""
    revision = service.library.get(index_id)
    return await service.media.run(_clip, service, revision, clip_id)


@router.get("/{index_id}/media/{media_id}", response_model=MediaReply, response_model_exclude_unset=True)
async def media(service: TheService, index_id: str, media_id: str) -> dict[str, Any]:
    """A media file, and what is known of it."""
    revision = service.library.get(index_id)
    return await service.media.run(lambda: _media(service, revision, revision.files.by_id(media_id)))


def _index(revision: Revision) -> dict[str, Any]:
    index = revision.index
    return {
        "id": revision.id, "name": revision.id, "clips": len(index), "files": len(revision.files),
        "model": index.card.name, "calibrated": revision.worker.is_calibrated,
    }  # fmt: skip


def _clip(service: Service, revision: Revision, clip_id: int) -> dict[str, Any]:
    span = span_of(revision, clip_id)
    known = _media(service, revision, span.file)
    document = clip_document(
        revision, clip_id, span.file, span.clip.start, span.clip.row_end, service.settings.show_paths
    )
    return {**known, **document, "file": known["file"]}


def _media(service: Service, revision: Revision, file: MediaFile) -> dict[str, Any]:
    return media_document(revision, file, probed(service, file), service.settings.show_paths)
