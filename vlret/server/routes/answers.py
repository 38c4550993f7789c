"""Labels, answers and captions."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from vlret.server import answers
from vlret.server.bodies import CaptionBody, LabelBody, VqaBody
from vlret.server.replies import CaptionsReply, LabelsReply, VqaReply
from vlret.server.routes.service_of import TheService

router = APIRouter(prefix="/api")


@router.post("/label", response_model=LabelsReply)
async def label(service: TheService, body: LabelBody) -> dict[str, Any]:
    """The best labels of clips, with probabilities over all of the labels given."""
    return await answers.labels(service, body)


@router.post("/vqa", response_model=VqaReply)
async def vqa(service: TheService, body: VqaBody) -> dict[str, Any]:
    """The nearest of the candidate answers to a question about a clip."""
    return await answers.vqa(service, body)


@router.post("/caption", response_model=CaptionsReply)
async def caption(service: TheService, body: CaptionBody) -> dict[str, Any]:
    """The captions of clips, by the text decoder that comes with the model."""
    return await answers.captions(service, body)
