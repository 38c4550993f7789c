"""One model for many searches, from several threads, of an index that changes."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import vlret
from tests.conftest import ColourEmbedder
from tests.index.synthetic import synthetic_index, unit_rows
from vlret.errors import IndexFolderError, ModelError, UsageError
from vlret.index.build import build_index
from vlret.index.filter import Filter
from vlret.index.index import Index
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.writer import IndexWriter
from vlret.tasks import index_model
from vlret.tasks import searcher as searcher_module
from vlret.tasks.search import close_searchers, search
from vlret.tasks.searcher import Searcher
from vlret.types import Hit, Hits

TEXTS = ["a red car", "green", "blue and grey", "red blue"]


class CheckedEmbedder(ColourEmbedder):
    """Fails where two threads are inside of it."""

    def __init__(self) -> None:
        super().__init__()
        self._inside = threading.Lock()

    def embed_texts(self, texts):
        if not self._inside.acquire(blocking=False):
            raise AssertionError("two threads at once")
        try:
            return super().embed_texts(texts)
        finally:
            self._inside.release()


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the models that are loaded; nothing is left open from other tests, nor for them."""
    names: list[str] = []

    def load_model(name, device="auto", dtype="auto", engine="auto"):
        names.append(str(name))
        return CheckedEmbedder()

    monkeypatch.setattr(index_model, "load_model", load_model)
    monkeypatch.setattr(index_model, "check_model", lambda name: None)
    monkeypatch.setattr(index_model, "is_trusted", lambda name: True)
    close_searchers()
    yield names
    close_searchers()


def test_a_thousand_calls_load_the_model_once(painted_index: Index, loads: list[str]) -> None:
    expected = {text: search(painted_index.folder, text, model=ColourEmbedder()) for text in TEXTS}
    for number in range(1000):
        text = TEXTS[number % 4]
        assert vlret.search(painted_index.folder, text) == expected[text]
    assert loads == ["colour"]


def test_four_threads_load_the_model_once_and_find_what_one_finds(
    painted_index: Index, painted: Path, loads: list[str]
) -> None:
    queries = [*TEXTS, str(painted / "blue.png")]
    expected = [search(painted_index.folder, query, model=ColourEmbedder()) for query in queries]
    start = threading.Barrier(4)

    def many(first: int) -> list[tuple[int, Hits]]:
        start.wait()
        places = [(first + number) % 4 for number in range(250)] + [4] * 2
        return [(place, vlret.search(str(painted_index.folder), queries[place])) for place in places]

    with ThreadPoolExecutor(4) as threads:
        found = [pair for pairs in threads.map(many, range(4)) for pair in pairs]
    assert len(found) == 4 * 252
    assert all(hits == expected[place] for place, hits in found)
    assert loads == ["colour"]


def test_a_model_of_the_registry_is_made_once(painted_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """No stand-in for `load_model`: the class is made by `registry.load_model`."""
    made: list[ColourEmbedder] = []
    start = ColourEmbedder.__init__

    def counted(model: ColourEmbedder) -> None:
        made.append(model)
        start(model)

    monkeypatch.setattr(ColourEmbedder, "__init__", counted)
    close_searchers()
    for _ in range(5):
        search(painted_index.folder, "red", model="tests.conftest:ColourEmbedder")
    close_searchers()
    assert len(made) == 1


def test_an_index_that_changes_on_disk_is_seen_and_keeps_its_model(
    painted: Path, tmp_path: Path, loads: list[str]
) -> None:
    library, folder = tmp_path / "library", tmp_path / "index"
    library.mkdir()
    shutil.copy(painted / "red.png", library)
    build_index(library, folder, ColourEmbedder(), progress=False)
    assert [Path(hit.path).name for hit in search(folder, "blue")] == ["red.png"]
    shutil.copy(painted / "blue.png", library)
    build_index(library, folder, ColourEmbedder(), progress=False)
    assert [Path(hit.path).name for hit in search(folder, "blue")] == ["blue.png", "red.png"]
    Index.open(folder).compact()
    assert len(search(folder, "blue")) == 2
    assert loads == ["colour"]
    shutil.rmtree(folder)
    with pytest.raises(IndexFolderError, match="holds no index"):
        search(folder, "blue")


def test_an_index_built_anew_by_another_model_loads_that(
    painted: Path, tmp_path: Path, loads: list[str]
) -> None:
    folder = tmp_path / "index"
    build_index(painted, folder, ColourEmbedder(), progress=False)
    search(folder, "red")
    shutil.rmtree(folder)
    other = ColourEmbedder("hue")
    build_index(painted, folder, other, progress=False)
    search(folder, "red")
    assert loads == ["colour", "hue"]


def test_a_relative_folder_is_that_of_the_working_directory(
    painted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loads: list[str]
) -> None:
    for name in ("red", "blue"):
        (tmp_path / name).mkdir()
        build_index(painted / f"{name}.png", tmp_path / name / "index", ColourEmbedder(), progress=False)
    for name in ("red", "blue", "red"):
        monkeypatch.chdir(tmp_path / name)
        assert [Path(hit.path).stem for hit in search("index", "red")] == [name]


def test_few_searchers_stay_open(painted: Path, tmp_path: Path, loads: list[str]) -> None:
    for number in (0, 1, 2, 3, 4, 1, 0):
        folder = tmp_path / f"index{number}"
        build_index(painted / "red.png", folder, ColourEmbedder(), progress=False)
        assert len(search(folder, "red")) == 1
    assert len(loads) == 6  # 0 had made room for 4; 1 was still there


def test_a_model_that_does_not_load_is_tried_again(
    painted_index: Index, loads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name, device, dtype, engine):
        raise UsageError("no such weights", code="no_model")

    with monkeypatch.context() as patch:
        patch.setattr(index_model, "load_model", fail)
        with pytest.raises(ModelError, match="no such weights"):
            search(painted_index, "red")
    assert search(painted_index, "red")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_child_searches_with_a_model_of_its_own(painted_index: Index, painted: Path, loads) -> None:
    expected = search(painted_index.folder, str(painted / "blue.png"))
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(
        target=lambda: answers.put((search(painted_index.folder, str(painted / "blue.png")), len(loads)))
    )
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert answers.get() == (expected, 2)
    assert search(painted_index.folder, str(painted / "blue.png")) == expected


def test_a_searcher_is_closed_with_its_block_and_opens_again(
    painted_index: Index, painted: Path, loads
) -> None:
    with Searcher(painted_index.folder) as searcher:
        first = searcher.search(painted / "blue.png", k=3)
        pool = searcher._pool
        assert len(pool.pids) == 1
    assert pool.pids == []
    assert searcher.search(painted / "blue.png", k=3) == first
    searcher.close()
    assert loads == ["colour"] * 2


def test_a_searcher_keeps_its_revision_until_it_is_refreshed(painted: Path, tmp_path: Path) -> None:
    library, folder = tmp_path / "library", tmp_path / "index"
    library.mkdir()
    shutil.copy(painted / "red.png", library)
    build_index(library, folder, ColourEmbedder(), progress=False)
    searcher = Searcher(folder, ColourEmbedder())
    shutil.copy(painted / "blue.png", library)
    build_index(library, folder, ColourEmbedder(), progress=False)
    assert len(searcher.search("red")) == 1
    searcher.refresh()
    assert len(searcher.search("red")) == 2


def test_warnings_come_with_the_hits_and_are_logged(painted_index: Index, colour_model, caplog) -> None:
    words = "ein rotes Auto " * 10
    hits = search(painted_index, "red", model=colour_model, plus=[words], minus=["une voiture"])
    assert [("reads only the first 16 tokens" in line, "English" in line) for line in hits.warnings] == [
        (True, False), (False, True), (False, True),
    ]  # fmt: skip
    assert [record.getMessage() for record in caplog.records] == list(hits.warnings)
    assert Searcher(painted_index, colour_model).search("red").warnings == ()


def test_an_approximate_search_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vlret.index.view.codes.MAX_EXACT", 1000)
    vectors = unit_rows(60, 4).repeat(50, axis=0) + 0.1 * unit_rows(3000, 4, seed=1)
    index = synthetic_index(tmp_path / "index", vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    model = ColourEmbedder("made")
    model.card = index.card
    searcher = Searcher(index, model)
    (warning,) = searcher.search("red").warnings
    assert "approximate" in warning
    assert "IVF" in warning
    assert searcher.search("red", only="f000.mp4").warnings == ()
    monkeypatch.setattr("vlret.index.ranking.MOST_COMPARED", 2999)
    (warning,) = searcher.search("red", only="*").warnings
    assert "approximate" in warning


def test_hits_are_used_like_a_list(painted_index: Index, colour_model) -> None:
    hits = search(painted_index, "red", model=colour_model, k=3)
    assert isinstance(hits, Hits)
    assert isinstance(hits[0], Hit)
    assert (len(hits), len(list(hits)), len(hits[:2])) == (3, 3, 2)
    assert hits[-1].rank == 3
    assert hits[1] in hits
    assert not search(painted_index, "red", model=colour_model, only="nowhere")


def test_clip_ids_restrict_the_hits(painted_index: Index, colour_model) -> None:
    hits = search(painted_index, "red", model=colour_model, only=Filter(clip_ids=(1, 3)), one_per_file=False)
    assert {hit.clip_id for hit in hits} == {1, 3}


@pytest.mark.parametrize("make", [lambda folder: folder, Index.open], ids=["a folder", "an open index"])
def test_an_open_index_keeps_its_model_too(painted_index: Index, loads, make: Callable) -> None:
    index = make(painted_index.folder)
    for _ in range(3):
        search(index, "red")
    assert loads == ["colour"]


def without_one(folder: Path) -> None:
    """Another process drops a clip, and the shard goes with it; no view is left."""
    store = Store(folder)
    writer = IndexWriter(Snapshot.read(store), store.read_manifest().roots)
    writer.drop([0])
    writer.commit()
    Index.open(folder).compact()
    shutil.rmtree(folder / "view")


def test_shards_that_go_while_the_model_is_loaded_are_read_at_their_new_revision(
    painted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    build_index(painted, folder, ColourEmbedder(), progress=False)
    shutil.rmtree(folder / "view")
    before = Index.open(folder)

    def load(*_: object) -> ColourEmbedder:
        without_one(folder)
        return ColourEmbedder()

    monkeypatch.setattr(searcher_module, "model_for_index", load)
    with Searcher(folder) as searcher:
        assert len(searcher.search("red", k=100, one_per_file=False)) == len(before) - 1
    with Searcher(before, ColourEmbedder()) as searcher, pytest.raises(IndexFolderError) as caught:
        searcher.search("red")  # an index that was given open is searched as it was opened
    assert caught.value.code == "index_compacted"
