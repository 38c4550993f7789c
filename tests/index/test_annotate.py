"""A user's own columns: taken in, joined, kept over moves, replaced, and never half of a table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import vlret
from tests.index.stand_in import CircleEmbedder, write_text_video
from tests.index.test_kill import run_killed
from tests.refusal import refused
from vlret.index.annotate import annotate
from vlret.index.build import build_index
from vlret.index.filter import Filter
from vlret.index.index import Index
from vlret.index.move_root import move_root
from vlret.index.parquet_file import write_parquet
from vlret.index.store import Store

pytestmark = pytest.mark.usefixtures("text_pool", "small_shards")
QUERY = np.float32([[1, 0]])


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """a.mp4 (two clips), b.mp4, sub/c.mp4, sub/b.mp4."""
    for number, name in enumerate(["a.mp4", "b.mp4", "sub/c.mp4", "sub/b.mp4"]):
        write_text_video(tmp_path / "library" / name, *range(number, number + 1 + (name == "a.mp4")))
    build_index(tmp_path / "library", tmp_path / "index", CircleEmbedder())
    return tmp_path / "index"


def table(folder: Path, text: str, name: str = "table.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


def found(index: Path, where: str) -> list[str]:
    (hits,) = Index.open(index).search(QUERY, 100, True, Filter(where=where))
    return sorted(Path(hit.path).name for hit in hits)


def test_each_row_finds_its_file(index, tmp_path) -> None:
    library = tmp_path / "library"
    text = f"path,rating,camera\n{library}/a.mp4,5,Sony\nsub/c.mp4,3,\nlibrary/b.mp4,4,iPhone 15\nsub/b.mp4,,Sony\n"
    done = vlret.annotate(index, table(tmp_path, text))
    assert (done.files, done.columns, done.unmatched) == (4, {"rating": "integer", "camera": "text"}, ())
    assert found(index, "rating >= 4") == ["a.mp4", "b.mp4"]
    assert found(index, "RATING is null and camera = 'Sony'") == ["b.mp4"]
    assert found(index, "camera is null") == ["c.mp4"]
    assert found(index, "rating = 5 and start > 0") == ["a.mp4"]
    assert Index.open(index).info()["columns"] == {"rating": "integer", "camera": "text"}
    assert Index.open(index).check() == []


def test_a_name_alone_must_be_of_one_file(index, tmp_path) -> None:
    done = annotate(index, table(tmp_path, "file;good\nc.mp4;true\nb.mp4;false\nnone.mp4;true\n;true\n"))
    assert done.files == 1
    assert [(str(row.path), row.reason) for row in done.unmatched] == [
        ("b.mp4", "2 files have this name"), ("none.mp4", "not in the index"), (".", "not in the index"),
    ]  # fmt: skip
    assert found(index, "good") == ["c.mp4"]


@pytest.mark.parametrize(
    ("cells", "kind", "condition"),
    [
        (["1", "-2"], "integer", "x = -2"),
        (["1", "2.5"], "number", "x = 2.5"),
        (["true", "false"], "boolean", "not x"),
        (["2024-05-06", "2024-05-07 12:00:00"], "timestamp", "hour(x) = 12"),
        (["1", "two"], "text", "x = 'two'"),
        (["007", "x"], "text", "x = 'x'"),
        (["", "5"], "integer", "x = 5"),
        (["99999999999999999999", "1.5"], "number", "x = 1.5"),
    ],
)
def test_the_type_is_the_first_that_fits_all_values(index, tmp_path, cells, kind, condition) -> None:
    done = annotate(index, table(tmp_path, f"path,x\na.mp4,{cells[0]}\nc.mp4,{cells[1]}\n"))
    assert done.columns == {"x": kind}
    assert found(index, condition) == ["c.mp4"]


def test_empty_columns_are_texts_and_json_keeps_its_values(index, tmp_path) -> None:
    rows = [
        {"path": "a.mp4", "n": 1, "x": None, "b": True},
        {"path": "c.mp4", "n": 2.5, "x": None, "b": None},
    ]
    done = annotate(index, table(tmp_path, json.dumps(rows), "table.json"))
    assert done.columns == {"n": "number", "x": "text", "b": "boolean"}
    assert found(index, "b and n = 1 and x is null") == ["a.mp4"]


def test_a_second_table_replaces_the_first(index, tmp_path) -> None:
    annotate(index, table(tmp_path, "path,one\na.mp4,1\n"))
    annotate(index, table(tmp_path, "path,two\nc.mp4,2\n"))
    assert Index.open(index).info()["columns"] == {"two": "integer"}
    assert len(list(index.glob("annotations-*"))) == 1
    with refused("unknown_column") as caught:
        found(index, "one = 1")
    assert caught.value.fields["allowed"][-1] == "two"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("path,Width\na.mp4,1\n", "bad_column_name"),
        ("path,fingerprint\na.mp4,1\n", "bad_column_name"),
        ("path,clip_id\na.mp4,1\n", "bad_column_name"),
        ("path,a,A\na.mp4,1,2\n", "bad_column_name"),
        ("path,a,a\na.mp4,1,2\n", "duplicate_column"),
        ("path,\na.mp4,1\n", "bad_column_name"),
        ("path,\x1b[2J\na.mp4,1\n", "bad_column_name"),
        (f"path,{'x' * 65}\na.mp4,1\n", "bad_column_name"),
        (f"path,{','.join(f'c{n}' for n in range(101))}\na.mp4{',1' * 101}\n", "bad_column_name"),
        ("name,x\na.mp4,1\n", "column_missing"),
        ("path,x\nnowhere.mp4,1\n", "nothing_annotated"),
        ("path,x\n", "nothing_annotated"),
        ("path,x\na.mp4,1\nlibrary/a.mp4,2\n", "annotated_twice"),
        (f"path,x\na.mp4,{'x' * 1001}\n", "bad_annotation"),
    ],
)
def test_what_cannot_be_stored_is_refused_and_changes_nothing(index, tmp_path, text, code) -> None:
    annotate(index, table(tmp_path, "path,one\na.mp4,1\n"))
    with refused(code):
        annotate(index, table(tmp_path, text))
    assert Index.open(index).info()["columns"] == {"one": "integer"}


def test_a_column_may_be_called_anything_printable(index, tmp_path) -> None:
    annotate(index, table(tmp_path, 'path,Take No. ("final"); drop table clips,größe\na.mp4,1,2\n'))
    assert found(index, '"Take No. (""final""); drop table clips" = 1 and größe = 2') == ["a.mp4"]


def test_moved_files_and_roots_keep_their_values(index, tmp_path) -> None:
    library = tmp_path / "library"
    annotate(index, table(tmp_path, "path,x\na.mp4,1\nc.mp4,2\nsub/b.mp4,3\n"))
    (library / "a.mp4").rename(library / "sub" / "moved.mp4")
    build_index(library, index, CircleEmbedder())
    assert found(index, "x = 1") == ["moved.mp4"]
    write_text_video(library / "copy.mp4", 2)  # the content of c.mp4, which is still there
    build_index(library, index, CircleEmbedder())
    assert found(index, "x = 2") == ["c.mp4"]
    move_root(index, library, tmp_path / "elsewhere")
    assert found(index, "x is not null") == ["b.mp4", "c.mp4", "moved.mp4"]
    Index.open(index).compact()
    assert found(index, "x = 3") == ["b.mp4"]


def test_a_kill_at_any_moment_leaves_the_old_table_or_the_new_one(index, tmp_path) -> None:
    base = tmp_path / "runs"
    annotate(index, table(tmp_path, "path,x\na.mp4,1\nc.mp4,2\n"))
    base.mkdir()
    index.rename(base / "start")
    table(tmp_path / "library", "path,y\nc.mp4,2\n")
    n_killed = run_killed("annotate", tmp_path / "library", base)
    assert n_killed >= 3
    for step in range(n_killed):
        opened = Index.open(base / str(step))
        assert opened.check() == []
        assert opened.info()["columns"] in ({"x": "integer"}, {"y": "integer"})
        annotate(base / str(step), tmp_path / "library" / "table.csv")
        build_index(tmp_path / "library", base / str(step), CircleEmbedder())
        assert len(list((base / str(step)).glob("*.parquet*"))) == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"width": pa.array([1])},
        {"x": pa.array([[1]])},
        {"x": pa.array([b"x"])},
        {"x": pa.array(["y" * 2**15])},
        {"\x1b[2J": pa.array([1])},
        {"root": pa.array([1], pa.int64())},
    ],
)
def test_a_table_that_vlret_does_not_write_is_told(index, tmp_path, columns) -> None:
    annotate(index, table(tmp_path, "path,x\na.mp4,1\n"))
    store = Store(index)
    manifest = store.read_manifest()
    file = {"root": pa.array([0], pa.int32()), "path": pa.array(["a.mp4"]), "fingerprint": pa.array(["0"])}
    entry, _ = store.write_table("annotations", 99, pa.table({**file, **columns}), manifest.id)
    store.commit(manifest.next(annotations=entry))
    opened = Index.open(index)
    with refused("index_damaged"):
        opened.info()


def test_the_file_is_plain_parquet_with_the_mark_of_its_index(index, tmp_path) -> None:
    annotate(index, table(tmp_path, "path,x\na.mp4,1\n"))
    (file,) = index.glob("annotations-*.parquet")
    assert pq.read_table(file).drop_columns("fingerprint").to_pylist() == [
        {"root": 0, "path": "a.mp4", "x": 1}
    ]
    assert write_parquet(pq.read_table(file), Store(index).read_manifest().id)
