"""benchmarks/ablations: settings differ in one thing, runs resume, and tables compare like with like."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from benchmarks.ablations.__main__ import _group
from benchmarks.ablations.bench import Bench
from benchmarks.ablations.data import Mixture
from benchmarks.ablations.model import CausalPredictor
from benchmarks.ablations.score import Scored, _answered, _retrieve, _tokens
from benchmarks.ablations.settings import BASE, GROUPS
from benchmarks.ablations.table import column, group_table
from benchmarks.ablations.train import Plan, Run
from benchmarks.features import TokenSet
from tests.models.vljepa.tiny import WORDS, tiny_config, tiny_model
from tests.refusal import refused
from vlret.datasets.tar_set import Item
from vlret.models.vljepa.predictor import Predictor

PLAN = Plan(steps=60, pretraining=40, batch=8, rate=5e-3, weight_decay=0.0)


def tokenise(text: str) -> list[int]:
    return [2, *(WORDS.index(word) if word in WORDS else 1 for word in re.findall(r"\w+|\?", text)), 3]


def item(
    name: str, captions: tuple[str, ...] = (), asked: tuple[tuple[str, tuple[str, ...]], ...] = ()
) -> Item:
    return Item(name, Path("x.tar"), "train", captions, "", asked)


@pytest.fixture
def mixture() -> Mixture:
    """Dogs and cats whose tokens differ; each is asked about, and named in captions."""
    rng = np.random.default_rng(0)
    things = ["dog", "cat"] * 8
    bases = {"dog": rng.normal(0, 1, (9, 32)), "cat": rng.normal(0, 1, (9, 32))}
    tokens = np.stack([bases[thing] + rng.normal(0, 0.1, (9, 32)) for thing in things])[:, None]
    asked = [(("is there a dog ?", ("yes" if thing == "dog" else "no",)),) for thing in things]
    colours = ("red", "green", "blue")
    items = [
        item(str(n), (f"a {colours[n % 3]} {thing}", f"a {thing} runs"), asked[n])
        for n, thing in enumerate(things)
    ]
    return Mixture([TokenSet(items, tokens.astype(np.float16))])


def run_of(seed: int = 0, **changes: object) -> Run:
    return Run(replace(BASE, **changes), PLAN, tiny_model(seed=seed), tokenise)


def test_the_settings_of_a_group_differ_from_its_first_in_one_field():
    for group in GROUPS.values():
        (first, _), *others = group.values()
        for other, _ in others:
            assert (
                sum(a != b for a, b in zip(asdict(first).values(), asdict(other).values(), strict=True)) == 1
            )


def test_a_causal_predictor_lets_no_token_see_later_ones():
    config = tiny_config()
    free, causal = Predictor(config).eval(), CausalPredictor(config).eval()
    with torch.no_grad():
        for parameter in free.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    causal.load_state_dict(free.state_dict())
    hidden, mask = torch.randn(1, 5, 16), torch.ones(1, 5, dtype=torch.bool)
    changed = hidden.clone()
    changed[:, 4] += 1
    with torch.inference_mode():
        assert torch.allclose(causal._blocks(hidden, mask)[:, :4], causal._blocks(changed, mask)[:, :4])
        assert not torch.allclose(free._blocks(hidden, mask)[:, :4], free._blocks(changed, mask)[:, :4])
        padded = torch.tensor([[True] * 4 + [False]])
        assert torch.allclose(
            causal._blocks(hidden, padded)[:, :4], causal._blocks(hidden[:, :4], mask[:, :4]), atol=1e-6
        )


def test_a_mixed_batch_is_half_captions_and_half_questions(mixture):
    batch = mixture.mixed(8, np.random.default_rng(0))
    assert batch.tokens.shape == (8, 9, 32)
    assert batch.queries[:4] == [""] * 4
    assert all(batch.queries[4:])
    assert set(batch.texts[4:]) <= {"yes", "no", "red", "green", "blue", "dog", "cat"}
    assert len(set(batch.inputs[:4].tolist())) == 4
    assert not set(batch.inputs[:4].tolist()) & set(batch.inputs[4:].tolist())


def test_a_run_learns_to_answer_and_one_that_reads_no_question_gives_one_answer_to_all(mixture, tmp_path):
    photos = mixture.sets[0]
    asked = [(n, one.questions[0][0], one.questions[0][1]) for n, one in enumerate(photos.items)]
    run = run_of()
    run.train_on(mixture, tmp_path / "run.pt", 0)
    assert _answered(run.eval(), photos, asked, ["no", "yes"]).hits.mean() == 1.0
    blind = run_of(query=False)
    tokens = torch.from_numpy(photos.tokens[:, 0]).float()
    with torch.inference_mode():
        assert torch.equal(blind.predict(tokens, ["is there a dog ?"] * 16), blind.predict(tokens, [""] * 16))
        assert not torch.equal(run.predict(tokens, ["is there a dog ?"] * 16), run.predict(tokens, [""] * 16))


def test_a_stopped_run_ends_in_the_same_weights(mixture, tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.ablations.train.SAVE_EVERY", 10)
    whole, stopped = run_of(pretrained=True), run_of(pretrained=True)
    whole.train_on(mixture, tmp_path / "whole.pt", 3)
    losses = iter(range(47))
    real = Run.batch_loss

    def interrupted(self, batch):
        next(losses)
        return real(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "batch_loss", interrupted)
        with pytest.raises(StopIteration):
            stopped.train_on(mixture, tmp_path / "stopped.pt", 3)
    again = run_of(pretrained=True)
    again.train_on(mixture, tmp_path / "stopped.pt", 3)
    for one, other in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("changes", "learning"),
    [
        ({"y_rate": 0, "head": False}, (False, False)),
        ({"y_rate": 0}, (False, True)),
        ({"y_rate": 0.1}, (True, True)),
    ],
)
def test_what_of_the_y_encoder_learns(mixture, tmp_path, changes, learning):
    run, before = run_of(**changes), run_of(**changes).model.y_encoder
    run.plan = replace(PLAN, steps=3)
    run.train_on(mixture, tmp_path / "run.pt", 0)
    after = run.model.y_encoder
    moved = [
        not torch.equal(dict(after.named_parameters())[name], dict(before.named_parameters())[name])
        for name in ("model.encoder.layer.0.attention.self.query.weight", "head.weight")
    ]
    assert tuple(moved) == learning
    assert torch.equal(
        after.model.embeddings.word_embeddings.weight, before.model.embeddings.word_embeddings.weight
    )


@pytest.mark.parametrize("loss", ["info_nce", "cosine", "l1", "l2", "sigmoid", "vicreg"])
def test_every_loss_brings_predictions_nearer_to_their_texts(mixture, tmp_path, loss):
    run = run_of(loss=loss, y_rate=0, head=False)
    run.plan = replace(PLAN, steps=30)
    batch = mixture.captions(8, np.random.default_rng(1))

    def cosine() -> float:
        with torch.inference_mode():
            return float(
                functional.cosine_similarity(
                    run.predict(batch.tokens, batch.queries), run.embed(batch.texts)
                ).mean()
            )

    before = cosine()
    run.train_on(mixture, tmp_path / "run.pt", 0)
    run.eval()
    assert cosine() > before + 0.1


def test_clips_are_scored_on_every_second_frame(mixture):
    photos = mixture.sets[0]
    clips = TokenSet(photos.items, np.repeat(photos.tokens, 8, axis=1))
    run = run_of().eval()
    with torch.inference_mode():
        one = _retrieve(run, [photos])
    assert len(one.hits) == 32
    assert one.groups.tolist() == [n // 2 for n in range(32)]
    assert _tokens(clips, [0, 1]).shape == (2, 36, 32)
    assert _tokens(photos, [0, 1]).shape == (2, 9, 32)


def test_a_run_is_trained_once_and_leaves_no_checkpoint(mixture, tmp_path, monkeypatch):
    trained = []

    def small(setting, seed):
        trained.append((setting, seed))
        return tiny_model(seed=seed)

    monkeypatch.setattr("benchmarks.ablations.bench.build", small)
    monkeypatch.setattr("benchmarks.ablations.bench.training_mixture", lambda data, features: mixture)
    monkeypatch.setattr("benchmarks.ablations.bench.score", lambda run, sets: {"class a": hits(0.3)})
    monkeypatch.setattr(Bench, "_tokens", lambda self, text: tokenise(text))
    bench = Bench(tmp_path, tmp_path, tmp_path, "test", replace(PLAN, steps=2))
    first, again = bench.scored(BASE, 1), bench.scored(BASE, 1)
    assert trained == [(BASE, 1)]
    assert first["class a"].hits.tolist() == again["class a"].hits.tolist() == hits(0.3).hits.tolist()
    assert [file.suffix for file in tmp_path.iterdir()] == [".npz"]


def hits(share: float, n: int = 200) -> Scored:
    return Scored((np.arange(n) < share * n).astype(np.float64), np.arange(n))


def test_a_column_is_the_mean_of_its_sets_and_a_difference_is_paired():
    one = [{"class a": hits(0.5), "class b": hits(0.7), "vqa c": hits(0.1)}] * 2
    other = [{"class a": hits(0.6), "class b": hits(0.8), "vqa c": hits(0.1)}] * 2
    first = column(one, one, "class ")
    assert first.value == pytest.approx(60)
    assert first.low < 60 < first.high
    assert first.delta is None
    changed = column(other, one, "class ")
    assert changed.delta[0] == pytest.approx(10)
    assert 0 < changed.delta[1] < 10 < changed.delta[2] < 17
    assert column(other, one, "vqa ").delta == (0, 0, 0)


def test_seeds_that_differ_widen_the_interval():
    same = [{"class a": hits(0.5, 2000)}] * 3
    apart = [{"class a": hits(share, 2000)} for share in (0.3, 0.5, 0.7)]
    narrow, wide = column(same, same, "class "), column(apart, apart, "class ")
    assert narrow.value == wide.value == pytest.approx(50)
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)


def test_the_table_has_the_papers_figures_beside():
    runs = [{"class a": hits(0.5), "retrieval b": hits(0.5), "vqa c": hits(0.5)}]
    lines = group_table({"first": (runs, (1.0, 2.0, 3.0)), "second": ([*runs], None)}).split("\n")
    assert lines[2].startswith("| first | 1 | 50.0 (")
    assert lines[2].endswith("| 1.0 / 2.0 / 3.0 |")
    assert "; +0.0 (+0.0 to +0.0)" in lines[3]


def test_a_group_that_does_not_exist_is_refused():
    with refused("unknown_group"):
        _group("colour")
