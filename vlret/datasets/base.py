"""What a benchmark set is: its media, its texts, which belongs to which, and what its number depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Task = Literal["retrieval", "classification", "vqa", "text"]


@dataclass(frozen=True, slots=True)
class Media:
    """One video, photograph or part of a video of a set.

    `id` is the owner's name for it. `files` are paths below the user's data folder, the usual one first; the
    first that exists is read. `start` and `end` are seconds, `end=None` means to the end. `group` names the
    video that it was cut from, where it is a file of its own.
    """

    id: str
    files: tuple[str, ...]
    start: float = 0.0
    end: float | None = None
    group: str = ""

    @property
    def source(self) -> str:
        """What is drawn as a whole for intervals: its group, else its file, which all parts of it share."""
        return self.group or self.files[0]


@dataclass(frozen=True, slots=True)
class Published:
    """A published figure: `value` of `metric` in per cent, for `model`, as `source` states it.

    `trained_on` names data sets that the model's makers say it was trained on, `note` says why the figure is not
    zero-shot, where it is not. A table marks the row for either.
    """

    model: str
    metric: str
    value: float
    source: str
    trained_on: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class SetCard:
    """What is known of a set before anything is read.

    `annotations` are the owner's files, below the set's own folder (`a.json | b.csv`: one of the two is
    enough; `*`: any text), and `n_files` is how many the owner has of a name with `*`, where that is known;
    `source` says where they and the media come from. `frames` and `prompts` are the usual protocol of the set,
    `choices` the named choices that the literature leaves open and which one was made (they go into the stamp).
    `overlaps` names data sets whose training would contaminate this one, each with what they share, or "" where
    the name says it.
    """

    name: str
    title: str
    task: Task
    split: str
    licence: str
    source: str
    annotations: tuple[str, ...]
    metric: str
    frames: int = 8
    prompts: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    published: tuple[Published, ...] = ()
    overlaps: Mapping[str, str] = field(default_factory=dict)
    n_files: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """Texts and the media they describe: text j belongs to `media[owner[j]]`; every item has a text."""

    card: SetCard
    media: list[Media]
    texts: list[str]
    owner: list[int]

    def counts(self) -> dict[str, int]:
        """How many items and texts."""
        return {"items": len(self.media), "texts": len(self.texts)}


@dataclass(frozen=True, slots=True)
class ClassificationSet:
    """Media and the classes that are true of them: `labels[i]` are numbers into `classes` for `media[i]`."""

    card: SetCard
    media: list[Media]
    classes: list[str]
    labels: list[tuple[int, ...]]

    def counts(self) -> dict[str, int]:
        """How many items and classes."""
        return {"items": len(self.media), "classes": len(self.classes)}


@dataclass(frozen=True, slots=True)
class SetQuestion:
    """A question about `media[medium]`; `candidates` is its own list, or empty if the list of the dataset applies.

    `group` names questions that are counted together (a subset of the dataset, an aspect, a pair).
    """

    medium: int
    text: str
    answer: str
    candidates: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True)
class VqaSet:
    """Questions about media; `candidates` are the answers to choose from if a question has none.

    A question without text ("") asks which of its candidates describes the item.
    """

    card: SetCard
    media: list[Media]
    questions: list[SetQuestion]
    candidates: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """How many items and questions."""
        return {"items": len(self.media), "questions": len(self.questions)}


@dataclass(frozen=True, slots=True)
class Triple:
    """Two captions that say the same and one that does not, of `group`."""

    first: str
    second: str
    negative: str
    group: str


@dataclass(frozen=True, slots=True)
class TextSet:
    """Triples for a text encoder alone."""

    card: SetCard
    triples: list[Triple]

    def counts(self) -> dict[str, int]:
        """How many items and questions (the triples), and texts."""
        n = len(self.triples)
        return {"items": n, "texts": 3 * n, "questions": n}


@dataclass(frozen=True, slots=True)
class StateChoice:
    """Which of the `clips` leads from the image `before` to the image `after`: all are numbers into `media`.

    `answer` is the place of the true one among `clips`, from 0.
    """

    before: int
    after: int
    clips: tuple[int, ...]
    answer: int
    group: str = ""


@dataclass(frozen=True, slots=True)
class StateSet:
    """Two states of the world and the clips of what may have happened between (WorldPrediction)."""

    card: SetCard
    media: list[Media]
    questions: list[StateChoice]

    def counts(self) -> dict[str, int]:
        """How many items and questions."""
        return {"items": len(self.media), "questions": len(self.questions)}


BenchmarkSet = RetrievalSet | ClassificationSet | VqaSet | TextSet | StateSet
