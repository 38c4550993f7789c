"""search.py against plain numpy over all vectors of the index."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ColourEmbedder
from vlret.errors import IndexFolderError, MediaError, ModelError, UsageError
from vlret.media.decode import read_clip
from vlret.tasks import index_model
from vlret.tasks.query_vector import parse_weighted, query_vector
from vlret.tasks.search import close_searchers, search
from vlret.types import Clip, QueryVector


def read(clip):
    return read_clip(clip, 4, size=(8, 8))


@pytest.fixture(autouse=True)
def _nothing_open():
    close_searchers()
    yield
    close_searchers()


def oracle(index, vector, k, one_per_file=True) -> list[tuple[str, float]]:
    """(path, start) of the best clips by brute force, ties by clip_id."""
    rows = index.rows().assign(score=index.vectors() @ (vector / np.linalg.norm(vector)))
    rows = rows.sort_values(["score", "clip_id"], ascending=[False, True], kind="stable")
    if one_per_file:
        rows = rows.drop_duplicates("path")
    return list(zip(rows["path"][:k], rows["start"][:k], strict=True))


def found(hits) -> list[tuple[str, float]]:
    return [(hit.path, hit.start) for hit in hits]


@pytest.mark.parametrize("one_per_file", [True, False])
@pytest.mark.parametrize("k", [1, 3, 100])
@pytest.mark.parametrize("text", ["a red car", "green and blue", "grey"])
def test_a_sentence_finds_the_nearest_clips(painted_index, colour_model, text, k, one_per_file):
    hits = search(painted_index, text, model=colour_model, k=k, one_per_file=one_per_file)
    vector = colour_model.embed_texts([text])[0]
    assert found(hits) == oracle(painted_index, vector, k, one_per_file)
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    scores = dict(zip(painted_index.rows()["clip_id"], painted_index.vectors() @ vector, strict=True))
    assert [hit.score for hit in hits] == pytest.approx([scores[hit.clip_id] for hit in hits], abs=1e-6)


def test_a_vector_finds_what_its_sentence_finds(painted_index, colour_model):
    red, blue = (QueryVector(vector) for vector in colour_model.embed_texts(["red", "blue"]))
    by_words = search(painted_index, "red", plus=[("blue", 0.3)], minus=["blue"], model=colour_model)
    assert search(painted_index, red, plus=[(blue, 0.3)], minus=[blue], model=colour_model) == by_words


def test_plus_and_minus_add_weighted_vectors(painted_index, colour_model):
    red, blue, green = colour_model.embed_texts(["red", "blue", "green"])
    expected = red + 2 * blue + 0.5 * green - 0.25 * red - 0.5 * green
    options = {"plus": [("blue", 2.0), "green"], "minus": [("red", 0.25), "green"]}
    vector = query_vector(colour_model, read, "red", **options)
    assert vector == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    hits = search(painted_index, "red", model=colour_model, **options)
    assert found(hits) == oracle(painted_index, expected, 10)


def test_images_videos_clips_and_pixels_are_queries(painted, painted_index, colour_model):
    blue = np.zeros((1, 8, 8, 3), np.uint8)
    blue[..., 2] = 255
    queries = [str(painted / "blue.png"), painted / "blue.png", Clip(painted / "long.gif", 10.0, 20.0), blue]
    vectors = [query_vector(colour_model, read, query) for query in queries]
    assert np.stack(vectors) == pytest.approx(np.stack([colour_model.embed_clips([blue])[0]] * 4), abs=2e-2)
    hits = search(painted_index, painted / "blue.png", model=colour_model, plus=[painted / "red.png"], k=3)
    assert hits[0].path == str(painted / "purple.png")


def test_the_plus_vector_of_the_caller_stays_as_it_is(colour_model):
    before = colour_model.embed_texts(["red"])[0]
    colour_model.embed_texts = lambda texts, kept=before[None]: kept
    query_vector(colour_model, read, "red", plus=["blue"])
    assert before == pytest.approx(ColourEmbedder().embed_texts(["red"])[0])


def test_a_pattern_restricts_the_files(painted_index, colour_model):
    hits = search(painted_index, "red", model=colour_model, only="*e*.png")
    assert {hit.path.rsplit("/")[-1] for hit in hits} == {
        "red.png", "green.png", "blue.png", "grey.png", "purple.png", "teal.png",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("red car", "red car"), ("red car^0.8", ("red car", 0.8)), ("x^2^3", ("x^2", 3.0)),
        ("at 10:30", "at 10:30"), ("", ""),
    ],
)  # fmt: skip
def test_weights_stand_after_a_caret(text, parsed):
    assert parse_weighted(text) == parsed


@pytest.mark.parametrize("text", ["snow^0,3", "a^b", "snow^"])
def test_a_weight_that_is_no_number_is_refused(text):
    with pytest.raises(UsageError, match="Write a number after"):
        parse_weighted(text)


@pytest.mark.parametrize(
    ("query", "options", "error"),
    [
        ("red", {"k": 2.5}, UsageError),
        ("red", {"k": "3"}, UsageError),
        ("red", {"minus": "snow"}, UsageError),
        ("red", {"plus": Path("a.png")}, UsageError),
        ("red", {"plus": ["snow^0.3"]}, UsageError),
        ("red", {"plus": [("snow", "0.3")]}, UsageError),
        ("red", {"minus": [("snow", float("inf"))]}, UsageError),
        ("red", {"minus": ("snow", 0.3)}, UsageError),
        ("red", {"minus": 5}, UsageError),
        (["red", "blue"], {}, UsageError),
        (None, {}, UsageError),
        (np.zeros(4, np.float32), {}, UsageError),
        (np.zeros((2, 8, 8, 3), np.float32), {}, UsageError),
        ("not \udcff Unicode", {}, UsageError),
        ("", {}, UsageError),
        ("  ", {}, UsageError),
        ("red", {"k": 0}, UsageError),
        ("red", {"minus": [("red", 1.0)]}, UsageError),
        ("red", {"plus": [("blue", float("nan"))]}, UsageError),
        ("red", {"plus": [("blue", 0.0)]}, UsageError),
        ("red", {"plus": [""]}, UsageError),
        ("nowhere.mp4", {}, MediaError),
    ],
)
def test_wrong_queries_are_refused(painted_index, colour_model, query, options, error):
    with pytest.raises(error):
        search(painted_index, query, model=colour_model, **options)


def test_an_index_is_given_by_its_folder_too(painted_index, colour_model):
    expected = search(painted_index, "red", model=colour_model)
    assert search(painted_index.folder, "red", model=colour_model) == expected
    assert search(str(painted_index.folder), "red", model=colour_model) == expected
    with pytest.raises(IndexFolderError, match="nowhere"):
        search("nowhere", "red")
    with pytest.raises(UsageError, match="index was given as int"):
        search(5, "red")


def test_a_file_is_looked_at_whatever_its_name(painted, painted_index, colour_model, tmp_path):
    for name in ("blue", "blue.txt", "blue square.3gp", "and", "-rf.png"):
        file = tmp_path / name
        file.write_bytes((painted / "blue.png").read_bytes())
        hits = search(painted_index, str(file), model=colour_model, k=1)
        assert (Path(hits[0].path).name, hits[0].score) == ("blue.png", pytest.approx(1, abs=1e-3))


def test_the_model_is_loaded_in_the_dtype_of_the_index(painted_index, monkeypatch):
    asked = []

    def load_model(name, device, dtype, engine):
        asked.append((name, device, dtype))
        return ColourEmbedder()

    monkeypatch.setattr(index_model, "load_model", load_model)
    search(painted_index, "red", model="colour")
    assert asked == [("colour", "auto", "float32")]


@pytest.mark.parametrize("change", [{"weights_hash": "f" * 64}, {"preprocessing": "other"}, {"dim": 5}])
def test_another_model_is_refused_with_both_names(painted_index, colour_model, change):
    colour_model.card = replace(colour_model.card, **change)
    with pytest.raises(IndexFolderError, match=f"built with colour.*{colour_model.card.name}"):
        search(painted_index, "red", model=colour_model)


def test_a_missing_model_is_told_with_both_names(painted_index):
    with pytest.raises(ModelError, match="built with colour; clipp does not load"):
        search(painted_index, "red", model="clipp")
