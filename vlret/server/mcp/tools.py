"""The tools that a language model calls: each answers with compact JSON, by page, and without paths."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from vlret.reports.contact_sheet import MOST_FRAMES
from vlret.reports.timecode import span
from vlret.server.mcp.library import ToolIndex, ToolLibrary
from vlret.server.media_files import MediaFile
from vlret.tasks.order import page_of
from vlret.tasks.search_many import merge_hits
from vlret.text import printable
from vlret.types import Clip, Hit

MOST_HITS, MEDIA_A_PAGE, CLIPS_A_PAGE = 50, 100, 200
_NAME_LENGTH = 120
_MOST_AROUND_S = 600.0


class Tools:
    """The functions behind the tools of a server over `library`."""

    def __init__(self, library: ToolLibrary) -> None:
        self._library = library

    def search(
        self,
        query: str,
        limit: int = 10,
        page: int = 1,
        index: str | None = None,
        where: str | None = None,
        all_clips: bool = False,
        min_probability: float | None = None,
    ) -> str:
        """JSON: the best clips for a sentence, of one index or of all."""
        limit, page = min(max(limit, 1), MOST_HITS), max(page, 1)
        chosen = self._library.chosen(index)
        found = [
            one.searcher.search(
                one.embed(query), k=limit * page + 1, where=where, one_per_file=not all_clips,
                min_probability=min_probability,
            )
            for one in chosen
        ]  # fmt: skip
        merged = merge_hits([one.searcher.index for one in chosen], found, not all_clips)
        hits, has_next = page_of(merged, limit, page)
        by_folder = {one.searcher.index.place: one for one in chosen}
        answer: dict[str, Any] = {"page": page, "has_next": has_next, "nothing_fits": merged.nothing_fits}
        answer["hits"] = [_hit(by_folder[hit.index], hit) for hit in hits]
        return _json({**answer, **({"warnings": merged.warnings} if merged.warnings else {})})

    def context(
        self, media: str, time: float, before: float = 5.0, after: float = 5.0, frames: int = 8
    ) -> tuple[bytes, str]:
        """A JPEG of frames around a time, and JSON with their times."""
        _, file = self._library.media(media)
        clip = _around(file, time, before, after)
        jpeg, times = self._library.contact_sheet(clip, min(max(frames, 1), MOST_FRAMES))
        about = {"media": media, "name": _name(file), "times": [round(time_s, 2) for time_s in times]}
        return jpeg, _json(about)

    def timeline(self, media: str, query: str | None = None, page: int = 1) -> str:
        """JSON: the clips of one file in order of time, with their scores for a sentence."""
        one, file = self._library.media(media)
        opened, page = one.searcher.index, max(page, 1)
        columns = opened.columns
        in_order = file.clips[np.argsort(columns.starts[file.clips], kind="stable")]
        on_page = in_order[CLIPS_A_PAGE * (page - 1) : CLIPS_A_PAGE * page]
        clips = [
            [round(start, 2), round(end, 2)]
            for start, end in zip(
                columns.starts[on_page].tolist(), columns.ends[on_page].tolist(), strict=True
            )
        ]
        if query is not None and len(on_page):
            vectors = opened.vectors(opened.clip_ids[on_page].tolist())
            scores = (vectors @ one.embed(query).vector).tolist()
            clips = [[*times, round(score, 3)] for times, score in zip(clips, scores, strict=True)]
        return _json(
            {"media": media, "name": _name(file), "duration": round(file.duration, 2), "page": page,
             "has_next": len(in_order) > CLIPS_A_PAGE * page,
             "columns": ["start", "end", *(["score"] if query is not None else [])], "clips": clips}
        )  # fmt: skip

    def list_media(self, index: str | None = None, name_contains: str = "", page: int = 1) -> str:
        """JSON: the files of one index, or of all, by page."""
        page = max(page, 1)
        opened = [(one, one.files) for one in self._library.chosen(index)]
        wanted = [(one, files, n) for one, files in opened for n in files.named(name_contains)]
        shown = wanted[MEDIA_A_PAGE * (page - 1) : MEDIA_A_PAGE * page]
        media = [_media(one, files.of_number(n)) for one, files, n in shown]
        return _json(
            {"indexes": list(self._library.indexes), "files": len(wanted), "page": page,
             "has_next": len(wanted) > MEDIA_A_PAGE * page, "media": media}
        )  # fmt: skip


def _hit(one: ToolIndex, hit: Hit) -> dict[str, Any]:
    file = one.files.of_clip(hit.clip_id)
    times = {"start": round(hit.start, 2), "end": round(hit.end, 2), "at": span(hit.start, hit.end)}
    chance = {} if hit.probability is None else {"probability": round(hit.probability, 3)}
    return {
        **_reference(one, file),
        **({} if file.is_image else times),
        "score": round(hit.score, 3),
        **chance,
    }


def _media(one: ToolIndex, file: MediaFile) -> dict[str, Any]:
    taken = {} if file.taken is None else {"taken": file.taken}
    return {**_reference(one, file), "duration": round(file.duration, 2), "clips": file.n_clips, **taken}


def _reference(one: ToolIndex, file: MediaFile) -> dict[str, str]:
    return {"media": f"{one.id}/{file.media_id}", "name": _name(file)}


def _name(file: MediaFile) -> str:
    """The name of a file, control characters escaped, cut where it is long."""
    name = printable(file.path.name)
    return name if len(name) <= _NAME_LENGTH else name[: _NAME_LENGTH - 3] + "..."


def _around(file: MediaFile, time: float, before: float, after: float) -> Clip:
    """The part of a file around a time, within it."""
    if file.is_image:
        return Clip(file.path)
    before, after = (min(max(seconds, 0.0), _MOST_AROUND_S) for seconds in (before, after))
    start = min(max(time - before, 0.0), max(file.duration - 0.1, 0.0))
    return Clip(file.path, start, max(min(time + after, file.duration), start + 0.1))


def _json(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
