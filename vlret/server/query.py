"""The query of a request as a vector for each model. A text of a browser is never read as the path of a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vlret.errors import UsageError
from vlret.models.inputs import check_text
from vlret.server.bodies import ClipRef, SearchBody
from vlret.server.errors import RequestError
from vlret.server.library import Library, Revision
from vlret.tasks.query_vector import DEFAULT_WEIGHT, Weighted
from vlret.types import Frames, QueryVector


@dataclass(frozen=True, slots=True)
class EmbeddedQuery:
    """A query, and what is added to it and subtracted from it, as vectors of one model."""

    query: QueryVector
    plus: Sequence[Weighted]
    minus: Sequence[Weighted]
    warnings: Sequence[str]


async def embedded(
    library: Library, revision: Revision, body: SearchBody, frames: Frames | None = None
) -> EmbeddedQuery:
    """Return the query of `body` for the model of `revision`; `frames` are those of an uploaded file.

    Raises:
        UsageError: there is no query, or a clip to look for is of an index of another model.
        RequestError: there is no such clip, or the model is busy.
    """
    warnings: list[str] = []

    async def text(words: str) -> QueryVector:
        check_text(words, "The query")
        vector, found = await revision.worker.embed_text(words)
        warnings.extend(found)
        return QueryVector(vector)

    main = [await text(body.query)] if body.query.strip() else []
    if frames is not None:
        vectors = await revision.worker.run(lambda model: model.embed_clips([frames]))
        main.append(QueryVector(vectors[0]))
    main += _vectors(library, revision, body.like)
    if not main:
        hint = "Give a sentence, a clip that is like it, or a file."
        raise UsageError("The query is empty.", hint, code="empty_query")
    plus = [(one, DEFAULT_WEIGHT) for one in main[1:]]
    plus += [(await text(part.query), part.weight) for part in body.plus]
    minus = [(one, DEFAULT_WEIGHT) for one in _vectors(library, revision, body.unlike)]
    minus += [(await text(part.query), part.weight) for part in body.minus]
    return EmbeddedQuery(main[0], plus, minus, list(dict.fromkeys(warnings)))


def _vectors(library: Library, revision: Revision, clips: Iterable[ClipRef]) -> list[QueryVector]:
    return [QueryVector(_of_model(library, revision, clip).index.vector(clip.clip_id)) for clip in clips]


def _of_model(library: Library, revision: Revision, clip: ClipRef) -> Revision:
    other = library.get(clip.index)
    if other.worker is not revision.worker:
        raise RequestError(
            400, "like_of_other_model", f"Clips of {other.id} cannot be compared with those of {revision.id}.",
            "Choose indexes of one model.",
        )  # fmt: skip
    return other
