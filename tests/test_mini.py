"""The shipped vljepa-mini: its figures, its files, its card."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import vlret
from benchmarks.mini.__main__ import CONTESTANTS
from benchmarks.mini.rows import side_by_side, table
from benchmarks.mini.scores import retrieval
from benchmarks.mini.sets import captioned_photos
from vlret.models.registry import ASSETS
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.export import weights_hash

MINI = ASSETS / "vljepa-mini"
RESULTS = Path("benchmarks/mini/results/vljepa-mini.json")
BASELINE = RESULTS.with_name("baseline.json")
BARS = {"flickr8k": (25, 54, 67), "web_pairs": (36, 68, 80)}
UNTOUCHED = {"sugarcrepe_pp": 66.2, "visla": 53.0}
"""What all-MiniLM-L6-v2 has before any training, over the same triples."""


@pytest.fixture(scope="module")
def stored() -> dict[str, dict[str, float]]:
    rows = json.loads(RESULTS.read_text())["rows"]
    return {row["name"]: {name: figure["value"] for name, figure in row["figures"].items()} for row in rows}


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("name", BARS)
def test_text_to_image_figures_are_what_the_card_says(
    name: str, data_dir: Path, stored: dict[str, dict[str, float]]
) -> None:
    model = vlret.load_model("vljepa-mini", dtype="float32")
    row = retrieval(model, captioned_photos(data_dir, name))[0]
    found = [row["figures"][f"R@{k}"]["value"] for k in (1, 5, 10)]
    assert found == pytest.approx([stored[row["name"]][f"R@{k}"] for k in (1, 5, 10)], abs=0.3)
    assert all(value >= bar for value, bar in zip(found, BARS[name], strict=True))


def test_questions_are_answered_from_the_picture(stored: dict[str, dict[str, float]]) -> None:
    asked = stored["flickr8k, is it there? random"]
    assert asked["accuracy"] >= asked["blind"] + 12
    rooms = stored["daquar"]
    assert rooms["accuracy"] > rooms["blind"] > rooms["most frequent"]


def test_photographs_find_their_captions(stored: dict[str, dict[str, float]]) -> None:
    assert stored["flickr8k test, clip to text"]["R@1"] >= 32


@pytest.mark.parametrize("name", UNTOUCHED)
def test_texts_are_told_apart_no_worse_than_before_training(
    name: str, stored: dict[str, dict[str, float]]
) -> None:
    assert stored[f"{name}, texts alone"]["accuracy"] >= UNTOUCHED[name]


def test_several_frames_are_better_than_one(stored: dict[str, dict[str, float]]) -> None:
    names = ("text to clip", "best of eight frame positions")
    whole, best = (stored[f"captioned clips, test, {name}"] for name in names)
    assert all(whole[k] > best[k] for k in ("R@1", "R@5", "R@10"))


def test_labels_are_more_often_right_than_the_linear_baseline(stored: dict[str, dict[str, float]]) -> None:
    rows = json.loads(BASELINE.read_text())["rows"]
    labelled = [row for row in rows if "classes" in row["name"]]
    assert len(labelled) == 3
    for row in labelled:
        assert stored[row["name"]]["top-1"] > row["figures"]["top-1"]["value"]


def test_card_holds_the_stored_table() -> None:
    results = json.loads(RESULTS.read_text())
    assert table(results["rows"]) in (MINI / "README.md").read_text()
    assert results["model"]["weights_hash"] == weights_hash(MINI)


def test_docs_hold_the_stored_table_of_all_contestants() -> None:
    files = (RESULTS.with_name(f"{name}.json") for name in CONTESTANTS)
    rows = {file.stem: json.loads(file.read_text())["rows"] for file in files}
    assert side_by_side(rows) in Path("docs/benchmarks.md").read_text()


def test_files_are_small_and_their_hash_is_true() -> None:
    card = vlret.load_model("vljepa-mini").card
    assert card.weights_hash == weights_hash(MINI)
    assert sum(file.stat().st_size for file in MINI.iterdir()) < 64e6


def test_bfloat16_rows_agree_whatever_the_batch_and_stay_near_float32() -> None:
    clips = sorted((ASSETS / "samples" / "photos").iterdir())
    exact, model = (vlret.load_model("vljepa-mini", dtype=d) for d in ("float32", "bfloat16"))
    together, alone = model.embed_clips(clips), np.concatenate([model.embed_clips([clip]) for clip in clips])
    assert (together * alone).sum(1).min() > 0.995
    assert (together * exact.embed_clips(clips)).sum(1).min() > 0.985


def test_transformers_loads_the_same_model() -> None:
    model, embedder = (
        VLJEPAModel.from_pretrained(MINI).eval(),
        vlret.load_model("vljepa-mini", dtype="float32"),
    )
    ids = torch.tensor([embedder.tokens("a dog runs on grass", 128)])  # type: ignore[attr-defined]
    with torch.inference_mode():
        vector = model.embed_text(ids, torch.ones_like(ids, dtype=torch.bool)).numpy()
    assert np.abs(vector - embedder.embed_texts(["a dog runs on grass"])).max() < 1e-4


def test_the_same_clip_answers_different_questions_differently() -> None:
    model = vlret.load_model("vljepa-mini", dtype="float32")
    tokens = model.encode_clips([ASSETS / "samples" / "photos" / "cat_face.jpg"])
    vectors = np.concatenate(
        [model.predict(tokens, q) for q in ("is there a cat?", "what color is the cat?", "")]
    )
    assert (vectors @ vectors.T)[np.triu_indices(3, 1)].max() < 0.99
