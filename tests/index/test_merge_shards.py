"""Small shards become large ones while an index grows; nothing else changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.index.synthetic import ROOT, add_file, new_index, unit_rows
from vlret.errors import IndexFolderError
from vlret.index import writer as writer_module
from vlret.index.index import Index
from vlret.index.merge_shards import n_to_merge
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.writer import IndexWriter


@pytest.mark.parametrize(
    ("rows", "n"),
    [
        ([5], 0),
        ([2000], 0),
        ([5] * 15, 0),
        ([5] * 16, 16),
        ([40_000, *[5] * 16], 16),
        ([1000, 1047], 0),
        ([1000, 1048], 2),
        ([2048] * 15, 0),
        ([2048] * 16, 16),
        ([33_000, *[2048] * 16], 16),
        ([20_000, 20_000], 2),
        ([32_768, 32_768], 0),
        ([2048] * 15 + [700], 0),
        ([2048] * 15 + [1500, 548], 17),
    ],
)
def test_shards_are_joined_when_they_are_many_or_full_together(rows: list[int], n: int) -> None:
    assert n_to_merge(rows, 2048) == n


@pytest.mark.parametrize("commit", [7, 300, 2049])
def test_a_growing_index_has_few_shards_and_writes_each_row_a_few_times(commit: int) -> None:
    rows: list[int] = []
    n_written = n_rows = most = 0
    while n_rows < 50 * 4096:
        rows.append(commit)
        n_rows += commit
        if n := n_to_merge(rows, 2048):
            rows[-n:] = [sum(rows[-n:])]
        n_written += rows[-1]
        most = max(most, len(rows) - n_rows // 32_768)
    assert sum(rows) == n_rows
    assert most <= 31
    assert n_written < 14 * n_rows


def grown(folder: Path, n_files: int) -> list[np.ndarray]:
    """An index of files of three clips, with a commit after each; their vectors."""
    new_index(folder, 8)
    files = [unit_rows(3, 8, seed=number) for number in range(n_files)]
    for number, vectors in enumerate(files):
        append(folder, f"{number}.mp4", vectors)
    return files


def append(folder: Path, path: str, vectors: np.ndarray) -> None:
    writer = IndexWriter(Snapshot.read(Store(folder)), [ROOT])
    add_file(writer, path, vectors)
    writer.commit()


def test_an_index_of_many_commits_holds_every_row_in_few_files(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(writer_module, "SHARD_CLIPS", 12)
    files = grown(tmp_path, 80)
    index = Index.open(tmp_path)
    assert [entry.rows for entry in index.manifest.shards] == [192, 12, 12, 12, 12]
    assert len(list((tmp_path / "shards").iterdir())) == 5
    assert index.clip_ids.tolist() == list(range(240))
    assert index.vectors() == pytest.approx(np.concatenate(files), abs=1e-3)
    assert index.rows()["relative_path"].tolist() == [f"{n // 3}.mp4" for n in range(240)]
    assert index.check() == []


def test_large_shards_have_groups_of_rows(tmp_path: Path) -> None:
    new_index(tmp_path, 8)
    append(tmp_path, "a.mp4", unit_rows(5000, 8))
    shard = Store(tmp_path).read_manifest().shards[0]
    assert pq.ParquetFile(tmp_path / shard.name).num_row_groups == 3


def test_a_damaged_shard_is_not_joined_and_loses_nothing_new(tmp_path: Path, monkeypatch) -> None:
    grown(tmp_path, 1)
    monkeypatch.setattr(writer_module, "SHARD_CLIPS", 6)
    writer = IndexWriter(Snapshot.read(Store(tmp_path)), [ROOT])
    shard = tmp_path / Store(tmp_path).read_manifest().shards[0].name
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    add_file(writer, "new.mp4", unit_rows(3, 8))
    writer.commit()
    shards = Store(tmp_path).read_manifest().shards
    assert [entry.rows for entry in shards] == [3, 3]
    assert [line.split(":")[0] for line in Store(tmp_path).find_damage(Store(tmp_path).read_manifest())] == [
        shards[0].name
    ]


def test_who_opened_the_index_before_is_asked_to_open_it_again(tmp_path: Path, monkeypatch) -> None:
    grown(tmp_path, 1)
    monkeypatch.setattr(writer_module, "SHARD_CLIPS", 6)
    index = Index.open(tmp_path)
    append(tmp_path, "new.mp4", unit_rows(3, 8))
    assert not index.is_current()
    with pytest.raises(IndexFolderError) as caught:
        index.vectors()
    assert caught.value.code == "index_compacted"
    assert len(Index.open(tmp_path).vectors()) == 6


def test_a_compaction_leaves_full_shards_without_dropped_rows(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(writer_module, "SHARD_CLIPS", 12)
    monkeypatch.setattr("vlret.index.compact.SHARD_CLIPS", 12)
    grown(tmp_path, 140)
    before = Store(tmp_path).read_manifest().shards
    assert [entry.rows for entry in before] == [192, 192, 12, 12, 12]
    writer = IndexWriter(Snapshot.read(Store(tmp_path)), [ROOT])
    writer.drop(np.arange(192, 250))
    writer.commit()
    Index.open(tmp_path).compact()
    index = Index.open(tmp_path)
    assert index.manifest.shards[0] == before[0]
    assert [entry.rows for entry in index.manifest.shards] == [192, 170]
    assert index.clip_ids.tolist() == [*range(192), *range(250, 420)]
    assert index.check() == []
