"""Whole trainings of joint stages on tiny photographs: they learn, resume, choose, refuse and export."""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.refusal import refused
from tests.training.joint.tiny import DecoderHere, digest, joint_model, joint_recipe
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training import run
from vlret.training.joint.parts import PartMaker
from vlret.training.joint.trainer import JointTrainer
from vlret.training.log import read_metrics
from vlret.training.pairs import loader
from vlret.training.pairs.decode_clips import ClipDecoder

Rows = list[dict[str, str]]


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "initial_model", lambda recipe: joint_model())
    monkeypatch.setattr(loader, "ClipDecoder", DecoderHere)


def change_rows(folder: Path, change: Callable[[Rows], Rows]) -> None:
    file = folder / "data" / "pairs.csv"
    rows = change(list(csv.DictReader(file.open())))
    with file.open("w", newline="") as lines:
        table = csv.DictWriter(lines, ["path", "caption", "split"])
        table.writeheader()
        table.writerows(rows)


def test_it_learns_and_the_best_measurement_ships(tmp_path: Path) -> None:
    model = run.train(joint_recipe(tmp_path, steps=40, evaluate_every=10), tmp_path / "run")
    rows = read_metrics(tmp_path / "run")
    measured = [one.dev_r1 for one in rows if one.dev_r1 is not None]
    losses = [one.loss for one in rows if one.loss is not None]
    assert (len(measured), len(losses)) == (5, 40)
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:5])
    assert max(measured) > measured[0]
    embedder = VLJEPA(model)
    assert embedder.embed_clips([np.zeros((1, 28, 28, 3), np.uint8)]).shape == (1, 20)
    best = torch.load(tmp_path / "run" / "stages" / "images" / "images-best.pt", weights_only=True)
    assert best["dev_r1"] == pytest.approx(max(measured), abs=1e-3)
    shipped = VLJEPAModel.from_pretrained(model).state_dict()
    head = best["weights"]["predictor.head.weight"]
    assert torch.allclose(shipped["predictor.head.weight"], head, atol=2e-3)


def test_what_is_frozen_stays_and_all_else_moves(tmp_path: Path) -> None:
    run.train(joint_recipe(tmp_path, steps=3, evaluate_every=3), tmp_path / "run")
    before = VLJEPAModel.from_pretrained(tmp_path / "run" / "initial").state_dict()
    after = torch.load(tmp_path / "run" / "stages" / "images" / "images.pt", weights_only=True)["weights"]
    assert not any(name.startswith("x_encoder.") for name in after)
    # no pair has a query, and a bias before a softmax over it changes nothing
    still = {name for name, value in after.items() if torch.equal(value, before[name])}
    assert all(name.startswith("predictor.query_proj.") or name.endswith(".key.bias") for name in still), (
        still
    )


def test_parts_do_not_change_the_result(tmp_path: Path) -> None:
    for part in (8, 3):
        run.train(joint_recipe(tmp_path, steps=2, evaluate_every=2, part=part), tmp_path / str(part))
    one, other = (read_metrics(tmp_path / str(part)) for part in (8, 3))
    assert [a.loss for a in one[1:]] == pytest.approx([b.loss for b in other[1:]], rel=1e-4)
    assert [a.gradient_norm for a in one[1:]] == pytest.approx([b.gradient_norm for b in other[1:]], rel=1e-3)


def test_cached_tokens_are_made_once_and_change_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run.train(joint_recipe(tmp_path, steps=2, evaluate_every=2), tmp_path / "plain")
    encoded: list[int] = []
    encode = PartMaker.encode
    monkeypatch.setattr(
        PartMaker, "encode", lambda self, clips: encoded.append(len(clips)) or encode(self, clips)
    )
    recipe = joint_recipe(tmp_path, steps=2, evaluate_every=2, cache_tokens=True)
    kept = run.train(recipe, tmp_path / "kept")
    assert sum(encoded) == 48
    one, other = (read_metrics(tmp_path / name) for name in ("plain", "kept"))
    assert [a.loss for a in one[1:]] == pytest.approx([b.loss for b in other[1:]], rel=1e-2)
    assert digest(plain) != digest(kept)  # they are float16


def test_a_second_stage_begins_where_the_first_one_ended(tmp_path: Path) -> None:
    recipe = joint_recipe(tmp_path, steps=3)
    first = recipe.stages[0]
    second = replace(
        first, name="questions", steps=2, query="is there a dog ?", schedule="cosine", evaluate_every=2
    )
    model = run.train(replace(recipe, stages=(first, second)), tmp_path / "run")
    rows = read_metrics(tmp_path / "run")
    assert [one.stage for one in rows] == ["images"] * 4 + ["questions"] * 3
    cards = [VLJEPA(tmp_path / "run" / "stages" / name / "model").card for name in ("images", "questions")]
    assert [card.default_query for card in cards] == ["", "is there a dog ?"]
    assert VLJEPA(model).card.default_query == "is there a dog ?"


def test_a_stopped_run_ends_in_the_same_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = joint_recipe(tmp_path)
    whole = run.train(recipe, tmp_path / "whole")
    backward = JointTrainer.backward

    def stopping(self: JointTrainer, batch: tuple[int, object]) -> float:
        if batch[0] == 5:
            raise KeyboardInterrupt
        return backward(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(JointTrainer, "backward", stopping)
        with pytest.raises(KeyboardInterrupt):
            run.train(recipe, tmp_path / "parts")
    assert digest(run.train(recipe, tmp_path / "parts")) == digest(whole)
    one, other = (read_metrics(tmp_path / name) for name in ("whole", "parts"))
    assert one == other


def test_another_seed_gives_another_model(tmp_path: Path) -> None:
    recipe = joint_recipe(tmp_path, steps=2, evaluate_every=2)
    runs = [replace(recipe, seed=seed) for seed in (0, 0, 1)]
    found = [digest(run.train(one, tmp_path / str(n))) for n, one in enumerate(runs)]
    assert found[0] == found[1] != found[2]


def test_unreadable_media_and_blank_captions_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "ClipDecoder", ClipDecoder)
    recipe = joint_recipe(tmp_path, steps=20, evaluate_every=20)
    for n in range(4):
        (tmp_path / "data" / f"{n}.png").write_bytes(b"no picture")
    change_rows(
        tmp_path, lambda rows: [{**row, "caption": ""} if row["path"] == "5.png" else row for row in rows]
    )
    with caplog.at_level(logging.WARNING):
        run.train(recipe, tmp_path / "run")
    said = caplog.text
    assert "4 skipped: " in said
    assert "0.png" in said
    assert "1 skipped: empty caption" in said
    assert "5 skipped pairs are much for" in said


@pytest.mark.parametrize(
    ("change", "stage", "code"),
    [
        (lambda rows: [row for row in rows if row["split"] == "train"], {}, "no_dev_split"),
        (lambda rows: rows[:12], {"batch": 16}, "too_few_items"),
        (lambda rows: [], {}, "no_rows"),
        (lambda rows: rows, {"sets": ("none.csv",)}, "file_missing"),
    ],
)
def test_data_that_cannot_be_trained_on_is_refused_at_once(
    tmp_path: Path, change: Callable[[Rows], Rows], stage: dict[str, object], code: str
) -> None:
    recipe = joint_recipe(tmp_path, **stage)
    change_rows(tmp_path, change)
    with refused(code):
        run.train(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_another_recipe_is_refused_by_what_changed(tmp_path: Path) -> None:
    recipe = joint_recipe(tmp_path, steps=2, evaluate_every=2)
    run.train(recipe, tmp_path / "run")
    with refused("run_of_other_recipe") as refusal:
        run.train(replace(recipe, stages=(replace(recipe.stages[0], rate=0.5),)), tmp_path / "run")
    assert refusal.value.fields["changes"] == ["stages.0.rate was 0.005, is 0.5"]
