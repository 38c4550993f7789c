"""Several indexes searched as one, against one index of all their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vlret
from tests.conftest import ColourEmbedder
from tests.refusal import refused
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.tasks import index_model
from vlret.tasks.search import close_searchers
from vlret.tasks.search_many import ManySearcher, merge_hits
from vlret.types import Hit, Hits


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Indexes `one` and `two` of six painted images each, one of them in both, and `all` of all of them."""
    random = np.random.default_rng(0)
    for number in range(12):
        path = tmp_path / "media" / ("one" if number < 6 else "two") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), tuple(map(int, random.integers(0, 255, 3)))).save(path)
    model, media = ColourEmbedder(), tmp_path / "media"
    build_index(media / "one", tmp_path / "one", model=model, progress=False)
    build_index([media / "two", media / "one" / "0.png"], tmp_path / "two", model=model, progress=False)
    build_index(media, tmp_path / "all", model=model, progress=False)
    return [tmp_path / name for name in ("one", "two", "all")]


def ranked(hits: Hits) -> list[tuple[int, str, float]]:
    return [(hit.rank, hit.path, round(hit.score, 5)) for hit in hits]


@pytest.mark.parametrize("options", [{}, {"k": 5}, {"k": 4, "page": 2}, {"sort": "path"}, {"sort": "time"},
                                     {"one_per_file": False}, {"minus": ["green"]}])  # fmt: skip
def test_two_indexes_give_what_one_of_all_files_gives(options: dict, folders: list[Path]) -> None:
    model = ColourEmbedder()
    expected = vlret.search(folders[2], "a red car", model=model, **options)
    found = vlret.search(folders[:2], "a red car", model=model, **options)
    assert ranked(found) == ranked(expected)
    assert found.has_next == expected.has_next


def test_hits_say_which_index_they_come_from(folders: list[Path]) -> None:
    hits = vlret.search(folders[:2], "red", model=ColourEmbedder(), k=12)
    for hit in hits:
        assert Index.open(hit.index).resolve(hit.clip_id).path == Path(hit.path)
    assert {hit.index for hit in hits} == set(map(str, folders[:2]))


def test_one_model_is_loaded_for_all(folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    monkeypatch.setattr(index_model, "load_model", lambda name, **_: loads.append(name) or ColourEmbedder())
    monkeypatch.setattr(index_model, "check_model", lambda name: None)
    monkeypatch.setattr(index_model, "is_trusted", lambda name: True)
    close_searchers()
    for _ in range(2):
        vlret.search(folders, "red")
    close_searchers()
    assert loads == ["colour"]


def test_a_moment_of_one_index_is_a_query_for_all(folders: list[Path]) -> None:
    pages = [Image.new("RGB", (16, 16), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    path = folders[0].parent / "media" / "two" / "long.gif"
    pages[0].save(path, save_all=True, append_images=pages[1:], duration=3000, loop=0)
    build_index(path.parent, folders[1], model=ColourEmbedder(), progress=False)
    hits = vlret.search(folders[:2], "long.gif@0:01", model=ColourEmbedder(), k=12)
    assert (hits[0].path, len(hits)) == (str(path), 12)
    with refused("file_not_in_index"):
        vlret.search(folders[:2], "gone.mp4@0:01", model=ColourEmbedder())


@pytest.fixture
def other(folders: list[Path]) -> Path:
    """An index of another model."""
    model = ColourEmbedder("other")
    object.__setattr__(model.card, "weights_hash", "1" * 64)
    folder = folders[0].parent / "other"
    build_index(folder.parent / "media" / "two", folder, model=model, progress=False)
    return folder


def test_scores_of_two_models_are_not_mixed(folders: list[Path], other: Path) -> None:
    indexes = [Index.open(folders[0]), Index.open(other)]
    found = [Hits((Hit(1, 0.5, "a.mp4", 0, 1, 0),)), Hits((Hit(1, 0.9, "b.mp4", 0, 1, 0),))]
    with refused("models_not_comparable"):
        merge_hits(indexes, found)
    assert [hit.path for hit in merge_hits([indexes[0]] * 2, found)] == ["b.mp4", "a.mp4"]


def test_hits_of_two_models_are_ranked_by_probability(folders: list[Path], other: Path) -> None:
    indexes = [Index.open(folders[0]), Index.open(other)]
    likely, unlikely = Hit(1, 0.5, "a.mp4", 0, 1, 0, 0.8), Hit(1, 0.9, "b.mp4", 0, 1, 0, 0.2)
    merged = merge_hits(indexes, [Hits((unlikely,), ("cut",)), Hits((likely,), ("cut",))])
    assert [(hit.path, hit.rank) for hit in merged] == [("a.mp4", 1), ("b.mp4", 2)]
    assert merged.warnings == ("cut",)


def test_nothing_fits_where_it_fits_in_none(folders: list[Path]) -> None:
    index = Index.open(folders[0])
    bad, good = (Hits((Hit(1, 0.5, "a.mp4", 0, 1, 0),), nothing_fits=nothing) for nothing in (True, False))
    for found, expected in (
        ([bad, bad], True),
        ([bad, good], False),
        ([bad, Hits(())], True),
        ([Hits(())], False),
    ):
        assert merge_hits([index] * len(found), found).nothing_fits is expected


def test_a_model_that_one_index_does_not_have_is_refused(folders: list[Path], other: Path) -> None:
    with refused("no_index_given"):
        vlret.search([], "red")
    with refused("other_model"), ManySearcher([folders[0], other], ColourEmbedder()) as searcher:
        searcher.search("red")
