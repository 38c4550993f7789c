"""WorldPrediction-WM: which of four clips leads from one state to another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import VIDEO_ENDINGS, not_empty, unique
from vlret.datasets.base import Media, SetCard, StateChoice, StateSet
from vlret.datasets.files import find, parse_rows, read_records, seconds_of, span_of, text_of
from vlret.datasets.published import IN_HOWTO100M, published

MOMENT_S = 0.001
"""A state is the frame shown at a time: a part of the video as short as this."""


def card() -> SetCard:
    """Card of the world-model half; its owner has published no annotation file, so that the form is vlret's own.

    A line of the JSON Lines has `id`, `source`, `initial` and `final` (each `video`, `time`), four `candidates`
    (each `video`, `start`, `end`) and `answer`, the number of the true one from 0.
    """
    return SetCard(
        name="worldprediction", title="WorldPrediction-WM", task="vqa", split="test", licence="not found",
        source="arXiv 2506.04363 (no public annotation file was found; the form of worldprediction_wm.jsonl is "
        "vlret's); videos: COIN, CrossTask, Ego-Exo4D, EPIC-KITCHENS-100, IKEA-ASM",
        annotations=("worldprediction_wm.jsonl",), metric="accuracy",
        choices={"state": "initial and final image one after the other"}, published=published("worldprediction"),
        overlaps={
            **dict.fromkeys(
                ("COIN", "CrossTask", "Ego-Exo4D", "EPIC-KITCHENS-100", "IKEA-ASM"), "these videos are from it"
            ),
            "HowTo100M": IN_HOWTO100M,
        },
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> StateSet:
    """Questions in the groups of their sources."""
    file = find(folder, card.annotations[0])[0]
    rows = parse_rows(file, read_records(file), _row)
    media, numbers = unique([item for states, _, _ in rows for item in states])
    questions, first = [], 0
    for states, answer, source in rows:
        before, after, *clips = numbers[first : first + len(states)]
        questions.append(StateChoice(before, after, tuple(clips), answer, source))
        first += len(states)
    return StateSet(not_empty(card, media), media, questions)


def _row(row: dict[str, Any]) -> tuple[list[Media], int, str]:
    """The images before and after with the clips that follow them, the true clip's number, and the source."""
    source, clips = text_of(row["source"]), [_clip(row["source"], clip) for clip in row["candidates"]]
    if type(row["answer"]) is not int or row["answer"] not in range(len(clips)):
        raise ValueError(
            f"the answer {row['answer']!r} is not the number of a candidate, 0 to {len(clips) - 1}"
        )
    return [_moment(source, row["initial"]), _moment(source, row["final"]), *clips], row["answer"], source


def _moment(source: str, at: dict[str, Any]) -> Media:
    time = seconds_of(at["time"])
    return Media(f"{source}/{at['video']} at {time:g} s", _files(source, at["video"]), time, time + MOMENT_S)


def _clip(source: str, part: dict[str, Any]) -> Media:
    start, end = span_of(part["start"], part["end"])
    name = f"{source}/{part['video']} from {start:g} to {end:g} s"
    return Media(name, _files(source, part["video"]), start, end)


def _files(source: str, video: str) -> tuple[str, ...]:
    return tuple(
        f"{folder}{text_of(video)}{ending}"
        for folder in (f"{source}/", "")
        for ending in ("", *VIDEO_ENDINGS)
    )


ADAPTER = Adapter(card, read)
