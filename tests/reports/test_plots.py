"""plots.py: well-formed SVG that asks for nothing and says what the document says."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tests.reports.bench_documents import from_json
from vlret.reports.plots import accuracy_against_cost, main_bars, recall_curves

_SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()).strip() for node in ElementTree.fromstring(svg).iter(f"{_SVG}text")]


def references(svg: str) -> list[str]:
    return re.findall(r'(?:href|src)="([^"]*)"', svg) + re.findall(r"url\(([^)]*)\)", svg)


def test_curves_name_every_model_and_direction(results):
    svg = recall_curves(results["retrieval"])
    assert {"colour, text to video", "colour, video to text", "swaps_<b>|$x$&, text to video"} <= set(
        texts(svg)
    )
    assert {"1", "5", "10", "50"} <= set(texts(svg))
    assert all(reference.startswith("#") for reference in references(svg))
    assert "currentColor" in svg


@pytest.mark.parametrize("task", ["classification", "vqa", "text", "states"])
def test_bars_name_every_model(results, task):
    assert {"colour", "swaps_<b>|$x$&"} <= set(texts(main_bars(results[task])))


def test_cost_is_drawn_for_models_of_which_it_is_known(results):
    document = results["retrieval"].to_json()
    nothing = {"clips": 0, "seconds": 0.0, "cached_clips": 0, "cached_seconds": 0.0}
    document["models"][0]["cost"] = {**nothing, "clips": 4, "seconds": 2.0}
    document["models"][1]["cost"] = nothing
    drawn = texts(accuracy_against_cost(from_json(document)))
    assert {"colour", "seconds per clip, measured when encoded"} <= set(drawn)
    assert not any(text.startswith("swaps") for text in drawn)
    document["models"][0]["cost"] = None  # vectors made elsewhere
    assert accuracy_against_cost(from_json(document)) == ""


def test_cost_of_a_cached_run_is_that_of_the_run_that_encoded(results):
    document = results["retrieval"].to_json()
    first, second = document["models"]
    first["cost"] = {"clips": 4, "seconds": 2.0, "cached_clips": 0, "cached_seconds": 0.0}
    second["cost"] = {"clips": 0, "seconds": 0.0, "cached_clips": 4, "cached_seconds": 2.0}
    drawn = accuracy_against_cost(from_json(document))
    assert {"colour", "swaps_<b>|$x$&, 4 of 4 clips from the cache"} <= set(texts(drawn))
    second["cost"] = {"clips": 3, "seconds": 1.5, "cached_clips": 1, "cached_seconds": 0.5}
    assert accuracy_against_cost(from_json(document)) == drawn.replace("4 of 4", "1 of 4")


def test_plots_share_no_ids(results):
    drawn = [recall_curves(results["retrieval"]), main_bars(results["vqa"])]
    ids = [found for svg in drawn for found in re.findall(r' id="([^"]*)"', svg)]
    assert len(ids) == len(set(ids))
