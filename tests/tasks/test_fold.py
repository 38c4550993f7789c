"""Hits that show the same footage are one hit, and k hits come back where there are k."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import COLOURS, ColourEmbedder
from tests.index.synthetic import new_index, unit_rows
from tests.index.test_duplicates import record
from vlret.index.build import build_index
from vlret.index.duplicates import JudgedPair
from vlret.index.index import Index
from vlret.index.store import Store
from vlret.index.tables import FileRow
from vlret.tasks.fold import nearest_folded
from vlret.tasks.search import search
from vlret.types import Clip, Hit, Vectors

PRINTS = {name: character * 32 for name, character in zip(("a", "b", "c", "d"), "0123", strict=True)}


@pytest.fixture
def made(tmp_path: Path) -> tuple[Index, Vectors]:
    """a has six clips of 2 s; b 0-6 s is a 4-10 s, and has a clip of its own; c has the bytes of b; d is alone."""
    shared, own = unit_rows(6, 16), unit_rows(4, 16, seed=1)
    vectors = {"a": shared, "b": np.concatenate([shared[2:5], own[:1]]), "d": own[1:]}
    vectors["c"] = vectors["b"]
    writer = new_index(tmp_path / "index", 16)
    for name, rows in sorted(vectors.items()):
        clips = [Clip(Path(name), 2.0 * n, 2.0 * n + 2) for n in range(len(rows))]
        content = PRINTS["b" if name == "c" else name]
        writer.add(FileRow(0, name, 1, 1), content, clips, rows, np.empty(0, np.int64))
    writer.commit()
    record(
        Store(tmp_path / "index"), JudgedPair(PRINTS["a"], PRINTS["b"], "copy", False, 4.0, 10.0, 0.0, 6.0)
    )
    return Index.open(tmp_path / "index"), shared


def seen(hits: list[Hit]) -> list[tuple[str, float, list[str]]]:
    return [(Path(hit.path).name, hit.start, [Path(path).name for path in hit.copies]) for hit in hits]


def test_copies_are_folded_into_the_best_hit(made: tuple[Index, Vectors]) -> None:
    index, shared = made
    hits = nearest_folded(index, shared[3], k=10)
    assert seen(hits)[0] == ("a", 6, ["b", "c"])
    assert [name for name, *_ in seen(hits)] == ["a", "d"]
    assert [hit.rank for hit in hits] == [1, 2]


def test_what_only_a_copy_has_is_a_hit_of_its_own(made: tuple[Index, Vectors]) -> None:
    index, _ = made
    alone = index.vectors()[9]
    assert seen(nearest_folded(index, alone, k=1)) == [("b", 6, ["c"])]


def test_all_clips_are_folded_one_by_one(made: tuple[Index, Vectors]) -> None:
    index, shared = made
    hits = nearest_folded(index, shared[3], k=20, one_per_file=False)
    assert len(hits) == 6 + 1 + 3
    assert sorted((start, copies) for name, start, copies in seen(hits) if name == "a") == [
        (0, []), (2, []), (4, ["b", "c"]), (6, ["b", "c"]), (8, ["b", "c"]), (10, [])
    ]  # fmt: skip


@pytest.mark.parametrize("k", range(1, 11))
def test_k_hits_come_back_where_there_are_k(k: int, made: tuple[Index, Vectors]) -> None:
    index, shared = made
    hits = nearest_folded(index, shared[3], k=k, one_per_file=False)
    assert hits == nearest_folded(index, shared[3], k=20, one_per_file=False)[:k]
    assert len(hits) == k


def test_files_set_apart_are_not_folded(made: tuple[Index, Vectors]) -> None:
    index, shared = made
    apart = [JudgedPair(PRINTS[x], PRINTS["b"], "not_a_copy") for x in ("a", "b")]
    record(Store(index.folder), *apart)
    hits = nearest_folded(Index.open(index.folder), shared[3], k=10)
    assert seen(hits)[:3] == [("a", 6, []), ("b", 2, []), ("c", 2, [])]


def test_search_folds_files_with_the_same_bytes_unless_told_not_to(tmp_path: Path) -> None:
    media = tmp_path / "media"
    media.mkdir()
    for name in ("red", "blue"):
        Image.new("RGB", (16, 16), COLOURS[name]).save(media / f"{name}.png")
    shutil.copy(media / "red.png", media / "again.png")
    build_index(media, tmp_path / "index", model=ColourEmbedder(), progress=False)
    model = ColourEmbedder()
    folded = search(tmp_path / "index", "red", model=model)
    assert seen(list(folded)) == [("again.png", 0, ["red.png"]), ("blue.png", 0, [])] or seen(list(folded)) == [
        ("red.png", 0, ["again.png"]), ("blue.png", 0, [])
    ]  # fmt: skip
    assert len(search(tmp_path / "index", "red", model=model, fold_copies=False)) == 3
