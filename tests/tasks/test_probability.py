"""Which queries have probabilities, and which hits are left at a least one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ColourEmbedder
from vlret.errors import UsageError
from vlret.tasks import searcher
from vlret.tasks.calibration import Calibration
from vlret.tasks.probability import check_least, is_sentence, judge
from vlret.tasks.search import search
from vlret.types import Hit, QueryVector

RED = ColourEmbedder().embed_texts(["red"])[0]
CURVES = Calibration(-RED[None], hit=(10, 0, 0, 0, 0, -5), answer=(10, 0, 0, 0, 0, -5), least=0.5)
"""At a cosine of 0.5 the probability is one half, whatever the index; an answer is as probable as its best hit."""
OF_RED = CURVES.of_query(RED, 100)


def hits(*scores: float) -> list[Hit]:
    return [Hit(rank, score, "a.png", 0, 0, rank) for rank, score in enumerate(scores, 1)]


def test_hits_get_their_probabilities():
    found, nothing_fits = judge(hits(0.6, 0.5, 0.1), OF_RED)
    assert [hit.probability for hit in found] == pytest.approx(
        [1 / (1 + np.exp(-1)), 0.5, 1 / (1 + np.exp(4))]
    )
    assert not nothing_fits


def test_those_below_the_least_are_left_out_and_ranks_stay():
    assert [hit.rank for hit in judge(hits(0.6, 0.5, 0.1), OF_RED, 0.4)[0]] == [1, 2]


def test_nothing_fits_is_said_of_the_best_hit_before_any_is_left_out():
    assert judge(hits(0.4, 0.3), OF_RED, 0.9) == ([], True)
    assert judge(hits(0.6, 0.3), OF_RED, 0.9) == ([], False)


def test_without_a_calibration_or_a_hit_nothing_is_said():
    assert judge(hits(0.1), None) == (hits(0.1), False)
    assert judge([], OF_RED) == ([], False)


def test_one_sentence_alone_is_what_calibrations_are_fitted_on(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    assert is_sentence("a red car")
    assert is_sentence(QueryVector(RED, is_text=True))
    assert not is_sentence(QueryVector(RED))
    assert not is_sentence(str(tmp_path / "a.png"))
    assert not is_sentence(Path(tmp_path / "a.png"))
    assert not is_sentence("a red car", plus=["a road"])
    assert not is_sentence("a red car", minus=[("a road", 0.2)])
    assert not is_sentence(QueryVector(RED, is_text=True), plus=["a road"])


@pytest.mark.parametrize("least", [-0.1, 1.1, float("nan"), "0.5", True])
def test_a_least_probability_is_a_number_from_0_to_1(least):
    with pytest.raises(UsageError) as error:
        check_least(least, CURVES)
    assert error.value.code == "bad_probability"


def test_a_least_probability_needs_a_calibration():
    check_least(None, None)
    check_least(0.5, CURVES)
    with pytest.raises(UsageError) as error:
        check_least(0.5, None)
    assert error.value.code == "no_calibration"


@pytest.fixture
def calibrated(monkeypatch):
    monkeypatch.setattr(searcher, "load_calibration", lambda model: CURVES)


@pytest.mark.usefixtures("calibrated")
def test_a_search_for_a_sentence_has_probabilities(painted_index):
    found = search(painted_index, "red", model=ColourEmbedder(), k=20)
    expected = [1 / (1 + np.exp(5 - 10 * hit.score)) for hit in found]
    assert [hit.probability for hit in found] == pytest.approx(expected)
    assert not found.nothing_fits
    likely = search(painted_index, "red", model=ColourEmbedder(), k=20, min_probability=0.9)
    assert list(likely) == [hit for hit in found if hit.probability >= 0.9]
    assert 0 < len(likely) < len(found)


@pytest.mark.usefixtures("calibrated")
def test_a_sentence_that_nothing_is_like_says_so(painted_index):
    model = ColourEmbedder()
    found = search(painted_index, QueryVector(-RED, is_text=True), model=model)
    assert found.nothing_fits
    assert len(found) > 0


@pytest.mark.usefixtures("calibrated")
def test_pictures_and_composed_queries_have_none(painted_index, painted):
    for query, plus in ((painted / "red.png", ()), ("red", ("blue",))):
        found = search(painted_index, query, model=ColourEmbedder(), plus=plus)
        assert {hit.probability for hit in found} == {None}
        assert not found.nothing_fits
        with pytest.raises(UsageError) as error:
            search(painted_index, query, model=ColourEmbedder(), plus=plus, min_probability=0.5)
        assert error.value.code == "no_calibration"
