"""A vision-language model beside an embedder: two rows, kept answers, costs, what cannot be decoded."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation.answers.stand_in import Painter
from tests.evaluation.conftest import Counting, result, scores
from tests.evaluation.sets import card, classification_set, media, vqa_set
from tests.refusal import refused
from vlret.datasets.base import SetQuestion, StateChoice, StateSet, VqaSet
from vlret.evaluation.embeddings import decode_media
from vlret.evaluation.results.compare import compare
from vlret.evaluation.results.result import BenchResult
from vlret.reports.bench_page import bench_page
from vlret.reports.bench_text import result_table

ASKED = ["is it red?", "is it red?", "which colour?", "is it red?", "is it red?"]


@pytest.fixture(autouse=True)
def _whole_shards(monkeypatch):
    """Nothing is written before the end or a kill, however slow the machine."""
    monkeypatch.setattr("vlret.evaluation.embeddings.array_cache._SHARD_S", 1e9)


def test_it_has_a_row_for_what_it_writes_and_one_for_likelihood(painted, cache):
    document = result(vqa_set(), painted, cache, Counting(), Painter())
    assert [model.name for model in document.models] == [
        "counting",
        "painter (generated)",
        "painter (likelihood)",
    ]
    assert scores(document, 1)["all", "none"] == {
        "accuracy": 20,
        "macro_accuracy": 50,
    }  # "Yes, it is." is not "yes"
    assert scores(document, 2)["all", "none"] == {"accuracy": 100, "macro_accuracy": 100}
    written = document.models[1]
    assert written.answers == (
        "Yes, it is.", "It is not. Yes.", "It is not. Yes.", "It is not. Yes.", "A Green.",
    )  # fmt: skip
    assert document.models[2].answers is document.models[0].answers is None
    assert BenchResult.from_json(json.loads(json.dumps(document.to_json()))) == document


def test_yes_and_no_follow_popes_rule(painted, cache):
    only = replace(vqa_set(), questions=vqa_set().questions[:4])
    document = result(only, painted, cache, Painter())
    whole = scores(document)["all", "none"]
    assert whole == {"accuracy": 100, "yes_rate": 25, "precision": 100, "recall": 100, "f1": 100}
    assert document.models[0].stamp.model["rule"].startswith("yes or no as POPE's")


def test_the_stamp_says_how_it_was_asked(painted, cache):
    document = result(vqa_set(), painted, cache, Painter())
    written, likely = (model.stamp for model in document.models)
    assert (written.model["answers"], likely.model["answers"]) == ("generated", "likelihood")
    assert written.model["prompts"] == ["{} One word."]
    assert "mean log-probability" in likely.model["score"]
    assert written.protocol == likely.protocol
    assert len(written.set["media_hash"]) == 64


def test_answers_are_kept_by_weights_prompt_frames_and_question(painted, cache):
    result(vqa_set(), painted, cache, first := Painter())
    assert sorted(first.written) == sorted(ASKED)
    result(vqa_set(), painted, cache, again := Painter())
    assert (again.written, again.weighed) == ([], [])
    for other, frames in ((Painter("{}"), 2), (Painter(weights="2"), 2), (Painter(), 3)):
        result(vqa_set(), painted, cache, other, frames=frames)
        assert len(other.written) == len(ASKED)
    more = vqa_set()
    more.questions.append(SetQuestion(1, "what shade?", "green", ("red", "green"), "colour"))
    result(more, painted, cache, new := Painter())
    assert (new.written, new.weighed) == (["what shade?"], [("what shade?", ("red", "green"))])


def test_a_kept_answer_needs_no_decoding(painted, cache, monkeypatch):
    first = result(vqa_set(), painted, cache, Painter())
    monkeypatch.setattr(decode_media, "DecodePool", None)
    again = result(vqa_set(), painted, cache, Painter())
    assert [model.sections for model in again.models] == [model.sections for model in first.models]
    assert again.models[0].answers == first.models[0].answers
    costs = [
        (model.answer_cost, old.answer_cost) for model, old in zip(again.models, first.models, strict=True)
    ]
    for cost, old in costs:
        assert cost == replace(old, cached=5)
        assert (old.questions, old.cached) == (5, 0)
    assert (costs[0][1].tokens_read, costs[0][1].tokens_written) == (50, 4 * 5 + 3)
    assert costs[0][1].peak_bytes > 50e6


def test_it_sees_the_frames_that_the_embedder_sees(painted, cache):
    seen = {"embedder": [], "model": []}

    class Embedder(Counting):
        def encode_pixels(self, clips):
            seen["embedder"] += [clip.tobytes() for clip in clips]
            return super().encode_pixels(clips)

    class Model(Painter):
        def write_answer(self, frames, question):
            seen["model"].append(frames.pixels.tobytes())
            assert np.all(np.diff(frames.times) > 0)
            return super().write_answer(frames, question)

    result(vqa_set(), painted, cache, Embedder(), Model(), frames=3, sampling="endpoints")
    assert set(seen["embedder"]) == set(seen["model"])
    assert len(set(seen["model"])) == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")
def test_a_killed_process_loses_no_answer_that_was_written(painted, cache, monkeypatch):
    class Killed(Painter):
        def likelihoods(self, frames, question, candidates):
            if len(self.weighed) == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().likelihoods(frames, question, candidates)

    child = os.fork()
    if child == 0:
        monkeypatch.setattr("vlret.evaluation.embeddings.array_cache._SHARD_S", 0.0)
        result(vqa_set(), painted, cache, Killed())
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    result(vqa_set(), painted, cache, rest := Painter())
    assert (len(rest.written), len(rest.weighed)) == (2, 3)


def test_a_run_that_is_interrupted_goes_on_from_there(painted, cache):
    class Killed(Painter):
        def likelihoods(self, frames, question, candidates):
            if len(self.weighed) == 2:
                raise KeyboardInterrupt
            return super().likelihoods(frames, question, candidates)

    with pytest.raises(KeyboardInterrupt):
        result(vqa_set(), painted, cache, killed := Killed())
    result(vqa_set(), painted, cache, rest := Painter())
    assert (len(killed.written), len(rest.written), len(rest.weighed)) == (3, 2, 3)


def test_each_clip_is_decoded_once_for_all_questions_and_models(painted, cache, monkeypatch):
    jobs, decode = [], decode_media.DecodePool.run
    monkeypatch.setattr(
        decode_media.DecodePool, "run", lambda self, asked: decode(self, (jobs.append(j) or j for j in asked))
    )
    other = Painter(weights="2")
    other.name = "other"
    result(vqa_set(), painted, cache, Painter(), other)
    assert len(jobs) == 4


def test_frames_are_squashed_to_its_side(painted, cache):
    whole, square = Painter(), Painter()
    result(vqa_set(), painted, cache, whole)
    result(vqa_set(), painted, cache, square, resize="squash")
    assert {shape[0] for shape in whole.shapes} == {2}
    assert {shape[1:] for shape in square.shapes} == {(12, 12, 3)}
    assert {shape[1:] for shape in whole.shapes}.isdisjoint({(12, 12, 3)})


def test_an_answer_that_is_no_candidate_may_be_right(painted, cache):
    """A list of candidates binds embeddings, not what is written."""
    asked = [
        SetQuestion(0, "which colour?", "a red", ("blue", "green")),
        SetQuestion(1, "which colour?", "red", ("red", "blue")),
    ]
    document = result(VqaSet(card("vqa"), media("red", "green"), asked, ()), painted, cache, Painter())
    written, likely = (model.main.records for model in document.models)
    assert (written.best, written.top) == ((1, 3), ((), ()))
    assert (likely.best, likely.worst) == ((3, 1), (3, 2))


def test_a_question_without_text_names_its_candidates(painted, cache):
    asked = [SetQuestion(0, "", "red", ("blue", "red"))]
    model = Painter()
    document = result(VqaSet(card("vqa"), media("red"), asked, ()), painted, cache, model)
    assert model.written == ["Which of these describes it? blue | red"]
    assert scores(document)["all", "none"] == {"accuracy": 100}


@pytest.mark.parametrize("beside", [(), (Counting,)])
def test_what_cannot_be_decoded_is_wrong_or_left_out(painted, cache, tmp_path, beside):
    (tmp_path / "grey.mp4").write_bytes(b"\x00" * 2000)
    (tmp_path / "red.mp4").write_bytes((painted / "red.mp4").read_bytes())
    asked = [SetQuestion(i, "is it red?", "yes") for i in range(2)]
    made = VqaSet(card("vqa"), media("red", "grey"), asked, ("yes", "no"))
    models = [*(kind() for kind in beside), Painter()]
    document = result(made, tmp_path, cache, *models)
    for model in document.models[-2:]:
        assert model.main.per_query.best == (1, 3)
        assert model.stamp.set["undecodable"] == ["grey"]
    assert document.models[-2].answers == ("Yes, it is.", "")
    left = result(made, tmp_path, cache, *models, undecodable="excluded")
    assert left.models[-1].main.queries == left.dataset.questions == 1


def test_the_models_of_a_run_are_compared(painted, cache):
    document = result(vqa_set(), painted, cache, Counting(), Painter())
    found = {(one.first, one.second): one.values for one in compare(document, document)}
    assert found["counting", "painter (generated)"] == (
        scores(document, 0)["all", "none"]["accuracy"], scores(document, 1)["all", "none"]["accuracy"],
    )  # fmt: skip
    assert ("painter (generated)", "painter (likelihood)") in found


def test_reports_show_rules_prompt_cost_and_what_was_written(painted, cache):
    document = result(vqa_set(), painted, cache, Counting(), Painter())
    table, page = result_table(document), bench_page(document)
    assert "painter (generated): equal after the normalisation of VQA's" in table
    assert "frames as images; prompt '{} One word.'." in table
    assert "Cost of painter (generated): " in table
    assert ", 10 tokens read, 4.6 written, peak memory " in table
    assert "Cost of counting: " in table
    assert "written: It is not. Yes." in page


@pytest.mark.parametrize(
    "made",
    [classification_set(), StateSet(card("vqa"), media("red", "blue"), [StateChoice(0, 1, (0, 1), 0)])],
)
def test_it_needs_questions_about_single_clips(painted, cache, made):
    with refused("vlm_needs_questions"):
        result(made, painted, cache, Painter())
