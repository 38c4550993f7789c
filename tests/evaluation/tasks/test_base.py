"""What every task does alike: hashes, subsets, sources; and a new task is one class and one entry."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

from tests.evaluation.conftest import Counting, result
from tests.evaluation.sets import NAMES, card, classification_set, media, retrieval_set, text_set, vqa_set
from tests.refusal import refused
from vlret.datasets.base import Media, SetCard, SetQuestion, StateChoice, StateSet
from vlret.evaluation.metrics.figures import Figure
from vlret.evaluation.metrics.ranks import rank
from vlret.evaluation.results.contents import Contents
from vlret.evaluation.results.result import BenchResult
from vlret.evaluation.results.section import choice_sections
from vlret.evaluation.tasks.base import Scores, Task, embedded_clips
from vlret.evaluation.tasks.candidate_scorer import as_blocks
from vlret.evaluation.tasks.registry import TASKS, task_of, tasks_using


def set_hash(dataset) -> str:
    return task_of(dataset).set_hash()


def test_the_hash_sees_ids_texts_and_what_belongs_together():
    sets = [retrieval_set(), classification_set(), vqa_set(), text_set()]
    hashes = {set_hash(one) for one in sets}
    assert {set_hash(one) for one in sets} == hashes
    assert len(hashes) == 4
    whole = retrieval_set()
    changed = [
        replace(whole, texts=["a red wall!", *whole.texts[1:]]),
        replace(whole, owner=[1, *whole.owner[1:]]),
        replace(whole, media=[replace(whole.media[0], end=1.0), *whole.media[1:]]),
    ]
    assert len({set_hash(one) for one in [whole, *changed]}) == 4


@dataclass(frozen=True)
class OddOneOut:
    """Which of `media` shows something else than the others?"""

    card: SetCard
    media: list[Media]
    odd: str


class OddOneOutTask(Task[OddOneOut]):
    """A new task: the clip that is farthest from the mean of all."""

    name = "odd one out"
    unused = ("prompts", "text_tokens", "rerank")

    def score(self, model, items, protocol, undecodable):
        clips, no_vector = embedded_clips(model, items, protocol, undecodable)
        odd = [[one.id == self.dataset.odd for one in self.media]]
        ranks = rank(as_blocks(-(clips @ np.nanmean(clips, 0))[None]), np.array(odd))
        return Scores(choice_sections(ranks, ["a"], protocol.ties, "questions", "items"), no_vector)

    def contents(self):
        return Contents(questions=(SetQuestion(0, "which is the odd one?", self.dataset.odd),))

    def hashed(self):
        return [self.dataset.odd]

    def keep(self, numbers):
        return replace(self.dataset, media=self.kept_media(numbers))


@pytest.fixture
def odd_one_out(monkeypatch):
    monkeypatch.setitem(TASKS, OddOneOut, OddOneOutTask)
    halves = [Media("first", ("turn.mp4",), 0.0, 2.0), Media("gone", ("gone.mp4",))]
    return OddOneOut(card("odd one out"), [*media("red", "blue"), *halves], "blue")


def test_a_new_task_is_one_class_and_one_entry(painted, cache, odd_one_out):
    found = result(odd_one_out, painted, cache, Counting(), allow_missing=True)
    assert found.models[0].sections[0].figures["accuracy"] == Figure(
        100, 100, 100, pytest.approx(100 / 3, abs=1e-5)
    )
    assert (found.task, found.missing, found.dataset.media) == ("odd one out", ("gone",), 3)
    stamp = found.models[0].stamp
    assert stamp.set["hash"] == task_of(odd_one_out).without({"gone"}).set_hash()
    assert [name for name, value in stamp.protocol.items() if value is None] == [
        "text_tokens", "prompts", "query", "rerank",
    ]  # fmt: skip
    assert BenchResult.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_the_command_line_knows_what_a_new_task_uses(odd_one_out):
    assert "odd one out" in tasks_using("frames")
    assert "odd one out" not in tasks_using("rerank")


def test_nothing_left_is_an_error():
    with refused("nothing_to_score"):
        task_of(retrieval_set()).without({"red", "green", "blue", "grey"})
    with refused("nothing_to_score"):
        task_of(replace(vqa_set(), questions=vqa_set().questions[:1])).without({"red"})


def test_a_subset_renumbers_what_is_said_of_its_media():
    kept = task_of(retrieval_set()).without({"green"}).dataset
    assert (kept.texts, kept.owner) == (
        ["a red wall", "a red wall", "a blue wall", "a grey wall"],
        [0, 0, 1, 2],
    )
    assert task_of(classification_set()).without({"red"}).dataset.labels == [(1,), (2,), (3,), (0,), (2,)]
    assert [one.medium for one in task_of(vqa_set()).without({"green"}).dataset.questions] == [0, 1, 2]
    choices = [StateChoice(0, 1, (2, 3), 1), StateChoice(3, 2, (1, 3), 0)]
    states = task_of(StateSet(card("vqa"), media(*NAMES), choices)).without({"red"}).dataset
    assert states.questions == [StateChoice(2, 1, (0, 2), 0)]
    assert task_of(text_set()).without(()).dataset == text_set()


def test_texts_are_those_that_precomputed_embeddings_need():
    made = replace(classification_set(), classes=["red_wall", "Green", "blue", "grey"])
    assert list(task_of(made).texts()) == ["red wall", "Green", "blue", "grey"]
    assert list(task_of(text_set()).texts())[:3] == ["red", "one red wall", "blue"]
    assert list(task_of(vqa_set()).texts()) == []
