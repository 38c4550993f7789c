"""The benchmark of "nothing fits": which queries have an answer, what is fitted, and its statistics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.nothing_fits.fit import fit, logistic, score
from benchmarks.nothing_fits.pools import Pool
from benchmarks.nothing_fits.queries import draw_trials
from benchmarks.nothing_fits.report import auc, rejected, reliability, table
from benchmarks.nothing_fits.tried import tried
from benchmarks.nothing_fits.words import all_words, content_words, shares
from vlret.datasets.tar_set import Item
from vlret.tasks.calibration import Calibration, probability
from vlret.vectors import unit_rows

DIM, N = 16, 60
WORDS = ("red", "blue", "green", "tall", "fast", "cold", "wet", "loud")
THINGS = ("dog", "cat", "horse", "boat", "train", "guitar", "beach", "street")


@pytest.fixture(scope="module")
def pool() -> Pool:
    """Items of eight things in eight colours; the vector of an item is somewhat like that of its thing."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(len(THINGS), DIM))
    items = [
        Item(f"{n}.png", Path("a.tar"), "dev", (f"a {WORDS[n // 8]} {THINGS[n % 8]}",) * 5) for n in range(N)
    ]
    vectors = np.stack([centres[n % 8] + 1.5 * rng.normal(size=DIM) for n in range(N)])
    return Pool("painted", items, unit_rows(vectors))


@pytest.fixture(scope="module")
def scored(pool):
    trials = draw_trials([pool], (5, 30), 60)
    rng = np.random.default_rng(1)
    texts = {}
    for number, item in enumerate(pool.items):
        texts[item.captions[0]] = unit_rows(pool.vectors[number] + rng.normal(size=(1, DIM)) / 4)[0]
        texts.setdefault(THINGS[number % 8], unit_rows(pool.vectors[number % 8 :: 8].mean(0)[None])[0])
    null = unit_rows(rng.normal(size=(40, DIM)))
    return score(trials, {pool.name: pool.vectors}, texts, null), null


def test_words_that_carry_the_meaning_are_compared_without_their_endings():
    assert content_words("Two puppies are running on the grass") == {"dog", "run", "gras"}
    said = [all_words(["a dog runs"]), all_words(["a cat", "grass"])]
    assert shares(content_words("dogs running over grass"), said).tolist() == pytest.approx([2 / 3, 1 / 3])


def test_half_of_the_indexes_hold_an_answer_and_the_others_nothing_like_it(pool):
    trials = draw_trials([pool], (5, 30), 60)
    groups = {trial.group for trial in trials}
    assert groups == {("painted", kind, size) for kind in ("captions", "objects") for size in (5, 30)}
    assert sum(trial.right.any() for trial in trials) == len(trials) / 2
    for trial in trials:
        assert len(set(trial.rows.tolist())) == len(trial.rows) == trial.group[2]
        words = content_words(trial.query.text)
        said = [words & pool.said[row] for row in trial.rows]
        assert trial.right.any() == any(one == words for one in said)
        if not trial.right.any():
            assert not any(said)


def test_captions_of_another_set_are_absent_whatever_is_drawn(pool):
    other = Pool(
        "other", [Item("x.png", Path("b.tar"), "dev", ("a purple piano in snow",))], pool.vectors[:1]
    )
    trials = draw_trials([pool, other], (5,), 20)
    absent = [one for one in trials if "another set" in one.group[1] and not one.right.any()]
    assert {one.query.text for one in absent} == {"a purple piano in snow"}
    assert len(absent) == 10


def test_the_hits_are_the_nearest_of_the_index(pool, scored):
    one = scored[0][0]
    cosines = pool.vectors[one.trial.rows] @ one.vector
    assert one.features[:, 0] == pytest.approx(np.sort(cosines)[::-1][:10])
    assert one.right.tolist() == one.trial.query.right[one.rows].tolist()


def test_a_fit_finds_the_curve_that_made_the_data():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20_000, 2)) * [1, 10]
    truth = rng.random(20_000) < probability([2, 0.1, -1], values)
    assert logistic(values, truth) == pytest.approx((2, 0.1, -1), abs=0.1)


def test_the_threshold_keeps_95_of_100_queries_with_an_answer(scored):
    trials, null = scored
    made = fit(trials, null)
    best = np.stack([one.features[0] for one in trials if one.is_present])
    assert (probability(made.answer, best) >= made.least).mean() == pytest.approx(0.95, abs=0.02)
    assert "painted | captions | 30" in table(trials, made)
    assert len(reliability(trials, made).splitlines()) == 11


def test_statistics_of_known_scores():
    present, absent = np.array([0.1, *np.full(99, 0.8)]), np.array([0.2, 0.9])
    assert auc(np.array([2.0, 3]), np.array([1.0, 2])) == (3 + 0.5) / 4
    assert rejected(present, absent) == 0.5


def test_reliability_counts_right_hits_by_what_was_promised(scored):
    trials, null = scored
    certain = Calibration(null, (0, 0, 0, 0, 0, 9), (0, 0, 0, 0, 0, 9), 0.5)
    last = reliability(trials, certain).splitlines()[-1].split(" | ")
    assert last[1] == str(len(trials))
    assert last[2] == f"{100 * np.mean([one.right[0] for one in trials]):.0f}%"


def test_choices_are_tabled(pool, scored):
    trials, null = scored
    rows = tried(trials, {pool.name: pool.vectors}, null, null).splitlines()
    assert rows[0].startswith("features | all: AUC")
    assert "chosen: " in rows[11]
