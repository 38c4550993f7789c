"""GQA: questions about what is in a photograph and how it hangs together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import in_folders, vqa
from vlret.datasets.base import Media, SetCard, SetQuestion, VqaSet
from vlret.datasets.files import find, parse_rows, read_json, read_records, text_of
from vlret.datasets.published import published

_PHOTOGRAPHS = "inferred: GQA's training photographs are from it, testdev's were not compared"
_QUESTIONS = "testdev_balanced_questions.json"
_LISTS = {"train": "train_balanced_questions.json", "lxmert": "trainval_label2ans.json"}


def card(candidates: str = "testdev") -> SetCard:
    """Card of testdev-balanced.

    `candidates` are all answers of testdev, those of testdev to questions of the same detailed type ("type"),
    all answers of the balanced training questions ("train"), or LXMERT's list of 1,842 ("lxmert").
    """
    return SetCard(
        name="gqa", title="GQA", task="vqa", split="testdev-balanced", licence="CC BY 4.0",
        source="https://cs.stanford.edu/people/dorarad/gqa/download.html (questions and images)",
        annotations=(_QUESTIONS, *((_LISTS[candidates],) if candidates in _LISTS else ())), metric="accuracy",
        frames=1, choices={"candidates": candidates}, published=published("gqa"),
        overlaps={"GQA": "", "Visual Genome": _PHOTOGRAPHS, "COCO": _PHOTOGRAPHS},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> VqaSet:
    """Questions with their one answer in lower case; counted apart by structural type."""
    file, rule = find(folder, _QUESTIONS)[0], card.choices["candidates"]
    rows = parse_rows(file, read_json(file, dict).values(), _question)
    if rule in _LISTS:
        return vqa(card, [(item, question) for item, question, _ in rows], _listed(folder, rule))
    answers: dict[str, set[str]] = {}
    for _, question, kind in rows:
        answers.setdefault(kind if rule == "type" else "", set()).add(question.answer)
    if rule == "testdev":
        return vqa(card, [(item, question) for item, question, _ in rows], sorted(answers.get("", ())))
    lists = {kind: tuple(sorted(found)) for kind, found in answers.items()}
    return vqa(card, [(item, _with_candidates(question, lists[kind])) for item, question, kind in rows])


def _question(row: dict[str, Any]) -> tuple[Media, SetQuestion, str]:
    name = f"{text_of(row['imageId'])}.jpg"
    question = SetQuestion(
        0, text_of(row["question"]), _answer(row), group=text_of(row["types"]["structural"])
    )
    return Media(name, in_folders(name, "images")), question, text_of(row["types"]["detailed"])


def _answer(row: dict[str, Any]) -> str:
    return text_of(row["answer"]).lower()


def _with_candidates(question: SetQuestion, candidates: tuple[str, ...]) -> SetQuestion:
    return SetQuestion(0, question.text, question.answer, candidates, question.group)


def _listed(folder: Path, rule: str) -> list[str]:
    file = find(folder, _LISTS[rule])[0]
    if rule == "lxmert":
        return parse_rows(file, read_json(file, list), text_of)
    return sorted(set(parse_rows(file, read_json(file, dict).values(), _answer)))


def count(folder: Path) -> dict[str, int]:
    """Questions and photographs from LLaVA's list, which has no answers."""
    file = find(folder, "llava_gqa_testdev_balanced.jsonl")[0]
    images = parse_rows(file, read_records(file), lambda row: row["image"])
    return {"items": len(set(images)), "questions": len(images)}


ADAPTER = Adapter(card, read, {"candidates": ("testdev", "type", "train", "lxmert")}, count=count)
