"""What is missing or misnamed is told before a model is loaded."""

from __future__ import annotations

import pytest

from tests.conftest import ColourEmbedder
from vlret.errors import MediaError, UsageError, VlretError
from vlret.evaluation import look
from vlret.evaluation.bench import Order, bench
from vlret.evaluation.table import result_table
from vlret.index.build import build_index

SPY = f"{__name__}:Spy"


class Spy(ColourEmbedder):
    """A ColourEmbedder that counts how often it was loaded."""

    n_loaded = 0

    def __init__(self):
        type(self).n_loaded += 1
        super().__init__("spy")


class SecondSpy(Spy):
    def __init__(self):
        super().__init__()
        self.card = ColourEmbedder("second").card


@pytest.fixture(autouse=True)
def no_spy_loaded(monkeypatch):
    monkeypatch.setattr(Spy, "n_loaded", 0)
    monkeypatch.setattr(SecondSpy, "n_loaded", 0)


@pytest.fixture
def partial(painted, tmp_path):
    """Captions of two painted videos and of one that is not there; `painted` holds the media."""
    csv = tmp_path / "captions.csv"
    csv.write_text("path,caption\nred.mp4,a red wall\ngreen.mp4,a green wall\ngone.mp4,a blue wall\n")
    return csv


@pytest.fixture
def decoding(monkeypatch):
    """How often something was decoded."""
    asked = []
    decode = look.DecodePool.run
    monkeypatch.setattr(look.DecodePool, "run", lambda self, jobs: (asked.append(1), decode(self, jobs))[1])
    return asked


def test_missing_media_are_listed_before_a_model_is_loaded(partial, painted, cache):
    said = []
    with pytest.raises(MediaError, match=r"1 of 3 files .* gone\.mp4.*--allow-missing"):
        bench(Order("retrieval", captions=partial, data=painted, models=[SPY]), cache=cache, say=said.append)
    assert (Spy.n_loaded, said) == (0, [])


def test_a_partial_copy_runs_where_it_is_allowed_and_every_model_says_so(partial, painted, cache):
    order = Order(
        "retrieval", captions=partial, data=painted, models=[SPY, f"{__name__}:SecondSpy"],
        protocol={"allow_missing": True},
    )  # fmt: skip
    document = bench(order, cache=cache)
    assert (Spy.n_loaded, SecondSpy.n_loaded) == (1, 1)
    assert [model["name"] for model in document["models"]] == ["spy", "second"]
    for model in document["models"]:
        assert model["stamp"]["set"]["missing"] == ["gone.mp4"]
        assert model["stamp"]["protocol"]["allow_missing"]
        assert all(part["queries"] == part["pool"] == 2 for part in model["parts"])
    assert "1 media are missing and left out: a partial copy of the set." in result_table(document)


def test_files_that_are_not_indexed_are_named_before_a_model_is_loaded(partial, painted, cache, tmp_path):
    build_index(painted, tmp_path / "index", ColourEmbedder())
    order = Order("retrieval", captions=partial, index=tmp_path / "index", models=[SPY])
    with pytest.raises(UsageError, match=r"1 of 3 captioned files .* gone\.mp4"):
        bench(order, cache=cache)
    assert Spy.n_loaded == 0


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"dataset": "msrvtt", "data": "."}, "with --annotations"),
        ({"dataset": "msrvtt", "data": ".", "annotations": "."}, r"msrvtt has no "),
        ({"captions": "none.csv"}, r"none\.csv"),
    ],
)
def test_missing_annotations_are_listed_before_a_model_is_loaded(order, reason, tmp_path):
    places = {key: tmp_path / value for key, value in order.items() if key != "dataset"}
    with pytest.raises(VlretError, match=reason):
        bench(Order("retrieval", models=[SPY], **{**order, **places}))
    assert Spy.n_loaded == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nothing", "neither a model nor a folder"),
        ("open_clip:ViT-B-16/nothing", "no weights 'ViT-B-16/nothing'"),
        ("st:one/two/three", "neither a folder nor a name"),
    ],
)
def test_a_wrong_name_is_refused_before_another_model_is_loaded(
    name, reason, partial, painted, cache, decoding
):
    partial.write_text("path,caption\nred.mp4,a red wall\n")
    with pytest.raises(UsageError, match=reason):
        bench(Order("retrieval", captions=partial, data=painted, models=[SPY, name]), cache=cache)
    assert (Spy.n_loaded, decoding) == (0, [])


def test_a_wrong_device_is_refused_before_a_model_is_loaded(partial, painted, cache):
    partial.write_text("path,caption\nred.mp4,a red wall\n")
    order = Order("retrieval", captions=partial, data=painted, models=[SPY, "vljepa-mini"])
    with pytest.raises(UsageError, match="'gpu' is not known"):
        bench(order, cache=cache, device="gpu")
    assert Spy.n_loaded == 0
