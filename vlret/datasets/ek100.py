"""EPIC-KITCHENS-100: what is done in a kitchen, and what will be done next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import classification, in_folders
from vlret.datasets.base import ClassificationSet, Media, SetCard
from vlret.datasets.files import find, known, parse_rows, read_table, span_of, text_of
from vlret.datasets.published import published

_VERBS, _NOUNS = "EPIC_100_verb_classes.csv", "EPIC_100_noun_classes.csv"
_VALIDATION, _TRAIN = "EPIC_100_validation.csv", "EPIC_100_train.csv"
_COLUMNS = ("narration_id", "participant_id", "video_id", "start_timestamp", "stop_timestamp", "narration")
Key = tuple[int, ...]
"""A verb, a noun, or a verb and a noun."""


@dataclass(frozen=True, slots=True)
class _Segment:
    id: str
    files: tuple[str, ...]
    start: float
    end: float
    key: Key
    narration: str


def card(target: str = "action", candidates: str = "validation", text: str = "keys") -> SetCard:
    """Card of the validation segments; `candidates` and `text` concern actions, for which no list is official.

    `candidates` are the verb-noun pairs of the validation segments, or those of training and validation;
    `text` is "verb noun" or the narration that is most frequent for the pair.
    """
    of_actions = {"candidates": candidates, "text": text} if target == "action" else {}
    more = (_TRAIN,) if of_actions and candidates == "train+validation" else ()
    return SetCard(
        name="ek100", title="EPIC-KITCHENS-100", task="classification", split="validation", licence="CC BY-NC 4.0",
        source="annotations: epic-kitchens/epic-kitchens-100-annotations; videos: https://epic-kitchens.github.io",
        annotations=(_VALIDATION, _VERBS, _NOUNS, *more), metric="top-1", prompts=("{}",),
        choices={"target": target, **of_actions}, published=published("ek100") if target == "action" else (),
        overlaps={"EPIC-KITCHENS-100": "", "EPIC-KITCHENS-55": "it is a part of this set"},
    )  # fmt: skip


def anticipation_card(
    target: str = "action",
    candidates: str = "validation",
    text: str = "keys",
    tau: str = "1",
    context: str = "4",
) -> SetCard:
    """Card of anticipation: the clip ends `tau` seconds before the action and lasts `context` seconds at most."""
    recognition = card(target, candidates, text)
    return replace(
        recognition, name="ek100_anticipation", title="EPIC-KITCHENS-100, anticipation", metric="class-mean recall@5",
        choices={**recognition.choices, "tau": tau, "context": context},
        published=published(f"ek100_{tau}") if target == "action" else (),
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> ClassificationSet:
    """Segments of whole videos with their verb, noun or action."""
    labelled, classes = _labelled(folder, card)
    return classification(
        card, [(Media(s.id, s.files, s.start, s.end), number) for s, number in labelled], classes
    )


def read_anticipation(folder: Path, card: SetCard) -> ClassificationSet:
    """What comes before the segments; those with nothing before them are left out and counted in the choices."""
    tau, context = float(card.choices["tau"]), float(card.choices["context"])
    labelled, classes = _labelled(folder, card)
    seen = [
        (Media(s.id, s.files, max(0.0, s.start - tau - context), s.start - tau), number)
        for s, number in labelled
        if s.start > tau
    ]
    left_out = f"{len(labelled) - len(seen)} of {len(labelled)}"
    return classification(replace(card, choices={**card.choices, "left out": left_out}), seen, classes)


def _labelled(folder: Path, card: SetCard) -> tuple[list[tuple[_Segment, int]], list[str]]:
    """Validation segments with their class numbers, and the texts of the classes."""
    names = _class_names(folder, card)
    numbers = {key: number for number, key in enumerate(sorted(names))}
    segments = _segments(folder, card, _VALIDATION)
    checked = parse_rows(
        find(folder, _VALIDATION)[0],
        segments,
        lambda segment: (segment, known(segment.key, numbers, "the class")),
    )
    return checked, [names[key] for key in sorted(names)]


def _segments(folder: Path, card: SetCard, name: str) -> list[_Segment]:
    target = card.choices["target"]
    columns = {"verb": ("verb_class",), "noun": ("noun_class",), "action": ("verb_class", "noun_class")}[
        target
    ]
    file = find(folder, name)[0]

    def segment(row: dict[str, str]) -> _Segment:
        start, end = span_of(row["start_timestamp"], row["stop_timestamp"])
        person, video = row["participant_id"], row["video_id"]
        files = in_folders([f"{video}.MP4", f"{video}.mp4"], person, f"{person}/videos", "videos")
        key = tuple(int(row[column]) for column in columns)
        return _Segment(row["narration_id"], files, start, end, key, text_of(row["narration"]))

    return parse_rows(file, read_table(file, (*_COLUMNS, *columns)), segment)


def _class_names(folder: Path, card: SetCard) -> dict[Key, str]:
    """The text of each verb, noun or action that is a candidate."""
    verbs, nouns = _keys(folder, _VERBS), _keys(folder, _NOUNS)
    if card.choices["target"] != "action":
        return {
            (number,): name for number, name in (verbs if card.choices["target"] == "verb" else nouns).items()
        }
    counters: dict[Key, Counter[str]] = {}
    by_narration = card.choices["text"] == "narration"
    for split in (
        (_VALIDATION, _TRAIN) if card.choices["candidates"] == "train+validation" else (_VALIDATION,)
    ):
        segments = _segments(folder, card, split)
        keys = parse_rows(
            find(folder, split)[0], segments, lambda segment: _text_of_keys(segment.key, verbs, nouns)
        )
        for segment, text in zip(segments, keys, strict=True):
            counters.setdefault(segment.key, Counter())[segment.narration if by_narration else text] += 1
    return {key: counter.most_common(1)[0][0] for key, counter in counters.items()}


def _text_of_keys(key: Key, verbs: dict[int, str], nouns: dict[int, str]) -> str:
    return f"{known(key[0], verbs, 'verb_class')} {known(key[1], nouns, 'noun_class')}"


def _keys(folder: Path, name: str) -> dict[int, str]:
    file = find(folder, name)[0]
    return dict(
        parse_rows(file, read_table(file, ("id", "key")), lambda row: (int(row["id"]), _words(row["key"])))
    )


def _words(key: str) -> str:
    """`extract:vanilla` as "vanilla extract", `put-in` as "put in"."""
    first, *more = key.split(":")
    return " ".join([*more, first]).replace("-", " ")


_CHOICES = {
    "target": ("action", "verb", "noun"),
    "candidates": ("validation", "train+validation"),
    "text": ("keys", "narration"),
}
ADAPTER = Adapter(card, read, _CHOICES)
ANTICIPATION = Adapter(
    anticipation_card,
    read_anticipation,
    {**_CHOICES, "tau": ("1", "2", "4", "10"), "context": ("4", "2", "8", "16")},
    folder="ek100",
)
