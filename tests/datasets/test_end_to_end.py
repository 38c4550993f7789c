"""Every set on small files of its form and small media, scored by a model from end to end."""

from __future__ import annotations

from pathlib import Path

import pytest

import vlret
from tests.conftest import ColourEmbedder
from vlret.datasets.base import TextSet
from vlret.datasets.registry import load, names
from vlret.evaluation.run import protocol_for, run

from .small import write_annotations, write_media

SAMPLES = Path(vlret.__file__).parent / "assets/samples"


@pytest.mark.parametrize("name", names())
def test_every_set_runs_end_to_end(tmp_path: Path, colour_model: ColourEmbedder, name: str):
    write_annotations(name, tmp_path / "annotations")
    found = load(name, tmp_path / "annotations")
    write_media(
        found, tmp_path / "data", SAMPLES / "videos/city_traffic.mp4", SAMPLES / "photos/coffee_cup.jpg"
    )
    document = run(
        found, tmp_path / "data", [colour_model], protocol_for(found.card), cache=tmp_path / "cache"
    )
    assert document["dataset"]["name"] == name
    assert document["missing"] == []
    assert not [item for item in document["items"] if "undecodable" in item]
    whole = document["models"][0]["parts"][0]
    assert all(0 <= figure["value"] <= 100 for key, figure in whole["figures"].items() if "rank" not in key)
    assert bool(colour_model.n_clips_seen) == (not isinstance(found, TextSet))
