"""`vlret vqa`: questions about a video, answered from candidates."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vlret.cli import options, output
from vlret.errors import UsageError, VlretError

if TYPE_CHECKING:
    from vlret.models.base import Embedder
    from vlret.types import Answer


def vqa(
    video: Annotated[Path | None, typer.Argument(help="A video or image.")] = None,
    question: Annotated[str | None, typer.Argument(help="What to ask.")] = None,
    answers: Annotated[list[str] | None, typer.Option(help="A candidate answer; give two or more.")] = None,
    questions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Many at once: video, question, answers in each line of a .jsonl or row of a .csv; JSONL out.",
        ),
    ] = None,
    model: options.Model = options.DEFAULT_MODEL,
    device: options.Device = "auto",
    json: options.AsJson = False,
    strict: options.Strict = False,
) -> None:
    """Ask about a video: the nearest candidate answer wins.

    Example: vlret vqa clip.mp4 "what animal is it?" --answers cat --answers dog
    """
    from vlret.models.registry import load_model

    one = video is not None and question is not None and bool(answers)
    if one == (questions is not None) or (questions and (video or answers)):
        raise UsageError("Give either VIDEO QUESTION --answers A --answers B, or --questions FILE.")
    if answers and len(answers) < 2:
        raise UsageError(
            f"--answers was given once, as {answers[0]!r}.", "Give it once for each of two or more."
        )
    if questions and not questions.is_file():
        raise UsageError(f"{questions} is not there.", "Give a .jsonl, .json, .csv or .tsv.")
    output.say(f"loading {model}")
    embedder = load_model(model, device)
    if not embedder.card.takes_query:
        output.say(
            f"{embedder.card.name} has no predictor: it compares the clip with 'question answer' texts."
        )
    if questions:
        _ask_file(embedder, questions, strict)
    else:
        _ask_one(embedder, str(video), str(question), answers or [], json)


def _ask_one(model: Embedder, video: str, question: str, answers: list[str], json: bool) -> None:
    from vlret.tasks.vqa import answer

    found = answer(model, video, question, answers)
    if json:
        output.print_json(_document(model, found))
        return
    for candidate in found.candidates:
        print(f"{candidate.score:.3f}  {candidate.answer}")


def _ask_file(model: Embedder, questions: Path, strict: bool) -> None:
    from vlret.tasks.question_file import read_questions
    from vlret.tasks.vqa import Asker

    n_done, n_bad = 0, 0
    with Asker(model) as asker:
        for place, line in read_questions(questions):
            try:
                if isinstance(line, VlretError):
                    raise line
                found = asker.ask(questions.parent / line.video, line.question, line.answers)
                output.print_json(_document(model, found), indent=None)
                n_done += 1
            except VlretError as error:
                output.say_error(f"{questions}, {place}: {error}")
                n_bad += 1
    if n_done + n_bad == 0:
        output.say(f"{questions} holds no question")
    output.say(f"{n_done} questions answered, {n_bad} passed over")
    if n_done == 0 or (strict and n_bad):
        raise typer.Exit(1)


def _document(model: Embedder, found: Answer) -> dict[str, Any]:
    return {"model": model.card.name, **asdict(found)}
