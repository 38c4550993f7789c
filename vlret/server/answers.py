"""Labels, answers and captions of clips that are in an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

import numpy as np

from vlret.models.base import Embedder, ModelCard
from vlret.models.captioners.base import Captioner
from vlret.models.captioners.registry import load_captioner
from vlret.server.bodies import CaptionBody, LabelBody, VqaBody
from vlret.server.library import Revision
from vlret.server.service import Service
from vlret.tasks.caption import caption_vectors
from vlret.tasks.label import label_vectors
from vlret.tasks.vqa import answer
from vlret.types import Clip, Frames, Pixels, Vectors


async def labels(service: Service, body: LabelBody) -> dict[str, Any]:
    """Return the best labels of each clip.

    Raises:
        UsageError: no such clip, or an empty label.
        RequestError: no such index, or the service is busy.
    """
    revision = service.library.get(body.index)
    clips, vectors = await service.searches.run(_stored, revision, body.clips)
    found = await revision.worker.run(lambda model: label_vectors(model, clips, vectors, body.labels))
    items = [
        {"clip_id": clip_id, "label": one.label, "score": one.score, "probability": one.probability,
         "top": [asdict(score) for score in one.top]}
        for clip_id, one in zip(body.clips, found, strict=True)
    ]  # fmt: skip
    return {"items": items}


async def vqa(service: Service, body: VqaBody) -> dict[str, Any]:
    """Return the nearest of the candidate answers. Raises as `labels`; also MediaError."""
    revision = service.library.get(body.index)
    clip = await service.searches.run(revision.index.resolve, body.clip_id)
    card = (await revision.worker.model()).card
    frames = await service.media.run(frames_of, service, clip, card)
    found = await revision.worker.run(lambda model: answer(model, frames, body.question, body.candidates))
    return {
        "question": found.question, "answer": found.answer,
        "candidates": [asdict(candidate) for candidate in found.candidates],
    }  # fmt: skip


async def captions(service: Service, body: CaptionBody) -> dict[str, Any]:
    """Return the caption of each clip. Raises as `labels`; also where the model comes without a captioner."""
    revision = service.library.get(body.index)
    clips, vectors = await service.searches.run(_stored, revision, body.clips)
    found = await revision.worker.run(
        lambda model: caption_vectors(_captioner(service, model), clips, vectors)
    )
    items = [{"clip_id": clip_id, "text": one.text, "score": one.score}
             for clip_id, one in zip(body.clips, found, strict=True)]  # fmt: skip
    return {"items": items}


def frames_of(service: Service, clip: Clip, card: ModelCard, n_frames: int | None = None) -> Frames:
    """Return `n_frames` of a clip, or as many as the model of `card` takes, decoded in a child process.

    Raises:
        MediaError: it cannot be decoded.
    """
    request = {"n_frames": n_frames or card.frames, "size": card.decode_size}
    header, pixels = service.decoders.ask("frames", clip, **request)
    return Frames(cast(Pixels, pixels), np.asarray(header["times"], np.float64))


def _captioner(service: Service, model: Embedder) -> Captioner:
    """The captioner that comes with the model, loaded once."""
    if id(model) not in service.captioners:
        service.captioners[id(model)] = load_captioner("auto", model)
    return service.captioners[id(model)]


def _stored(revision: Revision, clip_ids: Sequence[int]) -> tuple[list[tuple[str, float, float]], Vectors]:
    clips = [revision.index.resolve(clip_id) for clip_id in clip_ids]
    vectors = np.stack([revision.index.vector(clip_id) for clip_id in clip_ids])
    return [(str(clip.path), clip.start, clip.row_end) for clip in clips], vectors
