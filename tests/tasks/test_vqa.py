"""vqa.py: the nearest candidate answer; a clip is encoded once for all its questions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import ColourEmbedder
from vlret.errors import UsageError
from vlret.tasks import index_model
from vlret.tasks.vqa import answer, answer_many, ask_each
from vlret.types import Clip


class AskedColour(ColourEmbedder):
    """A stand-in with a predictor: asked for the opposite, it sees the opposite colour."""

    def __init__(self) -> None:
        super().__init__()
        self.card = replace(self.card, takes_query=True)

    def predict(self, tokens, query=None):
        seen = super().predict(tokens)
        return seen[:, [2, 1, 0, 3]] if query and "swapped" in query else seen


def painted(colour) -> np.ndarray:
    return np.full((2, 8, 8, 3), colour, np.uint8)


RED, BLUE = painted((255, 0, 0)), painted((0, 0, 255))


def test_scores_are_the_cosines_of_prediction_and_answers():
    model, answers = AskedColour(), ["blue", "green", "red"]
    found = answer(model, RED, "which colour?", answers)
    expected = dict(
        zip(answers, (model.embed_texts(answers) @ model.embed_clips([RED]).T)[:, 0], strict=True)
    )
    assert found.answer == "red"
    assert {one.answer: one.score for one in found.candidates} == pytest.approx(expected)
    assert [one.score for one in found.candidates] == sorted(expected.values(), reverse=True)


def test_the_question_goes_into_the_predictor():
    model = AskedColour()
    assert answer(model, RED, "which colour?", ["red", "blue"]).answer == "red"
    assert answer(model, RED, "which colour when swapped?", ["red", "blue"]).answer == "blue"


def test_a_model_without_predictor_compares_question_and_answer_together(colour_model):
    found = answer(colour_model, RED, "blue or", ["red", "green"])
    texts = colour_model.embed_texts(["blue or red", "blue or green"])
    expected = (texts @ colour_model.embed_clips([RED]).T)[:, 0]
    assert [one.score for one in found.candidates] == pytest.approx(sorted(expected, reverse=True))


def test_a_file_is_encoded_once_for_all_its_questions(tmp_path):
    from PIL import Image

    paths = [tmp_path / "red.png", tmp_path / "blue.png"]
    for path, colour in zip(paths, ("red", "blue"), strict=True):
        Image.new("RGB", (16, 16), colour).save(path)
    model = AskedColour()
    items = [(path, question, ["red", "blue"]) for question in ("which?", "swapped?") for path in paths]
    answers = list(answer_many(model, items))
    assert [one.answer for one in answers] == ["red", "blue", "blue", "red"]
    assert [one.path for one in answers] == [str(path) for path, _, _ in items]
    assert model.n_clips_seen == 2


def test_decoded_frames_are_not_confused():
    answers = answer_many(
        AskedColour(), [(RED, "which?", ["red", "blue"]), (BLUE, "which?", ["red", "blue"])]
    )
    assert [one.answer for one in answers] == ["red", "blue"]


def test_a_clip_is_encoded_between_its_times(painted):
    model, answers = AskedColour(), ["red", "blue"]
    clips = [Clip(painted / "long.gif", 0.0, 10.0), Clip(painted / "long.gif", 10.0, 20.0)]
    found = [answer(model, clip, "which?", np.array(answers)) for clip in clips]
    assert [(one.start, one.end, one.answer) for one in found] == [(0, 10, "red"), (10, 20, "blue")]


def test_each_question_is_asked_about_each_clip_and_a_bad_file_is_reported_once(painted, tmp_path):
    (tmp_path / "bad.mp4").write_text("no video")
    clips = [
        Clip(tmp_path / "bad.mp4", 0.0, 1.0),
        Clip(painted / "red.png"),
        Clip(tmp_path / "bad.mp4", 1.0, 2.0),
    ]
    questions = [("which?", ["red", "blue"]), ("swapped?", ["red", "blue"])]
    bad, *found = ask_each(AskedColour(), clips, questions)
    assert (bad.path, bad.reason) == (tmp_path / "bad.mp4", "not a media file.")
    assert [(one.path, one.answer) for one in found] == [
        (str(painted / "red.png"), "red"),
        (str(painted / "red.png"), "blue"),
    ]


def test_a_model_is_given_by_its_name_too(monkeypatch):
    monkeypatch.setattr(index_model, "load_model", lambda name: {"asked": AskedColour}[name]())
    assert answer("asked", RED, "which?", ["red", "blue"]).answer == "red"


@pytest.mark.parametrize(
    ("question", "answers", "code"),
    [("", ["a"], "empty_question"), (" ", ["a"], "empty_question"), ("q", [], "empty_answer"),
     ("q", ["a", ""], "empty_answer"), ("q", ["a", "a"], "duplicate_answer"), (None, ["a"], "wrong_type"),
     (b"q", ["a"], "wrong_type")],
)  # fmt: skip
def test_refuses_what_is_not_a_question(colour_model, question, answers, code):
    with pytest.raises(UsageError) as error:
        answer(colour_model, RED, question, answers)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("question", "answers"), [("q", "cat"), ("q", None), ("q", ["a", 5]), ("q \udcff", ["a"])]
)
def test_refuses_texts_of_wrong_types(colour_model, question, answers):
    with pytest.raises(UsageError):
        answer(colour_model, RED, question, answers)


@pytest.mark.parametrize("clip", [None, 5, ["a.mp4"], RED / 255, RED[..., :2]])
def test_what_is_no_clip_is_refused(colour_model, clip):
    with pytest.raises(UsageError, match="The clip was given as"):
        answer(colour_model, clip, "which?", ["a"])


def test_what_is_no_model_is_refused():
    with pytest.raises(UsageError, match="The model was given as NoneType"):
        answer(None, RED, "which?", ["a"])


def test_warns_of_a_question_that_is_cut(colour_model, caplog):
    answer(colour_model, RED, "red " * 30, ["yes", "no"])
    assert "reads only the first 16 tokens" in caplog.text
