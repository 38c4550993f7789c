"""Tiny datasets over painted media."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.cli.conftest import paint_video
from tests.conftest import COLOURS
from vlret.datasets.base import (
    ClassificationSet,
    Media,
    RetrievalSet,
    SetCard,
    SetQuestion,
    TextSet,
    Triple,
    VqaSet,
)

NAMES = ("red", "green", "blue", "grey")


def card(task: str, **more: object) -> SetCard:
    values = {
        "name": f"painted_{task}", "title": "Painted", "split": "test", "licence": "CC0", "source": "the tests",
        "annotations": (), "metric": "R@1", "frames": 2, **more,
    }  # fmt: skip
    return SetCard(task=task, **values)


def paint(folder: Path) -> Path:
    """One video a colour of 2 s at 5 fps, and `turn.mp4`: red, then blue, 2 s each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        paint_video(folder / f"{name}.mp4", name)
    paint_video(folder / "turn.mp4", "red", "blue")
    return folder


def media(*names: str) -> list[Media]:
    return [Media(name, (f"videos/{name}.mp4", f"{name}.mp4")) for name in names]


def retrieval_set(**more: object) -> RetrievalSet:
    """Four videos and five texts; the two of red are one caption twice."""
    texts = ["a red wall", "a red wall", "a green wall", "a blue wall", "a grey wall"]
    return RetrievalSet(card("retrieval", **more), media(*NAMES), texts, [0, 0, 1, 2, 3])


def classification_set() -> ClassificationSet:
    """The videos and the halves of turn.mp4, by colour."""
    halves = [Media("first", ("turn.mp4",), 0.0, 2.0), Media("second", ("turn.mp4",), 2.0, None)]
    labels = [(0,), (1,), (2,), (3,), (0,), (2,)]
    return ClassificationSet(card("classification"), [*media(*NAMES), *halves], list(NAMES), labels)


def vqa_set() -> VqaSet:
    """Is it red? of every video, and one question with candidates of its own."""
    asked = [
        SetQuestion(i, "is it red?", "yes" if name == "red" else "no", group="presence")
        for i, name in enumerate(NAMES)
    ]
    own = SetQuestion(1, "which colour?", "green", ("red", "green", "blue"), "colour")
    return VqaSet(card("vqa"), media(*NAMES), [*asked, own], ("yes", "no"))


def text_set() -> TextSet:
    triples = [
        Triple("red", "one red wall", "blue", "easy"),
        Triple("green", "grey", "a green wall", "hard"),
        Triple("blue", "blue sky", "red", "easy"),
    ]
    return TextSet(card("text"), triples)


def picture(path: Path, colour: str) -> None:
    Image.fromarray(np.full((30, 40, 3), COLOURS[colour], np.uint8)).save(path)
