"""`vlret vqa`: questions about videos, answered from candidate answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vlret.cli import options, output
from vlret.cli.hints import with_options
from vlret.errors import UsageError, VlretError
from vlret.text import count_of

if TYPE_CHECKING:
    from vlret.models.base import Embedder
    from vlret.types import Answer


def vqa(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE|INDEX",
            help="A video or image; or a directory, glob or list of them; or an index directory.",
        ),
    ] = None,
    question: Annotated[str | None, typer.Argument(metavar="QUESTION", help="The question.")] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="A candidate answer. Repeat it for each of two or more."),
    ] = None,
    questions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A .jsonl, .json, .yaml, .csv or .tsv file with question, answers and (without SOURCE) video "
            "per row. Prints JSON Lines.",
        ),
    ] = None,
    model: options.SourceModel = None,
    device: options.Device = "auto",
    engine: options.Engine = "auto",
    json: options.AsJson = False,
    strict: options.Strict = False,
) -> None:
    """Answer a question about videos with the nearest of the candidate answers.

    The question is asked about each file of a directory, or each clip of an index (which is decoded again).

    Example: vlret vqa clip.mp4 "what animal is it?" --answers cat --answers dog
    """
    from vlret.tasks.temporary_index import names_one_file

    _check(source, question, answers, questions)
    requested = _read_all(questions) if source and questions else [(str(question), answers or [])]
    embedder = _load(source, model, device, engine)
    if questions and not source:
        done, bad = _ask_file(embedder, questions)
    elif questions or not names_one_file(str(source)):
        done, bad = _ask_each(embedder, str(source), requested, as_json=json or questions is not None)
    else:
        _ask_one(embedder, str(source), str(question), answers or [], json)
        return
    output.say(f"{count_of(done, 'question')} answered, {bad} skipped")
    if done == 0 or (strict and bad):
        raise typer.Exit(1)


def _check(
    source: str | None, question: str | None, answers: list[str] | None, questions: Path | None
) -> None:
    one = bool(source) and question is not None and bool(answers)
    if one == (questions is not None) or (questions and (question is not None or answers)):
        raise UsageError("Give either SOURCE QUESTION --answers A --answers B, or [SOURCE] --questions FILE.")
    if question and os.path.exists(question) and not os.path.exists(str(source)):
        raise UsageError(
            f"{question} is a file, but was given as the question.",
            "Give the video first, then the question.",
        )
    if answers and len(answers) < 2:
        raise UsageError(
            f"--answers was given once, as {answers[0]!r}.", "Repeat it for each of two or more answers."
        )
    if questions and not questions.is_file():
        raise UsageError(f"{questions} does not exist.", "Give a .jsonl, .json, .yaml, .csv or .tsv file.")


def _read_all(file: Path) -> list[tuple[str, Sequence[str]]]:
    """Return the questions to ask about every clip; one that cannot be read is an error, before any long work."""
    from vlret.tasks.question_file import read_questions

    found: list[tuple[str, Sequence[str]]] = []
    for place, line in read_questions(file):
        if isinstance(line, VlretError):
            raise UsageError(f"{file}, {place}: {line.message}", line.hint)
        if line.video is not None:
            raise UsageError(f"{file}, {place} names the video {line.video}.", "Remove it, or SOURCE.")
        found.append((line.question, line.answers))
    if not found:
        raise UsageError(f"{file} contains no questions.")
    return found


def _load(source: str | None, name: str | None, device: str, engine: str) -> Embedder:
    from vlret.index.index import Index
    from vlret.models.registry import load_model
    from vlret.tasks.index_model import is_index, model_for_index

    output.say(f"loading {name or 'the model'}")
    if source and name is None and is_index(source):
        model = model_for_index(Index.open(source), device=device, engine=engine)
    else:
        model = load_model(name or options.DEFAULT_MODEL, device, engine=engine)
    if not model.card.takes_query:
        output.say(f"{model.card.name} has no predictor: it compares the clip with 'question answer' texts.")
    return model


def _ask_one(model: Embedder, video: str, question: str, answers: list[str], json: bool) -> None:
    from vlret.tasks.vqa import answer

    found = answer(model, video, question, answers)
    if json:
        output.print_json(found.to_json(model.card.name))
        return
    for candidate in found.candidates:
        output.show(f"{candidate.score:.3f}  {candidate.answer}")


def _ask_each(
    model: Embedder, source: str, requested: Sequence[tuple[str, Sequence[str]]], as_json: bool
) -> tuple[int, int]:
    """Return how many questions were answered, and how many files could not be read."""
    from tqdm import tqdm

    from vlret.tasks.temporary_index import clips_in
    from vlret.tasks.vqa import ask_each
    from vlret.types import Answer

    clips, skipped = clips_in(source)
    output.say_files("skipped", skipped)
    n_done, n_bad = 0, len(skipped)
    quiet = sys.stdout.isatty() or None  # there the answers show the progress; None: a bar on terminals only
    for found in ask_each(model, tqdm(clips, desc="clips", unit="clip", disable=quiet), requested):
        if not isinstance(found, Answer):
            output.say_files("skipped", [found])
            n_bad += 1
            continue
        n_done += 1
        if as_json:
            output.print_json(found.to_json(model.card.name), indent=None)
        else:
            _print(found, max(map(len, requested[0][1])))
    return n_done, n_bad


def _print(found: Answer, width: int) -> None:
    from vlret.reports.timecode import span

    where = f"{span(found.start, found.end):<15}  {found.path}"
    output.show(f"{found.answer:<{width}}  {found.candidates[0].score:.3f}  {where}")


def _ask_file(model: Embedder, questions: Path) -> tuple[int, int]:
    """Return how many questions were answered, and how many were not."""
    from vlret.tasks.question_file import read_questions
    from vlret.tasks.vqa import Asker

    n_done, n_bad = 0, 0
    with Asker(model) as asker:
        for place, line in read_questions(questions):
            try:
                if isinstance(line, VlretError):
                    raise line
                if line.video is None:
                    raise UsageError("The video is missing.", "Add it to the row, or give SOURCE.")
                found = asker.ask(questions.parent / line.video, line.question, line.answers)
                output.print_json(found.to_json(model.card.name), indent=None)
                n_done += 1
            except VlretError as error:
                output.say_error(f"{questions}, {place}: {with_options(error)}")
                n_bad += 1
    if n_done + n_bad == 0:
        output.say(f"{questions} contains no questions")
    return n_done, n_bad
