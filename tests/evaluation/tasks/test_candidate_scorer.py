"""Candidates are ranked by the cosine of embeddings, or by the scores of a model that gives no embeddings."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import COLOURS
from tests.evaluation.conftest import Counting, CountingAsked, result, scores
from tests.evaluation.sets import NAMES, card, classification_set, media, retrieval_set, text_set, vqa_set
from tests.refusal import refused
from vlret.datasets.base import SetQuestion, StateChoice, StateSet, VqaSet
from vlret.errors import MediaError
from vlret.evaluation.embeddings.source import MediaItem
from vlret.evaluation.protocol.protocol import Protocol
from vlret.evaluation.results.result import BenchResult
from vlret.evaluation.tasks.candidate_scorer import CandidateScorer, CosineScorer, scorer_of
from vlret.media.decode import read_clip
from vlret.types import Clip


class Likelihood:
    """Ranks answers by a likelihood, as a vision-language model would: certain of the colour it sees."""

    name = "likelihood"

    def __init__(self):
        self.asked = []

    def candidate_scores(self, items, questions, candidates, protocol):
        self.asked += [
            (item.id, question, candidates) for item, question in zip(items, questions, strict=True)
        ]
        rows = [self._row(*one, candidates, protocol) for one in zip(items, questions, strict=True)]
        return np.array(rows, np.float64)

    def _row(self, item, question, candidates, protocol):
        try:
            frames = read_clip(Clip(item.path, item.start, item.end), protocol.frames)
        except MediaError:
            return [np.nan] * len(candidates)
        distances = {name: np.abs(frames.pixels.mean((0, 1, 2)) - COLOURS[name]).sum() for name in NAMES}
        colour = min(distances, key=distances.get)
        right = ("yes" if colour in question else "no") if "yes" in candidates else colour
        return [0.0 if candidate == right else -5.0 for candidate in candidates]

    def about(self):
        return {"name": self.name, "revision": "1"}


def test_a_likelihood_scorer_answers_questions_beside_an_embedder(painted, cache):
    model = Likelihood()
    document = result(vqa_set(), painted, cache, model, Counting())
    assert isinstance(model, CandidateScorer)
    assert scores(document, 0) == {
        ("all", "none"): {"accuracy": 100, "macro_accuracy": 100},
        ("presence", "none"): {"accuracy": 100}, ("colour", "none"): {"accuracy": 100},
    }  # fmt: skip
    assert scores(document, 1)["presence", "none"]["accuracy"] == 50
    yes_no = [(name, "is it red?", ("yes", "no")) for name in NAMES]
    assert model.asked == [*yes_no, ("green", "which colour?", ("red", "green", "blue"))]
    records = document.models[0].sections[0].records
    assert (records[4].top, records[4].top_scores) == ((1, 0, 2), (0.0, -5.0, -5.0))


def test_its_result_has_its_stamp_and_no_cost(painted, cache):
    document = result(vqa_set(), painted, cache, Likelihood(), frames=3)
    (model,) = document.models
    assert (model.name, model.stamp.model) == ("likelihood", {"name": "likelihood", "revision": "1"})
    assert (model.cost, model.texts_cut, model.stamp.protocol["frames"]) == (None, None, 3)
    assert len(model.stamp.set["media_hash"]) == 64
    assert BenchResult.from_json(json.loads(json.dumps(document.to_json()))) == document


def test_what_it_cannot_read_is_wrong(painted, cache, tmp_path):
    (tmp_path / "grey.mp4").write_bytes(b"\x00" * 2000)
    (tmp_path / "red.mp4").write_bytes((painted / "red.mp4").read_bytes())
    asked = [SetQuestion(i, "", name, ("red", "grey")) for i, name in enumerate(("red", "grey"))]
    made = VqaSet(card("vqa"), media("red", "grey"), asked, ())
    document = result(made, tmp_path, cache, Likelihood())
    assert document.models[0].sections[0].per_query.best == (1, 3)


def test_what_fails_for_an_embedder_is_wrong_for_a_scorer_of_the_same_run(painted, cache, tmp_path):
    """So that no model is favoured by a decoder of its own."""

    class Bold(Likelihood):
        def _row(self, *_):
            return [1.0, 0.0]

    (tmp_path / "grey.mp4").write_bytes(b"\x00" * 2000)
    made = VqaSet(card("vqa"), media("grey"), [SetQuestion(0, "", "grey", ("grey", "red"))], ())
    assert scores(result(made, tmp_path, cache, Bold()))["all", "none"]["accuracy"] == 100
    assert scores(result(made, tmp_path, cache, Bold(), Counting()))["all", "none"]["accuracy"] == 0


def test_it_labels_clips_with_class_names(painted, cache):
    document = result(classification_set(), painted, cache, Likelihood())
    assert scores(document)["all", "none"]["top-1"] == 100
    assert document.models[0].no_vector == ()


@pytest.mark.parametrize(
    "made",
    [retrieval_set(), text_set(), StateSet(card("vqa"), media(*NAMES), [StateChoice(0, 1, (2, 3), 0)])],
)
def test_tasks_that_need_embeddings_refuse_it(painted, cache, made):
    with refused("needs_embeddings") as caught:
        result(made, painted, cache, Likelihood())
    assert caught.value.fields["model"] == "likelihood"


class Source:
    """Embeddings by hand: a clip's is its id for a query, a text's is given."""

    name, temperature, prompts = "source", 1.0, ("{}",)
    vectors = {"a": [1, 0], "b": [0, 1], "what? a": [0.6, 0.8], "what? b": [0.8, 0.6], "": [0, 0]}  # noqa: RUF012

    def __init__(self, takes_query):
        self.takes_query, self.queries = takes_query, []

    def clips(self, items, query=None):
        self.queries.append(query)
        return np.array([[np.nan, np.nan] if item.id == "none" else [1, 0] for item in items], np.float32)

    def texts(self, texts):
        return np.array([self.vectors[text] for text in texts], np.float32)

    def about(self):
        return {"name": "source"}


ITEMS = [MediaItem(name, name, None) for name in ("one", "none", "two")]
USUAL = Protocol("set", query="usual?")


def test_with_a_predictor_the_question_goes_into_it():
    source = Source(takes_query=True)
    found = scorer_of(source).candidate_scores(ITEMS, ["what?", "what?", ""], ("a", "b"), USUAL)
    np.testing.assert_array_equal(found, [[1, 0], [np.nan, np.nan], [1, 0]])
    assert source.queries == ["what?", "what?", "usual?"]


def test_without_one_it_stands_before_the_candidates():
    found = CosineScorer(Source(takes_query=False)).candidate_scores(
        ITEMS, ["what?", "what?", ""], ("a", "b"), replace(USUAL, query=None)
    )
    np.testing.assert_array_equal(found, np.float32([[0.6, 0.8], [np.nan, np.nan], [1, 0]]))


def test_a_model_with_a_predictor_and_one_without_share_the_run(painted, cache):
    document = result(vqa_set(), painted, cache, CountingAsked(), Counting())
    assert scores(document, 1)["colour", "none"]["accuracy"] == 100
