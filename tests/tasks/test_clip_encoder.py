"""`ClipEncoder`: the embeddings of a model for the rows of a batch, whatever else is in them."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import vlret
from tests.cli.conftest import paint_image, paint_video
from tests.conftest import ColourEmbedder
from vlret.errors import UsageError
from vlret.tasks import clip_encoder as module
from vlret.types import Clip

RED, BLUE = ([1, 0, 0, 0.1], [0, 0, 1, 0.1])


@pytest.fixture
def loaded(monkeypatch):
    """The models that were loaded."""
    models = []

    def load_model(name, *_):
        models.append(name)
        return ColourEmbedder()

    monkeypatch.setattr(module, "load_model", load_model)
    module._loaded.cache_clear()
    yield models
    module._loaded.cache_clear()


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """two.mp4 is red for two seconds, then blue; bad.mp4 is no video."""
    folder = tmp_path_factory.mktemp("ü media")
    paint_video(folder / "two.mp4", "red", "blue")
    paint_image(folder / "blue.png", "blue")
    (folder / "bad.mp4").write_text("no video")
    return folder


@pytest.fixture
def batch(media):
    names = ("two.mp4", "two.mp4", "bad.mp4", "blue.png", "two.mp4", "two.mp4", "gone.mp4")
    return {
        "path": np.array([str(media / name) for name in names], object),
        "start": np.array([0, 2, np.nan, np.nan, 2, 3.25, 0]),
        "end": [2.0, None, None, None, None, 3.25, None],
        "label": list("abcdefg"),
    }


def unit(*rows):
    return np.array(rows, np.float32) / np.linalg.norm(rows, axis=1, keepdims=True)


def test_each_row_has_its_embedding_or_its_error(batch, loaded):
    found = vlret.ClipEncoder("colour")(batch)
    assert list(found) == ["path", "start", "end", "label", "embedding", "error"]
    assert found["label"] == batch["label"]
    assert (found["embedding"].dtype, found["embedding"].shape) == (np.float32, (7, 4))
    assert [bool(error) for error in found["error"]] == [False, False, True, False, False, True, True]
    good = [0, 1, 3, 4]
    np.testing.assert_allclose(found["embedding"][good], unit(RED, BLUE, BLUE, BLUE), atol=0.02)
    assert np.isnan(np.delete(found["embedding"], good, 0)).all()
    assert "start=3.25, end=3.25 s" in found["error"][5]


def test_the_embeddings_are_those_of_the_model(batch, media, loaded):
    found = vlret.ClipEncoder("colour", n_frames=2)({"path": [media / "two.mp4"] * 2, "start": [0.5, 1]})
    direct = ColourEmbedder().embed_clips(
        [Clip(media / "two.mp4", 0.5), Clip(media / "two.mp4", 1)], n_frames=2
    )
    np.testing.assert_allclose(found["embedding"], direct, atol=1e-6)


def test_a_dataframe_gives_a_dataframe(batch, loaded):
    frame = pd.DataFrame(batch).convert_dtypes()
    found = vlret.ClipEncoder("colour")(frame)
    expected = vlret.ClipEncoder("colour")(batch)
    assert list(found) == list(expected)
    assert list(frame) == list(batch)  # as it was
    np.testing.assert_array_equal(np.stack(found["embedding"]), expected["embedding"])
    assert found["error"].tolist() == expected["error"].tolist()


def test_arrow_columns_and_lists_are_columns(batch, loaded):
    plain = vlret.ClipEncoder("colour")(batch)
    arrow = {name: pa.array(list(batch[name]), from_pandas=True) for name in batch}
    found = vlret.ClipEncoder("colour")(arrow)
    np.testing.assert_array_equal(found["embedding"], plain["embedding"])
    assert found["error"].tolist() == plain["error"].tolist()


def test_the_model_is_loaded_once_and_not_pickled(batch, loaded):
    encoder = vlret.ClipEncoder("colour", sampling="endpoints")
    assert loaded == []
    first = encoder(batch)
    again = pickle.loads(pickle.dumps(encoder))  # noqa: S301
    assert again == encoder
    np.testing.assert_array_equal(again(batch)["embedding"], first["embedding"])
    assert loaded == ["colour"]
    vlret.ClipEncoder("other")(batch)
    assert loaded == ["colour", "other"]


def test_no_rows_give_no_rows(loaded):
    found = vlret.ClipEncoder("colour")({"path": np.array([], object)})
    assert (found["embedding"].shape, found["error"].shape) == ((0, 4), (0,))


@pytest.mark.parametrize(
    ("batch", "code"),
    [
        ({"file": ["a.mp4"]}, "no_path_column"),
        (["a.mp4"], "no_path_column"),
        ({"path": "a.mp4"}, "not_a_list"),
        ({"path": ["a.mp4"], "start": [0, 1]}, "lengths_differ"),
    ],
)
def test_what_is_no_batch_is_refused(batch, code, loaded):
    with pytest.raises(UsageError) as caught:
        vlret.ClipEncoder("colour")(batch)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "arguments", [{"sampling": "some"}, {"decoder": "x"}, {"dtype": "x"}, {"n_frames": 0}, {"workers": 0}]
)
def test_arguments_are_checked_before_a_worker_starts(arguments):
    with pytest.raises(UsageError):
        vlret.ClipEncoder(**arguments)
