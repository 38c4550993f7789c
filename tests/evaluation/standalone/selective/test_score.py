"""Scores with known values, against a slow computation."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import ColourEmbedder
from tests.evaluation.standalone.selective.made import annotated, sentences
from vlret.evaluation.metrics.cider import cider
from vlret.evaluation.metrics.soda import soda
from vlret.evaluation.standalone.selective.score import Said, Scorer

EMBED = ColourEmbedder().embed_texts
VIDEOS = [
    annotated((0.0, 4.0, "a red wall"), (4.0, 8.0, "a blue wall"), name="one"),
    annotated((0.0, 2.0, "a green wall"), (2.0, 3.0, "a grey wall"), (3.0, 10.0, "red"), name="two"),
]
SAID = [
    Said(sentences((0.0, 3.0), (3.0, 8.0)), ("a red wall", "a red wall")),
    Said(sentences((0.0, 2.0), (2.0, 4.0), (4.0, 10.0)), ("a green wall", "green", "red")),
]
PAIRED = ["a red wall", "a red wall", "a green wall", "green", "red"]
KNOWN = ["a red wall", "a blue wall", "a green wall", "a grey wall", "red"]


@pytest.fixture
def scorer() -> Scorer:
    return Scorer(VIDEOS, EMBED)


def test_each_annotation_has_the_sentence_nearest_in_time(scorer):
    scores = scorer.scores(SAID).by_annotation
    assert scores["CIDEr"] == pytest.approx(cider(PAIRED, [[text] for text in KNOWN]))
    assert scores["embedding"] == pytest.approx(100 * (EMBED(PAIRED) * EMBED(KNOWN)).sum(1), abs=1e-3)
    assert scores["embedding"][0] == pytest.approx(100, abs=1e-3)


def test_soda_of_each_video(scorer):
    likeness = (EMBED(SAID[0].texts) @ EMBED(KNOWN[:2]).T).astype(float)
    expected = soda(np.array([[0.0, 3.0], [3.0, 8.0]]), VIDEOS[0].spans, likeness)
    assert scorer.scores(SAID).soda[0] == pytest.approx(100 * expected, abs=1e-3)


def test_several_sentences_of_an_annotation_are_averaged():
    texts = ("red", "blue")
    video = annotated((0.0, 4.0, "x"))
    video = type(video)(video.name, video.path, (type(video.annotations[0])(0.0, 4.0, texts),))
    scores = Scorer([video], EMBED).scores([Said(sentences((0.0, 4.0)), ("red",))])
    expected = 100 * (EMBED(["red"]) @ EMBED(texts).T).mean()
    assert scores.by_annotation["embedding"] == pytest.approx([expected], abs=1e-3)


def test_repeated_sentences(scorer):
    assert scorer.scores(SAID).repeated.tolist() == [False, True, False, False, False]


def test_points_in_time_have_no_soda():
    scorer = Scorer([annotated((1.0, None, "red"))], EMBED)
    scores = scorer.scores([Said(sentences((0.0, 4.0)), ("red",))])
    assert scores.soda is None
    assert set(scorer.summary(scores)) == {"CIDEr", "embedding"}


def test_differences_are_paired(scorer):
    scores = scorer.scores(SAID)
    assert scorer.difference(scores, scores)["CIDEr"].high == 0
    better = [SAID[0], Said(SAID[1].sentences, ("a green wall", "a grey wall", "red"))]
    difference = scorer.difference(scorer.scores(better), scores)["embedding"]
    assert difference.value > 0
    assert difference.low == 0  # the video without a difference may be drawn each time
    assert scorer.summary(scores)["SODA"].low <= scores.soda.mean() <= scorer.summary(scores)["SODA"].high
