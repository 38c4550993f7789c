"""`vlret vqa`: questions about videos, answered from candidates."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
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
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE|INDEX", help="A video or image; or a folder, glob or list of them, or an index."
        ),
    ] = None,
    question: Annotated[str | None, typer.Argument(metavar="QUESTION", help="What to ask.")] = None,
    answers: Annotated[list[str] | None, typer.Option(help="A candidate answer; give two or more.")] = None,
    questions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Many at once: question, answers and, if no SOURCE is given, video in each line of a .jsonl "
            "or row of a .csv; JSONL out.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help=f"Name or folder (default: the index's own, {options.DEFAULT_MODEL} for media)."),
    ] = None,
    device: options.Device = "auto",
    json: options.AsJson = False,
    strict: options.Strict = False,
) -> None:
    """Ask about videos: the nearest candidate answer wins.

    Of a folder each file is asked about, of an index each clip: it is decoded again, with the question.

    Example: vlret vqa clip.mp4 "what animal is it?" --answers cat --answers dog
    """
    from vlret.tasks.temporary_index import names_one_file

    _check(source, question, answers, questions)
    asked = _asked(questions) if source and questions else [(str(question), answers or [])]
    embedder = _load(source, model, device)
    if questions and not source:
        done, bad = _ask_file(embedder, questions)
    elif questions or not names_one_file(str(source)):
        done, bad = _ask_each(embedder, str(source), asked, as_json=json or questions is not None)
    else:
        _ask_one(embedder, str(source), str(question), answers or [], json)
        return
    output.say(f"{done} question{'s' * (done != 1)} answered, {bad} passed over")
    if done == 0 or (strict and bad):
        raise typer.Exit(1)


def _check(
    source: str | None, question: str | None, answers: list[str] | None, questions: Path | None
) -> None:
    one = bool(source) and question is not None and bool(answers)
    if one == (questions is not None) or (questions and (question is not None or answers)):
        raise UsageError("Give either SOURCE QUESTION --answers A --answers B, or [SOURCE] --questions FILE.")
    if question and os.path.exists(question) and not os.path.exists(str(source)):
        raise UsageError(f"{question} comes second.", "First the video, then the question.")
    if answers and len(answers) < 2:
        raise UsageError(
            f"--answers was given once, as {answers[0]!r}.", "Give it once for each of two or more."
        )
    if questions and not questions.is_file():
        raise UsageError(f"{questions} is not there.", "Give a .jsonl, .json, .csv or .tsv.")


def _asked(file: Path) -> list[tuple[str, Sequence[str]]]:
    """The questions that go to every clip; one that cannot be read is an error here, before hours of work."""
    from vlret.tasks.question_file import read_questions

    asked: list[tuple[str, Sequence[str]]] = []
    for place, line in read_questions(file):
        if isinstance(line, VlretError):
            raise UsageError(f"{file}, {place}: {line.message}", line.hint)
        if line.video is not None:
            raise UsageError(f"{file}, {place} names the video {line.video}.", "Leave it, or SOURCE, out.")
        asked.append((line.question, line.answers))
    if not asked:
        raise UsageError(f"{file} holds no question.")
    return asked


def _load(source: str | None, name: str | None, device: str) -> Embedder:
    from vlret.index.index import Index
    from vlret.models.registry import load_model
    from vlret.tasks.index_model import is_index, model_for_index

    output.say(f"loading {name or 'the model'}")
    if source and name is None and is_index(source):
        model = model_for_index(Index.open(source), device=device)
    else:
        model = load_model(name or options.DEFAULT_MODEL, device)
    if not model.card.takes_query:
        output.say(f"{model.card.name} has no predictor: it compares the clip with 'question answer' texts.")
    return model


def _ask_one(model: Embedder, video: str, question: str, answers: list[str], json: bool) -> None:
    from vlret.tasks.vqa import answer

    found = answer(model, video, question, answers)
    if json:
        output.print_json(_document(model, found))
        return
    for candidate in found.candidates:
        output.show(f"{candidate.score:.3f}  {candidate.answer}")


def _ask_each(
    model: Embedder, source: str, asked: Sequence[tuple[str, Sequence[str]]], as_json: bool
) -> tuple[int, int]:
    """How many questions were answered, and how many files could not be read."""
    from tqdm import tqdm

    from vlret.tasks.temporary_index import clips_in
    from vlret.tasks.vqa import ask_each
    from vlret.types import Answer

    clips, skipped = clips_in(source)
    output.say_files("skipped", skipped)
    n_done, n_bad = 0, len(skipped)
    quiet = sys.stdout.isatty() or None  # the answers are the progress; None: no bar where nobody looks
    for found in ask_each(model, tqdm(clips, desc="clips", unit="clip", disable=quiet), asked):
        if not isinstance(found, Answer):
            output.say_files("skipped", [found])
            n_bad += 1
            continue
        n_done += 1
        if as_json:
            output.print_json(_document(model, found), indent=None)
        else:
            _print(found, max(map(len, asked[0][1])))
    return n_done, n_bad


def _print(found: Answer, width: int) -> None:
    from vlret.reports.timecode import span

    where = f"{span(found.start, found.end):<15}  {found.path}"
    output.show(f"{found.answer:<{width}}  {found.candidates[0].score:.3f}  {where}")


def _ask_file(model: Embedder, questions: Path) -> tuple[int, int]:
    """How many questions were answered, and how many not."""
    from vlret.tasks.question_file import read_questions
    from vlret.tasks.vqa import Asker

    n_done, n_bad = 0, 0
    with Asker(model) as asker:
        for place, line in read_questions(questions):
            try:
                if isinstance(line, VlretError):
                    raise line
                if line.video is None:
                    raise UsageError("No video is named.", "Name it here, or give SOURCE.")
                found = asker.ask(questions.parent / line.video, line.question, line.answers)
                output.print_json(_document(model, found), indent=None)
                n_done += 1
            except VlretError as error:
                output.say_error(f"{questions}, {place}: {error}")
                n_bad += 1
    if n_done + n_bad == 0:
        output.say(f"{questions} holds no question")
    return n_done, n_bad


def _document(model: Embedder, found: Answer) -> dict[str, Any]:
    return {"model": model.card.name, **asdict(found)}
