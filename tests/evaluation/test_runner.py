"""Whole runs over painted media: figures by hand, caching, what is missing or broken, and the document's form."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation.conftest import Counting, CountingAsked, result, scores
from tests.evaluation.sets import (
    NAMES,
    card,
    classification_set,
    media,
    retrieval_set,
    text_set,
    vqa_set,
)
from tests.refusal import refused
from vlret.datasets.base import (
    Media,
    Published,
    SetQuestion,
    StateChoice,
    StateSet,
    VqaSet,
)
from vlret.evaluation.embeddings import decode_media, model_embeddings
from vlret.evaluation.protocol.protocol import protocol_for
from vlret.evaluation.runner import run


def test_a_constant_model_scores_chance(painted, cache):
    class Constant(Counting):
        def predict(self, tokens, query=None):
            return np.full((len(tokens), 4), 0.5, np.float32)

    document = result(retrieval_set(), painted, cache, Constant(), rerank=("dual_softmax", "qb_norm"))
    for part in document.models[0].sections:
        for name, figure in part.figures.items():
            if part.name == "text to video":
                assert figure.value == pytest.approx(figure.chance), name
    assert scores(document)["text to video", "dual_softmax"]["hit@1"] == pytest.approx(25)


def test_a_second_run_decodes_and_encodes_nothing(painted, cache, monkeypatch):
    first = result(retrieval_set(), painted, cache, Counting())
    monkeypatch.setattr(decode_media, "DecodePool", None)
    again = Counting()
    second = result(retrieval_set(), painted, cache, again)
    assert (again.n_clips_seen, again.n_texts_seen) == (0, 0)
    cost, again_cost = first.models[0].cost, second.models[0].cost
    assert (again_cost.clips, again_cost.seconds, again_cost.cached_clips) == (0, 0, cost.clips)
    assert again_cost.cached_seconds == pytest.approx(cost.seconds, abs=2e-3)
    assert (cost.cached_clips, cost.cached_seconds) == (0, 0)
    alike = [
        replace(one, created="", models=[replace(model, cost=None) for model in one.models])
        for one in (first, second)
    ]
    assert alike[0] == alike[1]


def test_what_was_encoded_before_ctrl_c_is_kept(painted, cache, monkeypatch):
    model = Counting()
    encode = model.encode_pixels

    def stopped(clips):
        if model.n_clips_seen == 3:
            raise KeyboardInterrupt
        return encode(clips)

    monkeypatch.setattr(model, "batch_size", 1)
    monkeypatch.setattr(model, "encode_pixels", stopped)
    with pytest.raises(KeyboardInterrupt):
        result(retrieval_set(), painted, cache, model)
    again = Counting()
    result(retrieval_set(), painted, cache, again)
    assert again.n_clips_seen == 1


def test_two_states_of_one_model_go_by_the_names_asked_for(painted, cache):
    made, models = retrieval_set(), [Counting(), Counting(weights_hash="1" * 64)]
    document = run(made, painted, models, protocol_for(made.card), names=["old", "new"], cache=cache)
    assert [model.name for model in document.models] == ["old", "new"]


@pytest.mark.parametrize(
    "change", [{"frames": 3}, {"sampling": "endpoints"}, {"resize": "squash"}], ids=lambda c: next(iter(c))
)
def test_another_protocol_is_encoded_anew(painted, cache, change):
    result(retrieval_set(), painted, cache, Counting())
    again = Counting()
    result(retrieval_set(), painted, cache, again, **change)
    assert again.n_clips_seen == 4


def test_each_frame_is_decoded_once_for_all_models(painted, cache, monkeypatch):
    jobs = []
    decode = decode_media.DecodePool.run
    monkeypatch.setattr(
        decode_media.DecodePool, "run", lambda self, asked: decode(self, (jobs.append(j) or j for j in asked))
    )
    models = [Counting("a"), Counting("b", resize="own"), CountingAsked()]
    document = result(retrieval_set(), painted, cache, *models)
    assert len(jobs) == 4
    assert [model.n_clips_seen for model in models] == [4, 4, 4]
    assert [one.name for one in document.models] == ["a", "b", "asked"]
    late = Counting("late")
    result(retrieval_set(), painted, cache, models[0], late)
    assert (len(jobs), models[0].n_clips_seen, late.n_clips_seen) == (8, 4, 4)


def test_frames_and_shape_are_those_of_the_protocol(painted, cache):
    plain, squashed = Counting("plain"), Counting("squashed")
    result(retrieval_set(), painted, cache, plain, frames=3)
    result(retrieval_set(), painted, cache, squashed, frames=5, resize="squash")
    assert set(plain.shapes) == {(3, 32, 32, 3)}
    assert set(squashed.shapes) == {(5, 8, 8, 3)}


def test_classification_of_colours_and_spans(painted, cache):
    document = result(classification_set(), painted, cache)
    found = scores(document)["all", "none"]
    assert found == {"top-1": 100, "top-5": 100, "mean_class_accuracy": 100, "class_mean_recall@5": 100}
    per_query = document.models[0].sections[0].per_query
    assert [row[0] for row in per_query.top] == [0, 1, 2, 3, 0, 2]
    assert document.models[0].sections[0].figures["top-1"].chance == 25
    assert document.contents.labels == ((0,), (1,), (2,), (3,), (0,), (2,))


def test_prompts_are_the_sets_or_the_models_own(painted, cache):
    made = classification_set()
    own = Counting("own", prompts=("{} wall", "a {} wall"))
    document = result(made, painted, cache, own)
    assert document.models[0].stamp.model["prompts"] == ["{} wall", "a {} wall"]
    assert own.n_texts_seen == 8
    document = result(replace(made, card=card("classification", prompts=("{}!",))), painted, cache, own)
    assert document.models[0].stamp.model["prompts"] == ["{}!"]


def test_questions_to_a_model_with_a_predictor(painted, cache):
    """Asked the plain question the vector is the colour, asked for the opposite red becomes blue."""
    asked = [
        SetQuestion(0, "which?", "red", group="plain"),
        SetQuestion(0, "the opposite?", "blue", group="turned"),
    ]
    made = VqaSet(card("vqa"), media("red"), asked, ("red", "green", "blue"))
    model = CountingAsked()
    document = result(made, painted, cache, model)
    assert scores(document)["all", "none"] == {"accuracy": 100, "macro_accuracy": 100}
    assert (model.n_clips_seen, model.n_predicted) == (1, 2)
    assert {part.name: part.members for part in document.models[0].sections} == {
        "all": None, "plain": (0,), "turned": (1,),
    }  # fmt: skip


def test_a_new_question_needs_no_decoding(painted, cache, monkeypatch):
    result(vqa_set(), painted, cache, CountingAsked())
    monkeypatch.setattr(decode_media, "DecodePool", None)
    again = CountingAsked()
    result(vqa_set(), painted, cache, again)
    assert again.n_predicted == 0
    made = vqa_set()
    result(replace(made, questions=[*made.questions, SetQuestion(2, "new?", "yes")]), painted, cache, again)
    assert (again.n_predicted, again.n_clips_seen) == (1, 0)


def test_questions_to_a_model_without_one(painted, cache):
    """Chance where "is it red? yes" and "is it red? no" name one colour; right where the candidates are colours."""
    document = result(vqa_set(), painted, cache)
    found = scores(document)
    assert found["presence", "none"]["accuracy"] == 50
    assert found["colour", "none"]["accuracy"] == 100
    assert found["all", "none"]["accuracy"] == pytest.approx(60)
    assert document.models[0].sections[0].figures["accuracy"].chance == pytest.approx(
        (4 / 2 + 1 / 3) / 5 * 100
    )


def test_yes_no_sets_give_their_figures(painted, cache):
    made = vqa_set()
    document = result(replace(made, questions=made.questions[:4]), painted, cache)
    found = scores(document)["all", "none"]
    assert found == pytest.approx(
        {"accuracy": 50, "yes_rate": 50, "precision": 25, "recall": 50, "f1": 100 / 3}, abs=1e-4
    )


def test_pairs_are_right_where_both_are(painted, cache):
    questions = [
        SetQuestion(i, "", answer, ("red", "green"), group)
        for i, answer, group in ((0, "red", "a"), (1, "green", "a"), (0, "red", "b"), (1, "red", "b"))
    ]
    made = VqaSet(card("vqa", metric="accuracy, paired accuracy"), media("red", "green"), questions, ())
    document = result(made, painted, cache)
    assert scores(document)["all", "none"] == {"accuracy": 75, "paired": 50}
    assert document.models[0].sections[0].figures["paired"].chance == 25
    assert len(document.models[0].sections) == 1


def test_text_triples(cache):
    document = result(text_set(), None, cache)
    found = scores(document)
    assert found["easy", "none"]["accuracy"] == 100
    assert found["hard", "none"]["accuracy"] == 0
    assert found["all", "none"] == pytest.approx({"accuracy": 200 / 3, "macro_accuracy": 50}, abs=1e-4)
    assert document.models[0].sections[0].figures["accuracy"].chance == pytest.approx(100 / 3, abs=1e-4)


def test_equal_triples_are_chance(cache):
    made = text_set()
    equal = replace(
        made, triples=[replace(one, first="red", second="red", negative="red") for one in made.triples]
    )
    assert scores(result(equal, None, cache))["all", "none"]["accuracy"] == pytest.approx(100 / 3, abs=1e-4)


def test_states_are_both_images_in_one_clip(painted, cache):
    """From red to blue leads turn.mp4 (half red, half blue), not a clip of one colour."""
    shown = [
        Media("before", ("turn.mp4",), 0.5, 0.501), Media("after", ("turn.mp4",), 3.5, 3.501),
        Media("turn", ("turn.mp4",)), *media(*NAMES),
    ]  # fmt: skip
    made = StateSet(
        card("vqa"), shown, [StateChoice(0, 1, (3, 2, 4, 6), 1, "a"), StateChoice(0, 0, (3, 2, 4, 6), 0, "b")]
    )
    model = Counting()
    document = result(made, painted, cache, model, frames=4)
    assert scores(document)["all", "none"] == {"accuracy": 100, "macro_accuracy": 100}
    assert {shape[0] for shape in model.shapes} == {4}
    assert document.models[0].sections[0].figures["accuracy"].chance == 25


def test_missing_media_are_named_before_anything_runs(painted, cache, counting):
    made = replace(retrieval_set(), media=[*media(*NAMES[:3]), Media("gone", ("gone.mp4",))])
    with refused("dataset_media_missing") as caught:
        result(made, painted, cache, counting)
    assert caught.value.fields["files"] == ["gone.mp4"]
    assert "1 of 4 files" in caught.value.message
    assert counting.n_clips_seen == 0
    document = result(made, painted, cache, counting, allow_missing=True)
    assert list(document.missing) == document.models[0].stamp.set["missing"] == ["gone"]
    assert document.models[0].sections[0].pool == document.dataset.media == 3
    assert document.dataset.texts == 4


@pytest.fixture
def broken(painted, tmp_path):
    """The painted folder with a file that is not a video in place of grey.mp4."""
    folder = shutil.copytree(painted, tmp_path / "broken")
    (folder / "grey.mp4").write_bytes(b"\x00" * 2000)
    return folder


def test_what_cannot_be_decoded_is_wrong_and_stays_in_the_pool(broken, cache):
    document = result(retrieval_set(), broken, cache)
    part = document.models[0].sections[0]
    assert part.pool == 4
    assert part.figures["hit@1"].value == 80
    assert part.figures["hit@50"].value == 80
    assert part.per_query.best == (1, 1, 1, 1, 5)
    assert document.models[0].stamp.set["undecodable"] == ["grey"]
    assert document.items[3].undecodable
    assert scores(document)["video to text", "none"]["hit@1"] == 75


def test_what_fails_now_is_wrong_for_every_model(painted, cache, monkeypatch):
    """A decoder that dies under load must not favour the model that has its vectors from before."""
    before = Counting("before")
    result(retrieval_set(), painted, cache, before)
    decode = decode_media.DecodePool.run

    def half_dead(self, jobs):
        jobs = list(jobs)
        yield decode_media.FileFailed(next(job for job in jobs if job.path.name == "red.mp4"), "killed")
        yield from decode(self, [job for job in jobs if job.path.name != "red.mp4"])

    monkeypatch.setattr(decode_media.DecodePool, "run", half_dead)
    document = result(retrieval_set(), painted, cache, before, Counting("new"))
    assert scores(document, 0) == scores(document, 1)
    assert scores(document)["text to video", "none"]["hit@1"] == 60


def test_a_clip_of_a_file_that_fails_after_it_is_not_scored(painted, cache, monkeypatch):
    decode = decode_media.DecodePool.run

    def dies_late(self, jobs):
        for event in decode(self, jobs):
            is_red = isinstance(event, decode_media.FileDone) and event.job.path.name == "red.mp4"
            yield decode_media.FileFailed(event.job, "crashed") if is_red else event

    monkeypatch.setattr(decode_media.DecodePool, "run", dies_late)
    document = result(retrieval_set(), painted, cache)
    assert document.items[0].undecodable == "crashed"
    assert scores(document)["text to video", "none"]["hit@1"] == 60


def test_or_is_excluded_by_the_stamp(broken, cache):
    document = result(retrieval_set(), broken, cache, undecodable="excluded")
    assert document.models[0].sections[0].pool == 3
    assert scores(document)["text to video", "none"]["hit@1"] == 100
    assert document.models[0].stamp.set["undecodable"] == ["grey"]
    assert document.models[0].stamp.set["media"] == 3


def test_questions_and_labels_of_what_cannot_be_decoded_are_wrong(broken, cache):
    assert scores(result(classification_set(), broken, cache))["all", "none"]["top-1"] == pytest.approx(
        500 / 6, abs=1e-4
    )
    made = VqaSet(card("vqa"), media("grey"), [SetQuestion(0, "", "grey", ("red", "grey"))], ())
    assert scores(result(made, broken, cache))["all", "none"]["accuracy"] == 0


def test_a_span_past_the_end_costs_itself_only(painted, cache):
    made = classification_set()
    late = Media("late", ("turn.mp4",), 50.0, 60.0)
    document = result(replace(made, media=[*made.media, late], labels=[*made.labels, (0,)]), painted, cache)
    assert list(document.models[0].stamp.set["undecodable"]) == ["late"]
    assert scores(document)["all", "none"]["top-1"] == pytest.approx(600 / 7, abs=1e-4)


def test_a_model_without_a_vector_for_a_clip_says_so(painted, cache):
    class Blind(Counting):
        def predict(self, tokens, query=None):
            rows = super().predict(tokens)
            rows[rows[:, 0] > 0.9] = np.nan
            return rows

    document = result(retrieval_set(), painted, cache, Blind())
    assert document.models[0].no_vector == ("red",)
    assert scores(document)["text to video", "none"]["hit@1"] == 60


def test_another_encoding_version_encodes_anew(painted, cache, monkeypatch):
    result(retrieval_set(), painted, cache)
    monkeypatch.setattr(model_embeddings, "ENCODING_VERSION", -1)
    again = Counting()
    result(retrieval_set(), painted, cache, again)
    assert (again.n_clips_seen, again.n_texts_seen) == (4, 4)


def test_incomplete_annotations_are_refused_unless_allowed(painted, cache):
    made = retrieval_set(choices={"trimmed": "3 of 51 files a/*.txt"})
    with refused("annotations_incomplete"):
        result(made, painted, cache)
    document = result(made, painted, cache, allow_missing=True)
    assert document.models[0].stamp.protocol["choices"]["trimmed"] == "3 of 51 files a/*.txt"


def test_published_rows_say_what_contaminates_them(painted, cache):
    published = (Published("A", "R@1", 1.0, "x", ("howto-100m", "LAION")), Published("B", "R@1", 2.0, "x"))
    made = retrieval_set(overlaps={"HowTo100M": "3 of 4 videos"}, published=published)
    card = result(made, painted, cache).dataset
    assert [row.contaminated_by for row in card.published] == [("howto-100m",), ()]
    assert card.overlaps == {"HowTo100M": "3 of 4 videos"}


def test_the_document_is_json_with_card_and_stamp(painted, cache):
    document = json.loads(json.dumps(result(retrieval_set(), painted, cache).to_json(), allow_nan=False))
    assert document["schema"] == 2
    assert document["dataset"]["title"] == "Painted"
    assert document["items"][0] | {"path": ""} == {
        "id": "red", "path": "", "start": 0, "end": None, "seconds": 2.0, "group": "videos/red.mp4",
    }  # fmt: skip
    stamp = document["models"][0]["stamp"]
    assert stamp["model"]["weights_hash"] == "0" * 64
    assert (stamp["model"]["dtype"], stamp["model"]["device"]) == ("float32", "cpu")
    assert stamp["model"]["frame_pooling"] == "the model's own"
    assert stamp["protocol"]["frames"] == 2


def test_models_are_needed_and_each_once(painted, cache):
    with refused("no_model"):
        run(retrieval_set(), painted, [], protocol_for(retrieval_set().card), cache=cache)
    with refused("model_given_twice"):
        result(retrieval_set(), painted, cache, Counting(), Counting())
