"""label.py against plain numpy: prompts, softmax, margins, threshold; index and clips agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vlret.errors import MediaError, UsageError
from vlret.tasks.label import classify, label_embeddings, readable
from vlret.types import Clip

NAMES = ["red", "green", "blue", "grey"]
TEMPLATES = ["a photo of {}", "{} and red", "something {} or blue"]


@pytest.fixture
def prompted(colour_model):
    """The colour model with three prompts and another temperature."""
    colour_model.card = replace(colour_model.card, prompts=tuple(TEMPLATES), temperature=0.3)
    return colour_model


def softmax(scores, temperature):
    shares = np.exp(scores.astype(np.float64) / temperature)
    return shares / shares.sum(-1, keepdims=True)


def test_prompts_are_averaged_as_unit_vectors(prompted):
    expected = []
    for name in NAMES:
        mean = prompted.embed_texts([prompt.replace("{}", name) for prompt in TEMPLATES]).mean(0)
        expected.append(mean / np.linalg.norm(mean))
    assert label_embeddings(prompted, NAMES) == pytest.approx(np.stack(expected), abs=1e-6)
    given = label_embeddings(prompted, NAMES, ["{}"])
    assert given == pytest.approx(prompted.embed_texts(NAMES), abs=1e-6)


def test_an_index_is_labelled_from_its_vectors(painted_index, prompted):
    items = classify(painted_index, NAMES, model=prompted, top=2)
    scores = painted_index.vectors() @ label_embeddings(prompted, NAMES).T
    shares, order = softmax(scores, 0.3), np.argsort(-scores, axis=1, kind="stable")
    assert prompted.n_clips_seen == 0
    assert len(items) == len(painted_index)
    for i, (item, row) in enumerate(zip(items, painted_index.rows().itertuples(), strict=True)):
        first, second = order[i, :2]
        assert (item.path, item.start, item.end) == (row.path, row.start, row.end)
        assert item.label == NAMES[first]
        assert item.score == pytest.approx(scores[i, first], abs=1e-6)
        assert item.probability == pytest.approx(shares[i, first], abs=1e-6)
        assert item.margin == pytest.approx(scores[i, first] - scores[i, second], abs=1e-6)
        assert [one.label for one in item.top] == [NAMES[first], NAMES[second]]
        assert [one.probability for one in item.top] == pytest.approx(shares[i, [first, second]], abs=1e-6)


def test_clips_and_their_index_agree(painted, painted_index, colour_model):
    rows = painted_index.rows()
    clips = [painted_index.resolve(clip_id) for clip_id in rows["clip_id"]]
    of_index = classify(painted_index, NAMES, model=colour_model)
    of_clips = classify(clips, NAMES, model=colour_model)
    assert [item.label for item in of_index] == [item.label for item in of_clips]
    assert [item.path for item in of_index] == [item.path for item in of_clips]
    # float16 on disk
    assert [i.score for i in of_index] == pytest.approx([i.score for i in of_clips], abs=1e-3)


def test_probabilities_run_over_all_labels_however_few_are_listed(painted_index, colour_model):
    whole = classify(painted_index, NAMES, model=colour_model, top=99)
    short = classify(painted_index, NAMES, model=colour_model, top=1)
    assert all(sum(one.probability for one in item.top) == pytest.approx(1) for item in whole)
    assert [(i.probability, i.margin) for i in short] == [(i.probability, i.margin) for i in whole]
    assert {len(item.top) for item in short} == {1}


def test_below_the_threshold_a_clip_is_unknown(painted_index, colour_model):
    plain = classify(painted_index, NAMES, model=colour_model)
    middle = float(np.median([item.probability for item in plain]))
    items = classify(painted_index, NAMES, model=colour_model, threshold=middle)
    expected = [item.label if item.probability >= middle else "unknown" for item in plain]
    assert [item.label for item in items] == expected
    assert 0 < expected.count("unknown") < len(expected)
    assert [item.top for item in items] == [item.top for item in plain]


def test_one_label_is_certain_and_has_no_margin(painted_index, colour_model):
    for item in classify(painted_index, ["red"], model=colour_model):
        assert (item.label, item.probability, item.margin) == ("red", 1.0, 0.0)


def test_many_labels_are_embedded_in_batches(painted_index, colour_model, monkeypatch):
    names = [f"thing {i}" for i in range(2500)] + NAMES
    whole = label_embeddings(colour_model, names)
    monkeypatch.setattr("vlret.models.many_texts._TEXTS_AT_ONCE", 7)
    assert label_embeddings(colour_model, names) == pytest.approx(whole, abs=1e-6)
    found = {item.label for item in classify(painted_index, names, model=colour_model)}
    assert {"red", "green", "blue"} <= found


def test_sharp_temperatures_do_not_overflow(painted_index, colour_model):
    colour_model.card = replace(colour_model.card, temperature=1e-4)
    items = classify(painted_index, NAMES, model=colour_model, top=4)
    assert all(np.isfinite([one.probability for one in item.top]).all() for item in items)


def test_pixels_paths_and_no_clips(painted, colour_model):
    red = np.full((1, 4, 4, 3), (255, 0, 0), np.uint8)
    items = classify([red, painted / "blue.png", Clip(painted / "long.gif", 10)], NAMES, model=colour_model)
    assert [item.label for item in items] == ["red", "blue", "blue"]
    assert [item.path for item in items] == ["", str(painted / "blue.png"), str(painted / "long.gif")]
    assert classify([], NAMES, model=colour_model) == []


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("brush_hair", "brush hair"), ("ApplyEyeMakeup", "Apply Eye Makeup"), ("TaiChi", "Tai Chi"),
        ("HTMLPage", "HTML Page"), ("red car", "red car"), ("a McDonald shop", "a McDonald shop"),
        ("NASA", "NASA"),
        ("jump_rope_3", "jump rope 3"), (" cat ", "cat"), ("Straße_Ü", "Straße Ü"), ("{x}", "{x}"),
    ],
)  # fmt: skip
def test_names_are_made_readable(label, text):
    assert readable(label) == text


def test_a_label_with_braces_is_a_plain_text(colour_model):
    seen = []
    embed = colour_model.embed_texts
    colour_model.embed_texts = lambda texts: seen.extend(texts) or embed(texts)
    label_embeddings(colour_model, ["{}", "100% {name}"], ["a {} b"])
    assert seen == ["a {} b", "a 100% {name} b"]


@pytest.mark.parametrize(
    ("labels", "options", "code"),
    [
        ([], {}, "no_labels"),
        (["a", ""], {}, "empty_label"),
        (["a"], {"top": 1.5}, "not_a_count"),
        (["a"], {"top": 0}, "not_a_count"),
        (["a"], {"templates": []}, "no_template"),
        (["a"], {"templates": ["no place"]}, "invalid_template"),
        (["a"], {"templates": ["{} and {}"]}, "invalid_template"),
        (["a"], {"threshold": 1.5}, "invalid_threshold"),
        (["a"], {"threshold": float("nan")}, "invalid_threshold"),
        (["a"], {"threshold": "auto"}, "no_calibrated_threshold"),
        (["a"], {"model": None}, "no_model"),
    ],
)
def test_wrong_values_are_refused(colour_model, labels, options, code):
    with pytest.raises(UsageError) as error:
        classify([], labels, **{"model": colour_model, **options})
    assert error.value.code == code


@pytest.mark.parametrize(
    ("labels", "options"),
    [
        ("cat", {}),
        ({"a": 1}, {}),
        (["a", float("nan")], {}),
        (["a"], {"templates": "{}"}),
        (["a"], {"model": 5}),
    ],
)
def test_arguments_of_wrong_types_are_refused(colour_model, labels, options):
    with pytest.raises(UsageError):
        classify([], labels, **{"model": colour_model, **options})


def test_duplicate_labels_are_kept_with_a_warning(painted_index, colour_model, caplog):
    items = classify(painted_index, ["red", "blue", "Red", "re_d"], model=colour_model, top=4)
    assert "'red' was given more than once" in caplog.text
    red = next(item for item in items if item.path.endswith("red.png"))
    assert [(one.label, one.probability) for one in red.top[:2]] == [
        ("red", pytest.approx(red.probability)),
        ("Red", pytest.approx(red.probability)),
    ]


@pytest.mark.parametrize("kind", [tuple, iter, np.array, pd.Series])
def test_labels_come_in_any_ordered_iterable(painted_index, colour_model, kind):
    expected = classify(painted_index, NAMES, model=colour_model)
    assert classify(painted_index, kind(NAMES), model=colour_model) == expected
    assert classify(str(painted_index.folder), kind(NAMES), model=colour_model) == expected
    assert classify([], kind(NAMES), templates=kind(["a {}"]), model=colour_model) == []


def test_a_file_that_cannot_be_read_is_named(tmp_path, colour_model):
    with pytest.raises(MediaError, match=r"none\.mp4"):
        classify([tmp_path / "none.mp4"], NAMES, model=colour_model)


def test_one_clip_needs_no_list(painted, colour_model):
    for source in (
        painted / "red.png",
        str(painted / "red.png"),
        np.full((1, 8, 8, 3), (255, 0, 0), np.uint8),
    ):
        (item,) = classify(source, NAMES, model=colour_model)
        assert item.label == "red"
