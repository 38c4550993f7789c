"""Banks of sentences: written, read back, and refused when damaged or hostile."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import ColourEmbedder
from tests.refusal import refused
from vlret.errors import UsageError
from vlret.models.captioners import bank
from vlret.models.captioners.bank import SPACE, THRESHOLD, embed_bank, read_bank, write_bank


def write_table(file, texts=("red", "blue"), vectors=((1, 0), (0, 1)), kind=None, **metadata):
    columns = {"text": pa.array(texts), "vector": pa.array(vectors, kind or pa.list_(pa.float32(), 2))}
    keys = {SPACE: "space", **{name.encode(): value for name, value in metadata.items()}}
    table = pa.table({name: column for name, column in columns.items() if len(column)})
    pq.write_table(table.replace_schema_metadata(keys), file)
    return file


def test_what_is_written_is_read(tmp_path):
    write_bank(["red", "green", "red "], ColourEmbedder(), tmp_path / "a.parquet", 0.25)
    made = read_bank(tmp_path / "a.parquet")
    assert (made.name, made.texts, made.space) == ("a", ["red", "green"], "0" * 64)
    assert made.unknown_threshold == 0.25
    assert made.vectors.dtype == np.float32
    assert made.vectors == pytest.approx(ColourEmbedder().embed_texts(["red", "green"]), abs=1e-3)
    assert np.linalg.norm(made.vectors, axis=1) == pytest.approx(1, abs=1e-6)


def test_columns_and_metadata_are_as_documented(tmp_path):
    write_bank(["red"], ColourEmbedder(), tmp_path / "a.parquet")
    schema = pq.read_schema(tmp_path / "a.parquet")
    assert schema.names == ["text", "vector"]
    assert schema.types == [pa.string(), pa.list_(pa.float16(), 4)]
    assert schema.metadata == {SPACE: b"0" * 64}
    assert read_bank(tmp_path / "a.parquet").unknown_threshold is None


def test_a_bank_of_another_program_in_float32(tmp_path):
    made = read_bank(write_table(tmp_path / "own.parquet", vectors=((2, 0), (0, 3))))
    assert made.texts == ["red", "blue"]
    assert made.vectors.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("texts", [[], [" "], ["red", ""]])
def test_empty_sentences_are_refused(texts):
    with refused("no_sentences"):
        embed_bank(texts, ColourEmbedder(), "x")


def test_a_missing_file(tmp_path):
    with refused("file_missing"):
        read_bank(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"texts": ("red", None)}, "empty values"),
        ({"texts": (1, 2)}, "column text is int64"),
        ({"vectors": ((1, 0), None)}, "empty values"),
        ({"vectors": ((1, 0), (None, None))}, "row 2 is zero or not finite"),
        ({"vectors": ((0, 0), (0, 1))}, "row 1 is zero or not finite"),
        ({"vectors": ((1, 0), (float("inf"), 1))}, "row 2 is zero or not finite"),
        ({"kind": pa.list_(pa.float32())}, "no column vector"),
        ({"kind": pa.list_(pa.float64(), 2)}, "no column vector"),
        ({"vectors": ((), ()), "kind": pa.list_(pa.float32(), 0)}, "vectors of 0 numbers"),
        ({"texts": ("a", "b" * 20_000)}, "bytes of text"),
        ({"vlret-unknown-threshold": "nan"}, "threshold is nan"),
        ({"vlret-unknown-threshold": "high"}, "high"),
    ],
)
def test_a_damaged_bank_is_refused(tmp_path, changes, reason):
    file = write_table(tmp_path / "a.parquet", **changes)
    with refused("not_a_bank") as caught:
        read_bank(file)
    assert reason in str(caught.value)


def test_a_bank_without_rows_is_refused(tmp_path):
    schema = pa.schema([("text", pa.string()), ("vector", pa.list_(pa.float32(), 2))], {SPACE: "s"})
    pq.write_table(schema.empty_table(), tmp_path / "a.parquet")
    with refused("not_a_bank"):
        read_bank(tmp_path / "a.parquet")


def test_a_bank_that_does_not_name_its_model_is_refused(tmp_path):
    table = pq.read_table(write_table(tmp_path / "a.parquet")).replace_schema_metadata({THRESHOLD: "0.1"})
    pq.write_table(table, tmp_path / "a.parquet")
    with refused("not_a_bank") as caught:
        read_bank(tmp_path / "a.parquet")
    assert "which model" in str(caught.value)


def test_a_small_file_of_many_rows_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(bank, "_MOST_NUMBERS", 100)
    file = write_table(tmp_path / "a.parquet", ["red"] * 51, [(1, 0)] * 51)
    with refused("not_a_bank") as caught:
        read_bank(file)
    assert "51 vectors of 2 numbers" in str(caught.value)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_cut_file_is_refused(tmp_path, part):
    data = write_table(tmp_path / "a.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(data[: int(len(data) * part)])
    with refused("not_a_bank"):
        read_bank(tmp_path / "b.parquet")


@pytest.mark.parametrize("place", range(5, 600, 7))
def test_flipped_bytes_give_a_bank_or_its_error(tmp_path, place):
    write_bank(["red", "green", "blue"], ColourEmbedder(), tmp_path / "a.parquet")
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    data[place % len(data)] ^= 0xFF
    (tmp_path / "b.parquet").write_bytes(data)
    try:
        outcome = str(len(read_bank(tmp_path / "b.parquet").texts))
    except UsageError as error:
        outcome = error.code
    assert outcome in ("3", "not_a_bank")
