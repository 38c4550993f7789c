"""vqa.py: the nearest candidate answer, and one look at a clip for all its questions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import ColourEmbedder
from vlret.errors import UsageError
from vlret.tasks.vqa import answer, answer_many


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


def test_a_file_is_looked_at_once_for_all_its_questions(tmp_path):
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


def test_decoded_frames_are_not_taken_for_each_other():
    answers = answer_many(
        AskedColour(), [(RED, "which?", ["red", "blue"]), (BLUE, "which?", ["red", "blue"])]
    )
    assert [one.answer for one in answers] == ["red", "blue"]


@pytest.mark.parametrize(
    ("question", "answers"),
    [("", ["a"]), (" ", ["a"]), ("q", []), ("q", ["a", ""]), ("q", ["a", "a"]), ("q", "cat")],
)
def test_refuses_what_cannot_be_asked(colour_model, question, answers):
    with pytest.raises(UsageError):
        answer(colour_model, RED, question, answers)


def test_warns_of_a_question_that_is_cut(colour_model, caplog):
    answer(colour_model, RED, "red " * 30, ["yes", "no"])
    assert "reads only the first 16 tokens" in caplog.text
