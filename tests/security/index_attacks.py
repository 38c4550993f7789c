"""Indexes as a stranger could send them: each function spoils a good one in its own way."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.security.sandbox import Sandbox
from vlret.index.tables import DROPPED, SKIPPED
from vlret.index.view.layout import checksum

Attack = Callable[[Sandbox], object]


def edit(box: Sandbox, **values: Any) -> None:
    path = box.stranger / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def entry(box: Sandbox, number: int = 0) -> dict[str, Any]:
    entries: list[dict[str, Any]] = json.loads((box.stranger / "manifest.json").read_text())["shards"]
    return entries[number]


def file_entry(path: Path, name: str, rows: int) -> dict[str, Any]:
    data = path.read_bytes()
    return {"name": name, "rows": rows, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def named(name: str, which: str = "skipped") -> Attack:
    """The manifest names `name` as its table of skipped or dropped files, or as its first shard."""

    def attack(box: Sandbox) -> None:
        file = {**entry(box), "name": name.replace("USER", str(box.user))}
        edit(box, **{which: [file] if which in ("shards", "windows") else file})

    return attack


def linked(name: str, target: str) -> Attack:
    """A symbolic link to a file or folder of the user in place of one of the index."""

    def attack(box: Sandbox) -> None:
        path = box.stranger / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.symlink_to(box.user / target)

    return attack


def linked_view_file(box: Sandbox) -> None:
    path = next((box.stranger / "view").glob("*.faiss"))
    linked(f"view/{path.name}", "old.faiss")(box)


def hard_linked_lock(box: Sandbox) -> None:
    (box.stranger / "lock").unlink()
    os.link(box.secret, box.stranger / "lock")


def fifo(name: str) -> Attack:
    def attack(box: Sandbox) -> None:
        (box.stranger / name).unlink()
        os.mkfifo(box.stranger / name)

    return attack


def socketed(box: Sandbox) -> None:
    (box.stranger / "lock").unlink()
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("stranger/lock")  # relative: the name of a socket is short


def folder_for(name: str) -> Attack:
    def attack(box: Sandbox) -> None:
        (box.stranger / name).unlink()
        (box.stranger / name).mkdir()

    return attack


def rewritten(which: str, change: Callable[[pa.Table], pa.Table], **options: Any) -> Attack:
    """The first shard, or the table of dropped or skipped files, changed and entered in the manifest."""

    def attack(box: Sandbox) -> None:
        name = {
            "shards": entry(box)["name"],
            "dropped": "dropped-000009.parquet",
            "skipped": "skipped-000009.parquet",
        }[which]
        before = {"shards": lambda: pq.ParquetFile(box.stranger / name).read(), "dropped": DROPPED.empty_table,
                  "skipped": SKIPPED.empty_table}[which]()  # fmt: skip
        table = change(before)
        pq.write_table(table, box.stranger / name, compression="zstd", **options)
        file = file_entry(box.stranger / name, name, table.num_rows)
        edit(box, **{which: [file] if which == "shards" else file})
        shutil.rmtree(box.stranger / "view")

    return attack


def column(name: str, *values: object) -> Callable[[pa.Table], pa.Table]:
    """The table with the first values of one column replaced."""

    def change(table: pa.Table) -> pa.Table:
        field = table.schema.field(name)
        column = [*values, *table[name].to_pylist()[len(values) :]]
        return table.set_column(table.schema.get_field_index(name), field, pa.array(column, field.type))

    return change


def skipped(root: int, path: str) -> Callable[[pa.Table], pa.Table]:
    return lambda _: pa.table([[root], [path], [1], [1], ["why"]], schema=SKIPPED)


def repeated(n_rows: int) -> Callable[[pa.Table], pa.Table]:
    """So many rows that take next to nothing in the file."""

    def change(table: pa.Table) -> pa.Table:
        return pa.table(
            {name: pa.repeat(table[name][0], n_rows) for name in table.column_names}, table.schema
        )

    return change


def one_long_text(_: pa.Table) -> pa.Table:
    """A path of 16,000 characters, once in the file and 100,000 times in the table."""
    n = 100_000
    path = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), n), ["/" + "x" * 16_000])
    return repeated(n)(skipped(-1, "/x")(_)).set_column(1, "path", path)


def many_rows(box: Sandbox) -> None:
    """Delta-encoded ids: rows of no size."""
    n = 3_000_000
    table = pa.table({"clip_id": pa.array(np.arange(n))})
    path = box.stranger / "dropped-000009.parquet"
    pq.write_table(table, path, use_dictionary=False, column_encoding={"clip_id": "DELTA_BINARY_PACKED"},
                   compression="zstd")  # fmt: skip
    edit(box, dropped=file_entry(path, path.name, n))


def huge_manifest(box: Sandbox) -> None:
    with (box.stranger / "manifest.json").open("r+b") as file:
        file.truncate(2**26)


def huge_info(box: Sandbox) -> None:
    with (box.stranger / "view" / "info.json").open("r+b") as file:
        file.truncate(2**20)


def nested_manifest(box: Sandbox) -> None:
    (box.stranger / "manifest.json").write_text("[" * 100_000)


def faiss_file(change: Callable[[bytes], bytes]) -> Attack:
    """Another FAISS file in the view, with the checksum that belongs to it."""

    def attack(box: Sandbox) -> None:
        path = next((box.stranger / "view").glob("*.faiss"))
        path.write_bytes(change(path.read_bytes()))
        info = json.loads((box.stranger / "view" / "info.json").read_text())
        with path.open("rb") as file:
            (box.stranger / "view" / "info.json").write_text(json.dumps({**info, "crc32": checksum(file)}))

    return attack


def claiming(data: bytes) -> bytes:
    """A terabyte of vectors, says the length before them."""
    return data[:66] + struct.pack("<Q", 2**38) + data[74:]


def other_ids(data: bytes) -> bytes:
    return data[:-8] + struct.pack("<q", 10**9)


def on_disk_lists(data: bytes) -> bytes:
    """An IVF index whose lists lie in a file that it names."""
    vectors = np.random.default_rng(0).standard_normal((100, 2)).astype(np.float32)
    index = faiss.index_factory(2, "IVF2,SQfp16", faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
    lists = faiss.OnDiskInvertedLists(2, index.code_size, "user/old.faiss")
    index.replace_invlists(lists)
    return faiss.serialize_index(index).tobytes()


def view_info(**values: Any) -> Attack:
    def attack(box: Sandbox) -> None:
        path = box.stranger / "view" / "info.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return attack


def foreign_faiss(box: Sandbox) -> None:
    """A file of the user's, copied into the view: it must not be deleted either."""
    shutil.copy(box.user / "old.faiss", box.stranger / "view" / "old.faiss")
    (box.stranger / "view" / "info.json").unlink()


def lock_text(box: Sandbox) -> None:
    (box.stranger / "lock").write_text(json.dumps({"pid": "\x1b[2J", "host": "\n\x1b]0;evil", "since": 3}))


def edited(**values: Any) -> Attack:
    return lambda box: edit(box, **values)


def recipe(**values: Any) -> Attack:
    def attack(box: Sandbox) -> None:
        old = json.loads((box.stranger / "manifest.json").read_text())["recipe"]
        edit(box, recipe={**old, **values})

    return attack


def card(**values: Any) -> Attack:
    def attack(box: Sandbox) -> None:
        old = json.loads((box.stranger / "manifest.json").read_text())["recipe"]
        edit(box, recipe={**old, "card": {**old["card"], **values}})

    return attack


def shard(**values: Any) -> Attack:
    return lambda box: edit(box, shards=[{**entry(box), **values}])


def flipped(box: Sandbox) -> None:
    path = box.stranger / entry(box)["name"]
    data = bytearray(path.read_bytes())
    data[10] ^= 255
    path.write_bytes(data)


NAMES = {
    "skipped outside": named("../user/skipped-000001.parquet"),
    "dropped absolute": named("USER/skipped-000001.parquet", "dropped"),
    "shard outside": named("shards/../../user/skipped-000001.parquet", "shards"),
    "windows outside": named("windows/../../user/skipped-000001.parquet", "windows"),
    "windows elsewhere": named("shards/000001.parquet", "windows"),
    "shard url": named("http://192.0.2.1/shards/000001.parquet", "shards"),
    "shard file url": named("file:USER/skipped-000001.parquet", "shards"),
    "backslashes": named("..\\user\\skipped-000001.parquet"),
    "drive": named("C:skipped-000001.parquet"),
    "line end": named("skipped-000001.parquet\n"),
    "other name": named("labels.parquet"),
    "empty name": named(""),
}
LINKS = {
    "manifest link": linked("manifest.json", "notes.json"),
    "lock link": linked("lock", "secret.txt"),
    "lock hard link": hard_linked_lock,
    "view link": linked("view", "."),
    "shards link": linked("shards", "deep"),
    "windows link": linked("windows", "deep"),
    "info link": linked("view/info.json", "notes.json"),
    "faiss link": linked_view_file,
    "shard link": linked("shards/000001.parquet", "skipped-000001.parquet"),
    "dangling lock": linked("lock", "new.txt"),
    "manifest FIFO": fifo("manifest.json"),
    "shard FIFO": fifo("shards/000001.parquet"),
    "info FIFO": fifo("view/info.json"),
    "lock FIFO": fifo("lock"),
    "lock socket": socketed,
    "manifest folder": folder_for("manifest.json"),
    "shard folder": folder_for("shards/000001.parquet"),
    "info folder": folder_for("view/info.json"),
}
ROWS = {
    "path out of root": rewritten("shards", column("path", "../user/secret.txt")),
    "path deep out": rewritten("shards", column("path", "a/../../secret.txt")),
    "path absolute": rewritten("shards", column("path", "/etc/passwd")),
    "path after line end": rewritten("shards", column("path", "a\n/../../b")),
    "root 7": rewritten("shards", column("root", 7)),
    "root -1": rewritten("shards", column("root", -1)),
    "start NaN": rewritten("shards", column("start", float("nan"))),
    "start -1": rewritten("shards", column("start", -1.0)),
    "duration infinite": rewritten("shards", column("duration_s", float("inf"))),
    "end infinite": rewritten("shards", column("end", float("inf"))),
    "end before start": rewritten("shards", column("end", -5.0)),
    "ids twice": rewritten("shards", column("clip_id", 1, 1)),
    "id negative": rewritten("shards", column("clip_id", -1)),
    "id next": rewritten("shards", column("clip_id", 0, 10**9)),
    "null path": rewritten("shards", column("path", None)),
    "zero vector": rewritten("shards", column("vector", [0.0, 0.0])),
    "NaN vector": rewritten("shards", column("vector", [float("nan"), 1.0])),
    "no vector": rewritten("shards", lambda table: table.drop_columns("vector")),
    "wider vector": rewritten(
        "shards", lambda table: table.set_column(8, "vector", [[[1.0] * 3] * len(table)])
    ),
    "skipped out of root": rewritten("skipped", skipped(0, "../../user/secret.txt")),
    "skipped relative": rewritten("skipped", skipped(-1, "user/secret.txt")),
    "skipped columns": rewritten("skipped", lambda _: pa.table({"x": [1]})),
    "skipped types": rewritten(
        "skipped", lambda table: table.set_column(1, "path", pa.array([], pa.int64()))
    ),
    "dropped types": rewritten("dropped", lambda _: pa.table({"clip_id": ["a"]})),
    "dropped null": rewritten("dropped", lambda _: pa.table({"clip_id": pa.array([None], pa.int64())})),
    "flipped byte": flipped,
}
SIZES = {
    "manifest of many bytes": huge_manifest,
    "manifest nested": nested_manifest,
    "info of many bytes": huge_info,
    "rows by the million": rewritten("shards", repeated(500_000)),
    "long text": rewritten("shards", column("path", "x" * 50_000_000)),
    "long text repeated": rewritten("skipped", one_long_text),
    "dropped by the million": many_rows,
    "rows": shard(rows=2**50),
    "dimension": card(dim=2**40),
}  # fmt: skip
MANIFEST = {
    "rows text": shard(rows="7"),
    "rows negative": shard(rows=-1),
    "rows true": shard(rows=True),
    "bytes huge": shard(bytes=10**30),
    "sha number": shard(sha256=7),
    "sha path": shard(sha256="../" * 21 + "x"),
    "shards object": edited(shards={}),
    "shards null": edited(shards=None),
    "shards number": edited(shards=[1]),
    "windows object": edited(windows={}),
    "windows number": edited(windows=[1]),
    "shard twice": lambda box: edit(box, shards=[entry(box), entry(box)]),
    "roots text": edited(roots="/"),
    "root relative": edited(roots=[{"id": 0, "path": "../user"}]),
    "root url": edited(roots=[{"id": 0, "path": "http://192.0.2.1"}]),
    "root file": edited(roots=[{"id": 0, "path": "file:///etc"}]),
    "root cached": edited(roots=[{"id": 0, "path": "simplecache::s3://bucket/a"}]),
    "root chained": edited(roots=[{"id": 0, "path": "s3://bucket/a::file:///etc"}]),
    "root chained bucket": edited(roots=[{"id": 0, "path": "s3://bucket::file:///etc"}]),
    "root server": edited(roots=[{"id": 0, "path": "s3://user:password@192.0.2.1:80/a"}]),
    "root leads out": edited(roots=[{"id": 0, "path": "s3://bucket/a/../../other"}]),
    "root of https": edited(roots=[{"id": 0, "path": "https://192.0.2.1/a"}]),
    "root NUL": edited(roots=[{"id": 0, "path": "/a\0b"}]),
    "root half a pair": edited(roots=[{"id": 0, "path": "/\ud800"}]),
    "root ids": edited(roots=[{"id": 4, "path": "/a"}]),
    "recipe list": edited(recipe=[]),
    "recipe dtype": recipe(dtype=7),
    "recipe frames": recipe(n_frames=0),
    "card null": recipe(card=None),
    "card name": card(name={"a": 1}),
    "card temperature": card(temperature="hot"),
    "card prompts": card(prompts="photo"),
    "card resize": card(resize="rm -rf"),
    "next id": edited(next_clip_id=2**80),
    "next shard": edited(next_shard=-3),
    "revision NaN": edited(revision=float("nan")),
    "id": edited(id="../../x"),
    "version": edited(version="1"),
}
VIEWS = {
    "faiss claims a terabyte": faiss_file(claiming),
    "faiss of other ids": faiss_file(other_ids),
    "faiss cut": faiss_file(lambda data: data[:-9]),
    "faiss empty": faiss_file(lambda _: b""),
    "faiss lists in a file": faiss_file(on_disk_lists),
    "info type": view_info(type="IVF2,SQfp16"),
    "info nprobe": view_info(nprobe=10**6),
    "info key": view_info(rows_key="../../user/old"),
    "info number": view_info(n_vectors=-1),
    "foreign faiss file": foreign_faiss,
    "lock text": lock_text,
}
ATTACKS: dict[str, Attack] = {**NAMES, **LINKS, **ROWS, **SIZES, **MANIFEST, **VIEWS}
