"""The answers of one vision-language model, each computed once and kept between runs."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlret.evaluation.answers.cost import AnswerCost
from vlret.evaluation.answers.memory import peak_bytes
from vlret.evaluation.embeddings.array_cache import ArrayCache
from vlret.evaluation.embeddings.encoding_version import ENCODING_VERSION
from vlret.evaluation.embeddings.source import MediaItem
from vlret.evaluation.protocol.protocol import Protocol
from vlret.media.squash import squash
from vlret.models.vlm.base import Likelihoods, VisionLanguageModel, WrittenAnswer
from vlret.types import Frames

_MIB = 1 << 20
_N_COSTS = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about one item, and its candidate answers; without a text it asks which of them describes it."""

    text: str
    candidates: tuple[str, ...]

    @property
    def question(self) -> str:
        """What the model is asked."""
        return self.text or f"Which of these describes it? {' | '.join(self.candidates)}"


class KeptAnswers:
    """What a model answers: a text, and the likelihood of each candidate.

    Each answer is kept with what it cost, below the directory of the cache, by the weights and settings of the model,
    the prompt, the frames and the question.
    """

    def __init__(
        self,
        model: VisionLanguageModel,
        protocol: Protocol,
        cache: Path,
        name: str = "",
        before: Callable[[], None] = lambda: None,
    ) -> None:
        """Open the cache of `model`; `before` is called ahead of every write, see `ArrayCache`."""
        self.model, self.protocol, self.name = model, protocol, name or model.name
        frames = {key: getattr(protocol, key) for key in ("frames", "sampling", "resize")}
        recipe = {"encoding_version": ENCODING_VERSION, "kind": "answers", **model.recipe, **frames}
        self._kept = ArrayCache(cache, recipe, before)
        self._new: set[str] = set()

    def lacks(self, item: MediaItem, asked: Asked) -> bool:
        """Whether an answer is still to be computed."""
        return _text_key(item, asked) not in self._kept or _likelihood_key(item, asked) not in self._kept

    def answer(self, item: MediaItem, frames: Frames, asked: Asked) -> None:
        """Compute and keep what the model says of decoded frames."""
        if self.protocol.resize == "squash":
            side = (self.model.side, self.model.side)
            frames = Frames(squash(frames.pixels, side), frames.times)
        question, candidates = asked.question, asked.candidates

        def write() -> tuple[WrittenAnswer, NDArray[np.float32]]:
            written = self.model.write_answer(frames, question)
            return written, np.frombuffer(written.text.encode(), np.uint8).astype(np.float32)

        def weigh() -> tuple[Likelihoods, NDArray[np.float32]]:
            found = self.model.likelihoods(frames, question, candidates)
            return found, np.array(found.values, np.float32)

        self._keep(_text_key(item, asked), write)
        self._keep(_likelihood_key(item, asked), weigh)

    def text(self, item: MediaItem, asked: Asked) -> str | None:
        """The written answer; None where the item could not be decoded."""
        kept = self._kept.get(_text_key(item, asked))
        return None if kept is None else kept[_N_COSTS:].astype(np.uint8).tobytes().decode()

    def likelihoods(self, item: MediaItem, asked: Asked) -> NDArray[np.float32] | None:
        """The mean log-probability of each candidate, float32 [n]; None where the item could not be decoded."""
        kept = self._kept.get(_likelihood_key(item, asked))
        return None if kept is None else kept[_N_COSTS:]

    def cost_of_texts(self, asked: Sequence[tuple[MediaItem, Asked]]) -> AnswerCost:
        """What writing the answers cost when it was done."""
        return self._cost([_text_key(*one) for one in asked])

    def cost_of_likelihoods(self, asked: Sequence[tuple[MediaItem, Asked]]) -> AnswerCost:
        """What the likelihoods of all candidates cost when they were computed."""
        return self._cost([_likelihood_key(*one) for one in asked])

    def flush(self) -> None:
        """Write what is new to the cache."""
        self._kept.flush()

    def _keep(
        self, key: str, compute: Callable[[], tuple[WrittenAnswer | Likelihoods, NDArray[np.float32]]]
    ) -> None:
        if key in self._kept:
            return
        began, cpu = time.perf_counter(), time.process_time()
        found, values = compute()
        took = time.process_time() - cpu, time.perf_counter() - began
        peak = (self.model.peak_bytes() or peak_bytes()) / _MIB
        self._kept.put(key, np.concatenate([np.array([*took, found.read, found.written, peak]), values]))
        self._new.add(key)

    def _cost(self, keys: Sequence[str]) -> AnswerCost:
        there = {key: row for key in keys if (row := self._kept.get(key)) is not None}
        costs = np.array([row[:_N_COSTS] for row in there.values()], np.float64).reshape(-1, _N_COSTS)
        cpu, seconds, read, written = costs[:, :4].sum(0).tolist()
        return AnswerCost(
            questions=len(there), cached=len(there.keys() - self._new), cpu_seconds=round(cpu, 3),
            seconds=round(seconds, 3), tokens_read=int(read), tokens_written=int(written),
            peak_bytes=int(costs[:, 4].max(initial=0)) * _MIB,
        )  # fmt: skip


def _text_key(item: MediaItem, asked: Asked) -> str:
    return f"text {_hash(item.key, asked.question)}"


def _likelihood_key(item: MediaItem, asked: Asked) -> str:
    return f"likelihood {_hash(item.key, asked.question, *asked.candidates)}"


def _hash(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
