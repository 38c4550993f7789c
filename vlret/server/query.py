"""The query of a request as vectors of a model. A text of a browser is never read as the path of a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from starlette.datastructures import UploadFile

from vlret.errors import UsageError
from vlret.models.inputs import check_text
from vlret.server.bodies import ClipRef, SearchBody
from vlret.server.library import Revision
from vlret.server.request_error import RequestError
from vlret.server.service import Service
from vlret.server.uploads import uploaded_frames
from vlret.tasks.moment_query import stored_moment
from vlret.tasks.query_vector import DEFAULT_WEIGHT, Weighted
from vlret.types import QueryVector


@dataclass(frozen=True, slots=True)
class EmbeddedQuery:
    """A query, and what is added to it and subtracted from it, as vectors of one model."""

    query: QueryVector
    plus: Sequence[Weighted]
    minus: Sequence[Weighted]
    warnings: Sequence[str]


async def embedded(
    service: Service, revisions: Sequence[Revision], body: SearchBody, upload: UploadFile | None = None
) -> EmbeddedQuery:
    """Return the query of `body`, and of an uploaded file, for the one model of `revisions`.

    A text such as `holiday.mp4@1:23` is a moment of a file in one of these indexes.

    Raises:
        UsageError: there is no query.
        RequestError: no such clip, a clip of an index of another model, or the service is busy.
        MediaError: the uploaded file cannot be read.
    """
    revision, warnings = revisions[0], list[str]()

    async def text(words: str) -> QueryVector:
        check_text(words, "The query")
        moment = await service.searches.run(_moment, revisions, words)
        if moment is not None:
            return moment
        vector, found = await revision.worker.embed_text(words)
        warnings.extend(found)
        return QueryVector(vector, is_text=True)

    main = [await text(body.query)] if body.query.strip() else []
    if upload is not None:
        main.append(await _of_upload(service, revision, upload))
    main += _vectors(service, revision, body.like)
    if not main:
        hint = "Give a sentence, a clip that is like it, or a file."
        raise UsageError("The query is empty.", hint, code="empty_query")
    plus: list[Weighted] = [(one, DEFAULT_WEIGHT) for one in main[1:]]
    plus += [(await text(part.query), part.weight) for part in body.plus]
    minus: list[Weighted] = [(one, DEFAULT_WEIGHT) for one in _vectors(service, revision, body.unlike)]
    minus += [(await text(part.query), part.weight) for part in body.minus]
    return EmbeddedQuery(main[0], plus, minus, list(dict.fromkeys(warnings)))


def _moment(revisions: Sequence[Revision], words: str) -> QueryVector | None:
    if "@" not in words or "/" in words:  # only by name: who guesses folders learns nothing
        return None
    found = (stored_moment(revision.index, words) for revision in revisions)
    return next((moment for moment in found if moment is not None), None)


async def _of_upload(service: Service, revision: Revision, upload: UploadFile) -> QueryVector:
    card = (await revision.worker.model()).card
    frames = await service.media.run(uploaded_frames, service, upload.file, upload.filename or "", card)
    vectors = await revision.worker.run(lambda model: model.embed_clips([frames]))
    return QueryVector(vectors[0])


def _vectors(service: Service, revision: Revision, clips: Iterable[ClipRef]) -> list[QueryVector]:
    return [QueryVector(_of_model(service, revision, clip).index.vector(clip.clip_id)) for clip in clips]


def _of_model(service: Service, revision: Revision, clip: ClipRef) -> Revision:
    other = service.library.get(clip.index)
    if other.worker is not revision.worker:
        raise RequestError(f"Clips of {other.id} cannot be compared with those of {revision.id}.",
            "Choose indexes of one model.", status=400, code="like_of_other_model")  # fmt: skip
    return other
