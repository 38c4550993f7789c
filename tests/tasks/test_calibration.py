"""Probabilities from cosines: exact values, and files that are damaged or another model's."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import save

from tests.conftest import ColourEmbedder
from vlret.errors import ModelError
from vlret.models.captioners.bank import SPACE
from vlret.models.registry import load_model
from vlret.tasks import calibration_file
from vlret.tasks.calibration import Calibration, features, probability
from vlret.tasks.calibration_file import CURVES, FILE, load_calibration, read_calibration, save_calibration

NULL = np.array([[0.6, 0.8, 0, 0]] * 4 + [[1, 0, 0, 0]] + [[-1, 0, 0, 0]] * 5, np.float32)
DEVIATION = np.std([0.6] * 4 + [1] + [-1] * 5)
QUERY = np.array([1, 0, 0, 0], np.float32)
MADE = Calibration(NULL, hit=(10, -5, -1, 2, 3, 0.5), answer=(10, -10, 0, 0, 0, 0), least=0.5)
CARD = ColourEmbedder().card
GOOD = {"hit": [1, 0, 0, 0, 0, 0], "answer": [1, 0, 0, 0, 0, 0], "least": 0.5}


def test_a_score_is_seen_beside_the_five_nearest_unrelated_clips_and_the_number_of_clips():
    found = features(NULL, QUERY, [0.7, 0.2], 100)
    of_query = [(1 + 4 * 0.6) / 5, np.log(100), DEVIATION]
    rows = [[0.7, *of_query, 0.7 * DEVIATION], [0.2, *of_query, 0.2 * DEVIATION]]
    assert found == pytest.approx(np.array(rows))


def test_the_probability_is_the_logistic_curve_of_the_features():
    found = MADE.of_query(QUERY, 100).probabilities([0.7, 0.2])
    odds = (
        np.array([7, 2]) - 5 * 0.68 - np.log(100) + 2 * DEVIATION + 3 * DEVIATION * np.array([0.7, 0.2]) + 0.5
    )
    assert found == pytest.approx(1 / (1 + np.exp(-odds)))


def test_a_curve_of_any_size_stays_between_0_and_1():
    assert probability([1e9, 0], np.array([[1.0], [-1.0]])).tolist() == [1, 0]


def test_nothing_fits_below_the_least_probability_of_an_answer():
    made = MADE.of_query(QUERY, 100)
    assert made.nothing_fits(0.67)
    assert not made.nothing_fits(0.69)


def test_a_file_gives_back_what_was_written(tmp_path):
    save_calibration(MADE, tmp_path / FILE, CARD)
    read = read_calibration(tmp_path / FILE, CARD)
    assert np.abs(read.null - NULL).max() < 1e-3
    assert np.linalg.norm(read.null, axis=1) == pytest.approx(1)
    assert (read.hit, read.answer, read.least) == (MADE.hit, MADE.answer, MADE.least)


def write(file, null=NULL, space=CARD.weights_hash, curves=GOOD, name="vectors", kind="float16"):
    file.write_bytes(save({name: null.astype(kind)}, {SPACE.decode(): space, CURVES: json.dumps(curves)}))


@pytest.mark.parametrize(
    "changed",
    [
        {"space": "1" * 64},
        {"null": NULL[:, :3]},
        {"null": NULL[:0]},
        {"null": NULL * 0},
        {"null": np.full_like(NULL, np.nan)},
        {"null": NULL[0]},
        {"name": "other"},
        {"kind": "float32"},
        {"curves": []},
        {"curves": {**GOOD, "hit": [1, 0, 0, 0]}},
        {"curves": {**GOOD, "answer": [1, 0, 0, 0, 0, float("nan")]}},
        {"curves": {**GOOD, "least": 2}},
        {"curves": {}},
    ],
)
def test_a_damaged_file_is_named(tmp_path, changed):
    write(tmp_path / FILE)
    read_calibration(tmp_path / FILE, CARD)  # the file is good without the change
    write(tmp_path / FILE, **changed)
    with pytest.raises(ModelError, match=FILE) as error:
        read_calibration(tmp_path / FILE, CARD)
    assert error.value.code == "damaged_calibration"


def test_bytes_that_are_no_safetensors_are_named(tmp_path):
    (tmp_path / FILE).write_bytes(b"not one tensor")
    with pytest.raises(ModelError) as error:
        read_calibration(tmp_path / FILE, CARD)
    assert error.value.code == "damaged_calibration"


def test_every_cut_of_a_file_is_refused(tmp_path):
    write(tmp_path / FILE)
    whole = (tmp_path / FILE).read_bytes()
    for length in range(0, len(whole), 37):
        (tmp_path / FILE).write_bytes(whole[:length])
        with pytest.raises(ModelError):
            read_calibration(tmp_path / FILE, CARD)


def test_a_file_that_claims_a_million_rows_is_refused(tmp_path):
    write(tmp_path / FILE, null=np.tile(QUERY, (70_000, 1)))
    with pytest.raises(ModelError, match="70,000"):
        read_calibration(tmp_path / FILE, CARD)


def test_other_models_have_none():
    assert load_calibration(ColourEmbedder()) is None


def test_vljepa_mini_comes_with_one_that_rises_with_the_cosine():
    made = load_calibration(load_model("vljepa-mini"))
    assert made is not None
    assert made.null.shape == (2000, 384)
    of_query = made.of_query(made.null[0], 100)
    assert (np.diff(of_query.probabilities(np.linspace(-1, 1, 21))) > 0).all()
    assert of_query.nothing_fits(0.0)
    assert not of_query.nothing_fits(1.0)


def test_a_vl_jepa_without_the_file_has_none(monkeypatch):
    monkeypatch.setattr(calibration_file, "FILE", "missing.safetensors")
    assert load_calibration(load_model("vljepa-mini")) is None
