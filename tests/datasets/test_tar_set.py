"""Sets in tar shards: what is not there is named."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from tests.refusal import refused
from vlret.datasets.files import DatasetError
from vlret.datasets.tar_set import read_bytes, read_items


def write(folder: Path) -> None:
    (folder / "a.txt").write_text("a" * 2000)
    with tarfile.open(folder / "s.tar", "w") as tar:
        tar.add(folder / "a.txt", "a.txt")
    records = [{"image": name, "split": "test", "shard": "s.tar"} for name in ("a.txt", "b.txt")]
    (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, records)))


def test_files_come_in_the_order_of_the_items(tmp_path: Path) -> None:
    write(tmp_path)
    first, _ = read_items(tmp_path)
    assert list(read_bytes([first, first])) == [b"a" * 2000] * 2


def test_a_file_or_shard_that_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    items = read_items(tmp_path)
    with refused("shard_damaged") as caught:
        list(read_bytes(items))
    assert "s.tar has no complete file b.txt" in str(caught.value)
    (tmp_path / "s.tar").write_bytes(b"half a tar")
    with refused("shard_damaged"):
        list(read_bytes(items))
    (tmp_path / "s.tar").unlink()
    with refused("shard_missing"):
        list(read_bytes(items))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ('{"image": ', "line 3 is not JSON"),
        ('{"image": "a"}', "row 3: 'shard' is missing"),
        ("7", "row 3"),
        (
            '{"image": "a", "shard": "s.tar", "split": "dev", "captions": "a cat"}',
            "row 3: 'a cat' is not a list",
        ),
        (
            '{"image": "a", "shard": "s.tar", "split": "dev", "captions": [""]}',
            "row 3: '' is not a text",
        ),
    ],
)
def test_a_damaged_row_is_named(tmp_path: Path, row: str, told: str) -> None:
    write(tmp_path)
    file = tmp_path / "captions.jsonl"
    file.write_text(f"{file.read_text()}\n{row}\n")
    with pytest.raises(DatasetError, match=rf"captions\.jsonl, {told}"):
        read_items(tmp_path)
