"""The training of a text decoder from files to captions, also when it is stopped."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.conftest import ColourEmbedder
from tests.refusal import refused
from vlret.models.captioners.registry import load_captioner
from vlret.training.checkpoint import TrainingState
from vlret.training.text_decoder.captions import training_captions
from vlret.training.text_decoder.run import train_decoder


def test_it_learns_to_name_what_it_saw(recipe, tmp_path):
    folder = train_decoder(recipe, tmp_path / "run")
    model = ColourEmbedder()
    captioner = load_captioner(folder, model)
    for colour in ("red", "green", "blue"):
        caption = captioner.caption(model.embed_texts([colour]))[0]
        assert colour in caption.text
        assert caption.score > 0.9
    lines = [json.loads(line) for line in (tmp_path / "run" / "epochs.jsonl").read_text().splitlines()]
    assert [line["stage"] for line in lines] == ["texts"] * 40 + ["predictions"] * 40
    assert lines[39]["loss"] < lines[0]["loss"]
    assert captioner.unknown_threshold is not None


def test_the_bank_holds_only_its_own_sentences(recipe, tmp_path):
    train_decoder(replace(recipe, bank=100), tmp_path / "run")
    sentences = pq.read_table(tmp_path / "run" / "bank.parquet")["text"].to_pylist()
    assert sentences
    assert not set(sentences) & set(training_captions(recipe.data).texts)
    captioner = load_captioner(tmp_path / "run" / "bank.parquet", ColourEmbedder())
    assert captioner.unknown_threshold is not None


@pytest.mark.parametrize(("scores", "like"), [([0, 1, 5, 2], 2), ([0, 1, 2, 3], 3), ([9, 1, 2, 3], 0)])
def test_the_best_weights_are_kept(recipe, tmp_path, monkeypatch, scores, like):
    """Of four scores: before the stage, and after each of three epochs."""
    monkeypatch.setattr("vlret.training.text_decoder.run.dev_cider", lambda *_: next(given))
    three = replace(recipe, predictions=None, texts=replace(recipe.texts, epochs=3))
    given = iter(scores)
    found = train_decoder(three, tmp_path / "found")
    given = iter([float(number == like) for number in range(4)])
    assert digest(train_decoder(three, tmp_path / "expected")) == digest(found)
    given = iter([float(number == (like + 1) % 4) for number in range(4)])
    assert digest(train_decoder(three, tmp_path / "other")) != digest(found)


class StoppedError(Exception):
    """In place of a kill."""


@pytest.mark.parametrize("place", [0, 25, 50])
def test_a_stopped_run_ends_in_the_same_decoder(recipe, tmp_path, monkeypatch, place):
    recipe = replace(
        recipe, texts=replace(recipe.texts, epochs=8), predictions=replace(recipe.texts, epochs=12)
    )
    whole = train_decoder(recipe, tmp_path / "whole")
    step, steps = TrainingState.step, iter(range(10_000))

    def stop(*args):
        if next(steps) == place:
            raise StoppedError
        return step(*args)

    monkeypatch.setattr(TrainingState, "step", stop)
    with pytest.raises(StoppedError):
        train_decoder(recipe, tmp_path / "stopped")
    resumed = train_decoder(recipe, tmp_path / "stopped")
    assert digest(whole) == digest(resumed)


def test_a_directory_of_another_recipe_is_refused(recipe, tmp_path):
    train_decoder(replace(recipe, predictions=None), tmp_path / "run")
    with refused("run_of_other_recipe"):
        train_decoder(replace(recipe, predictions=None, seed=1), tmp_path / "run")


def test_a_directory_of_an_embedder_that_was_trained_again_is_refused(recipe, tmp_path, monkeypatch):
    train_decoder(replace(recipe, predictions=None), tmp_path / "run")
    again = ColourEmbedder()
    again.card = replace(again.card, weights_hash="1" * 64)
    monkeypatch.setattr("vlret.training.text_decoder.run.load_model", lambda *_: again)
    with refused("run_of_other_recipe"):
        train_decoder(replace(recipe, predictions=None), tmp_path / "run")


def test_too_few_captions_for_a_batch_are_refused(recipe, tmp_path):
    with refused("too_few_items"):
        train_decoder(replace(recipe, predictions=replace(recipe.texts, batch=28)), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_embeddings_are_computed_once(recipe, tmp_path, monkeypatch):
    train_decoder(replace(recipe, predictions=None), tmp_path / "run")
    monkeypatch.setattr("vlret.training.features.read_bytes", None)
    monkeypatch.setattr(ColourEmbedder, "embed_texts", few(ColourEmbedder.embed_texts))
    train_decoder(replace(recipe, predictions=None), tmp_path / "run")


def few(embed):
    """Refuse all captions at once; those of the dev images and of the bank are embedded again."""

    def checked(model, texts):
        assert len(texts) < 10
        return embed(model, texts)

    return checked


def digest(folder):
    return hashlib.sha256(
        np.concatenate([np.frombuffer(file.read_bytes(), np.uint8) for file in sorted(folder.iterdir())])
    ).hexdigest()
