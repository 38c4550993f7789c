"""Published figures: read from the tables as printed, and told apart by version."""

from __future__ import annotations

import pytest

from vlret.datasets.published import published
from vlret.datasets.registry import card, names
from vlret.evaluation.results.contamination import contamination
from vlret.models.hf.trained_on import trained_on as of_transformers
from vlret.models.open_clip import trained_on


def figure(column: str, model: str, version: str) -> float:
    return next(row.value for row in published(column) if row.model == model and version in row.source)


def test_versions_are_told_apart():
    assert figure("youcook2", "VL-JEPA BASE", "v1,") == 23.1
    assert figure("youcook2", "VL-JEPA BASE", "v2,") == 40.4
    assert figure("egoexo4d", "PE-Core G", "v1,") == 13.0
    assert figure("egoexo4d", "PE-Core G", "v2,") == 13.6


RETRIEVAL = ("msrvtt", "activitynet", "didemo", "msvd", "youcook2", "pvd", "dream1k", "vdc1k")
TOP_1 = (
    "ssv2",
    "ek100",
    "egoexo4d",
    "kinetics400",
    "coin_step",
    "coin_task",
    "crosstask_step",
    "crosstask_task",
)


@pytest.mark.parametrize(
    ("columns", "model", "version", "mean"),
    [
        (RETRIEVAL, "VL-JEPA BASE", "v2,", 63.7), (RETRIEVAL, "VL-JEPA SFT", "v2,", 63.8),
        (RETRIEVAL, "VL-JEPA BASE", "v1,", 58.4), (RETRIEVAL, "VL-JEPA SFT", "v1,", 59.5),
        (RETRIEVAL, "CLIP RN50", "v2,", 28.3), (RETRIEVAL, "CLIP ViT-B", "v2,", 29.3),
        (RETRIEVAL, "CLIP ViT-L", "v2,", 35.3), (RETRIEVAL, "SigLIP2 B", "v2,", 39.6),
        (RETRIEVAL, "SigLIP2 L", "v2,", 45.4), (RETRIEVAL, "SigLIP2 g", "v2,", 47.5),
        (RETRIEVAL, "PE-Core B", "v2,", 44.9), (RETRIEVAL, "PE-Core L", "v2,", 50.2),
        (RETRIEVAL, "PE-Core G", "v2,", 58.1), (TOP_1, "VL-JEPA BASE", "v2,", 52.5),
        (TOP_1, "VL-JEPA SFT", "v2,", 75.4), (TOP_1, "VL-JEPA BASE", "v1,", 46.4),
        (TOP_1, "VL-JEPA SFT", "v1,", 70.7), (TOP_1, "CLIP RN50", "v2,", 21.8), (TOP_1, "CLIP ViT-B", "v2,", 25.4),
        (TOP_1, "CLIP ViT-L", "v2,", 30.7), (TOP_1, "SigLIP2 B", "v2,", 33.9), (TOP_1, "SigLIP2 L", "v2,", 38.6),
        (TOP_1, "SigLIP2 g", "v2,", 39.8), (TOP_1, "PE-Core B", "v2,", 37.2), (TOP_1, "PE-Core L", "v2,", 42.9),
        (TOP_1, "PE-Core G", "v2,", 44.7),
    ],
)  # fmt: skip
def test_rows_give_the_averages_that_the_paper_prints(columns: tuple, model: str, version: str, mean: float):
    values = [figure(column, model, version) for column in columns]
    assert sum(values) / len(values) == pytest.approx(
        mean, abs=0.071
    )  # v1's SFT average is 0.06 above its columns


@pytest.mark.parametrize(
    ("name", "choices", "value"),
    [
        ("coin", {"target": "step"}, 47.4),
        ("coin", {"target": "task"}, 79.4),
        ("crosstask", {"target": "step"}, 64.5),
        ("crosstask", {"target": "task"}, 89.6),
        ("ek100", {}, 21.8),
        ("worldprediction", {}, 63.9),
        ("sugarcrepe_pp", {}, 63.9),
        ("visla", {}, 42.9),
    ],
)
def test_cards_carry_the_figures_of_their_choice(name: str, choices: dict, value: float):
    rows = card(name, **choices).published
    assert value in [row.value for row in rows if row.model == "VL-JEPA BASE"]
    assert len({(row.model, row.source) for row in rows}) == len(rows)


def test_vision_language_models_are_quoted_with_who_ran_them():
    """Section 3.4 of `vljepa-paper.md`."""
    counts = {name: len(published(name)) - 2 for name in ("gqa", "tallyqa", "pope", "popev2")}
    assert counts == {"gqa": 9, "tallyqa": 9, "pope": 9, "popev2": 9}
    rows = {row.model: row for row in published("pope")}
    assert (rows["SmolVLM-2B"].value, rows["InstructBLIP-13B"].value) == (87.5, 79.0)
    assert rows["SmolVLM-2B"].source.startswith("run by the authors")
    assert rows["InstructBLIP-13B"].source.startswith("quoted from the literature")
    assert all(row.note for row in rows.values())


def test_sets_without_a_published_figure_have_none():
    assert published("ucf101") == card("ek100", target="verb").published == ()


def test_the_paper_scores_the_two_text_sets_by_different_means():
    """SugarCrepe++ by the mean over all triples, VISLA by that over its parts (`vljepa-paper.md`, table of texts)."""
    assert {row.metric for row in card("sugarcrepe_pp").published} == {"accuracy"}
    assert {row.metric for row in card("visla").published} == {"macro_accuracy"}


def marked(name: str, **choices: str) -> set[str]:
    """Models of a card's published rows that were trained on what overlaps with the set."""
    made = card(name, **choices)
    return {row.model for row in made.published if contamination(row.trained_on, made)}


def test_training_on_howto100m_is_marked_where_videos_are_shared():
    of_vljepa = {"VL-JEPA BASE", "VL-JEPA SFT"}
    for name in ("youcook2", "crosstask", "coin", "worldprediction"):
        assert marked(name) == of_vljepa
        assert "inferred" in card(name).overlaps["HowTo100M"]
    assert marked("didemo") == of_vljepa | {"CLIP RN50", "CLIP ViT-B", "CLIP ViT-L", "X-CLIP large"}
    assert marked("pvd") == {"PE-Core B", "PE-Core L", "PE-Core G"}
    assert marked("msrvtt") == marked("egoexo4d") == set()
    assert marked("kinetics400") == {"X-CLIP large"}


def test_every_figure_of_sft_and_of_fine_tuned_models_says_that_it_is_not_zero_shot():
    for name in names():
        for row in card(name).published:
            tuned = row.model.endswith("SFT") or name == "ek100_anticipation"
            assert row.note.startswith("not zero-shot") == tuned


@pytest.mark.parametrize(
    ("model", "weights"),
    [("CLIP ViT-L", "ViT-L-14/openai"), ("SigLIP2 g", "ViT-gopt-16-SigLIP2-256/webli"),
     ("PE-Core G", "PE-Core-bigG-14-448/meta")],
)  # fmt: skip
def test_reported_rows_are_of_the_weights_that_can_be_measured(model: str, weights: str):
    row = next(row for row in published("msrvtt") if row.model == model)
    assert set(row.trained_on) == set(trained_on(f"open_clip:{weights}"))


def test_models_of_video_are_reported_with_who_ran_them_and_their_pool():
    rows = {(row.model, row.source): row for row in published("msrvtt") if "VL-JEPA" not in row.model}
    clip = rows["X-CLIP large", "mteb results store of 2026-08-20"]
    assert (clip.value, clip.metric, clip.note) == (26.8, "R@1", "of another pool: 879 videos")
    prism = rows["VideoPrism-LvT-B", "reported by the model's authors"]
    assert (prism.value, prism.note) == (50.1, "")
    assert not [row for row in published("didemo") if row.model.startswith("VideoPrism")]
    assert not [row for row in published("youcook2") if row.model == "X-CLIP large"]


def test_kinetics_of_x_clip_is_not_zero_shot():
    row = next(row for row in published("kinetics400") if row.model == "X-CLIP large")
    assert (row.value, row.metric) == (83.2, "top-1")
    assert contamination(row.trained_on, card("kinetics400")) == ["Kinetics-400"]


@pytest.mark.parametrize(
    ("start", "repository"),
    [("X-CLIP", "microsoft/xclip-large-patch14"), ("VideoPrism", "google/videoprism-lvt-base-f16r288")],
)
def test_the_training_sets_are_those_of_the_loaded_models(start: str, repository: str):
    rows = [row for row in published("kinetics400") if row.model.startswith(start)]
    assert {row.trained_on for row in rows} == {of_transformers(repository)}
