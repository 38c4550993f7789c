"""Question answering about a clip: the nearest of the candidate answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Self

import numpy as np

from vlret.errors import MediaError, UsageError
from vlret.media.pool import DecodePool
from vlret.media.pool.read_in_child import read_in_child
from vlret.models.base import Embedder
from vlret.models.inputs import ClipInput, as_clip, check_text, text_list
from vlret.tasks.index_model import as_embedder
from vlret.tasks.text_warnings import log_text_warnings
from vlret.types import (
    Answer,
    Candidate,
    Clip,
    Frames,
    Pixels,
    SkippedFile,
    Tokens,
    Vectors,
    location,
    type_name,
)

Question = tuple[ClipInput, str, Iterable[str]]
"""A clip, a question and the candidate answers."""


def answer(model: Embedder | str | Path, clip: ClipInput, question: str, answers: Iterable[str]) -> Answer:
    """Return the nearest of `answers` to `question` about `clip`, with the cosine of each candidate.

    The question is the query of the predictor; a model without one (`card.takes_query` is False) compares the
    clip with the texts "question answer".

    Args:
        model: an embedder, or its name or directory.
        clip: a path, a `Clip`, or decoded frames.
        question: one sentence.
        answers: the candidates; any list, array, Series or generator of strings.

    Raises:
        UsageError: an empty question, no answers, a duplicate answer, or an argument of the wrong type.
        MediaError: the clip cannot be read.
    """
    with Asker(as_embedder(model)) as asker:
        return asker.ask(clip, question, answers)


def answer_many(model: Embedder | str | Path, items: Iterable[Question]) -> Iterator[Answer]:
    """Yield `answer` for each of `items`, in order; a clip is encoded once for all its questions."""
    with Asker(as_embedder(model)) as asker:
        for clip, question, answers in items:
            yield asker.ask(clip, question, answers)


def ask_each(
    model: Embedder, clips: Iterable[Clip], questions: Sequence[tuple[str, Sequence[str]]]
) -> Iterator[Answer | SkippedFile]:
    """Ask every question (with its candidate answers) about every clip; yield a file that cannot be read once.

    Raises:
        UsageError: as `answer`, before anything is decoded.
    """
    for question, answers in questions:
        check_question(question, answers)
    failed: set[Path] = set()
    with Asker(model) as asker:
        for clip in clips:
            try:
                if clip.path not in failed:
                    yield from [asker.ask(clip, question, answers) for question, answers in questions]
            except MediaError as error:
                failed.add(clip.path)
                yield SkippedFile(clip.path, error.message.removeprefix(f"{clip.path}: "))


class Asker:
    """Asks many questions; caches the visual tokens of the last clips, so that each is decoded once.

    Files are decoded in a child process, which is killed if it hangs: use this as a context manager.
    """

    def __init__(self, model: Embedder, cached_clips: int = 32) -> None:
        self.model = model
        self._pool = DecodePool()
        self._tokens = lru_cache(cached_clips)(self._encode_file)
        self._texts = lru_cache(256)(self._embed)
        self._warn = lru_cache(256)(partial(log_text_warnings, model))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def ask(self, clip: ClipInput, question: str, answers: Iterable[str]) -> Answer:
        """See `answer`."""
        clip, answers = as_clip(clip), text_list(answers, "answer")
        check_question(question, answers)
        self._warn(question)
        if self.model.card.takes_query:
            texts = tuple(answers)
            prediction = self.model.predict([self._tokens_of(clip)], question)[0]
        else:
            texts = tuple(f"{question} {candidate}" for candidate in answers)
            prediction = self.model.predict([self._tokens_of(clip)])[0]
        scores = self._texts(texts) @ prediction
        order = np.argsort(-scores, kind="stable")
        candidates = tuple(Candidate(answers[i], float(scores[i])) for i in order)
        return Answer(*location(clip), question, candidates[0].answer, candidates)

    def _tokens_of(self, clip: Path | Clip | Pixels) -> Tokens:
        # Decoded frames are not hashable, and they need no decoding.
        return self._tokens(clip) if isinstance(clip, (Path, Clip)) else self._encode(clip)

    def _encode_file(self, clip: Path | Clip) -> Tokens:
        card = self.model.card
        return self._encode(read_in_child(self._pool, clip, card.frames, card.decode_size))

    def _encode(self, frames: Frames | Pixels) -> Tokens:
        return self.model.encode_clips([frames])[0]

    def _embed(self, texts: tuple[str, ...]) -> Vectors:
        for text in texts:
            log_text_warnings(self.model, text)
        return self.model.embed_texts(texts)


def check_question(question: str, answers: Sequence[str]) -> None:
    """Raise `UsageError` for an empty question, no answers, an empty answer or a duplicate one."""
    if not isinstance(question, str):
        raise UsageError(
            f"The question was given as {type_name(question)}.", "Give a str.", code="wrong_type"
        )
    check_text(question, "The question")
    if not question.strip():
        raise UsageError(
            "The question is empty.", "Ask something, such as 'what is this?'.", code="empty_question"
        )
    if not answers or not all(text.strip() for text in answers):
        raise UsageError(
            f"The answers were given as {list(answers)!r}.",
            "Give one or more, none of them empty.",
            code="empty_answer",
            given=list(answers),
        )
    if len(set(answers)) < len(answers):
        raise UsageError(
            f"An answer was given twice: {', '.join(answers)}.",
            "Give each answer once.",
            code="duplicate_answer",
            given=list(answers),
        )
