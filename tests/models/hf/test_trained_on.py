"""What the models of the hub were trained on."""

from __future__ import annotations

import pytest

from tests.models.open_clip_folders import cache_as
from vlret.datasets.kinetics400 import card
from vlret.evaluation.results.contamination import contamination
from vlret.models.hf.trained_on import trained_on
from vlret.models.registry import load_model


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("microsoft/xclip-base-patch32", "Kinetics-400"),
        ("microsoft/xclip-base-patch16-kinetics-600-16-frames", "Kinetics-600"),
        ("microsoft/xclip-base-patch16-hmdb-2-shot", "HMDB51"),
        ("google/siglip2-base-patch16-224", "WebLI"),
        ("openai/clip-vit-base-patch32", "WIT-400M"),
    ],
)
def test_known_models_name_their_datasets(repository, expected):
    assert expected in trained_on(repository)


def test_of_other_models_nothing_is_said():
    assert trained_on("someone/xclip-base-patch32") == ()


def test_kinetics_of_x_clip_is_marked(hf_folders, hub_cache):
    cache_as("microsoft/xclip-base-patch32", hf_folders["xclip"], hub_cache)
    model = load_model("hf:microsoft/xclip-base-patch32", "cpu")
    assert contamination(model.card.trained_on, card()) == ["Kinetics-400"]
