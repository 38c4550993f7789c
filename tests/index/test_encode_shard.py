"""One worker's shard: the rows of an index over the same files, made again at will, whole at any moment."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.conftest import ColourEmbedder
from tests.index.stand_in import CircleEmbedder, TextPool, write_text_video
from vlret.errors import IndexFolderError, UsageError
from vlret.index import encode_shard as module
from vlret.index.build import build_index
from vlret.index.encode_shard import FilePart, ShardMarker, ShardSpec, encode_shard
from vlret.index.manifest import IndexRecipe
from vlret.index.requested_recipe import RequestedRecipe
from vlret.index.tables import METADATA


@pytest.fixture(autouse=True)
def _texts_for_videos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DecodePool", TextPool)


def recipe_of(model: CircleEmbedder | ColourEmbedder, clips: str = "auto") -> IndexRecipe:
    return RequestedRecipe(model, clips, None, "midpoint", "auto", "auto", "auto").recipe(model)


@pytest.fixture
def spec(library: Path, model: CircleEmbedder) -> ShardSpec:
    """Four files, one of them damaged, not in order of their names."""
    names = ("c.mov", "bad.mp4", "a.mp4", "sub/b.mp4")
    return ShardSpec("0003", tuple(FilePart(library / name) for name in names), recipe_of(model))


def rows(out: Path, marker: ShardMarker) -> pd.DataFrame:
    return pq.read_table(out / marker.table.name).to_pandas()


def test_the_rows_are_those_of_an_index(spec, library, model, tmp_path, text_pool):
    out = tmp_path / "shards"
    marker = encode_shard(spec, out, model)
    build_index(library, tmp_path / "index", CircleEmbedder())
    (shard,) = (tmp_path / "index" / "shards").iterdir()
    expected = pq.read_table(shard).to_pandas()
    order = {part.path.relative_to(library).as_posix(): number for number, part in enumerate(spec.parts)}
    expected = expected.sort_values(["path", "start"], key=lambda c: c.map(order) if c.name == "path" else c)
    expected["path"] = [str(library / path) for path in expected["path"]]
    columns = ["path", "start", "end", "fingerprint", "size", "mtime_ns", *METADATA.names]
    found = rows(out, marker)
    assert list(found) == [*columns, "vector"]
    pd.testing.assert_frame_equal(found[columns], expected[columns].reset_index(drop=True))
    np.testing.assert_array_equal(np.stack(found["vector"]), np.stack(expected["vector"]))
    assert [(Path(part.path).name, part.rows, part.reason) for part in marker.parts] == [
        ("c.mov", 4, ""), ("bad.mp4", 0, "damaged"), ("a.mp4", 2, ""), ("b.mp4", 1, ""),
    ]  # fmt: skip
    assert {path.name for path in out.iterdir()} == {"0003.json", marker.table.name}


def test_a_committed_shard_is_not_encoded_again(spec, model, tmp_path):
    first = encode_shard(spec, tmp_path, model)
    n_clips = model.n_clips_seen
    assert encode_shard(pickle.loads(pickle.dumps(spec)), tmp_path, model) == first  # noqa: S301
    assert model.n_clips_seen == n_clips
    other = tmp_path / "elsewhere"
    assert encode_shard(spec, other, model) == first
    assert (other / first.table.name).read_bytes() == (tmp_path / first.table.name).read_bytes()


CHANGES: dict[str, Callable[[Path, ShardMarker, ShardSpec], object]] = {
    "no marker": lambda out, marker, spec: (out / "0003.json").unlink(),
    "a cut marker": lambda out, marker, spec: (out / "0003.json").write_text('{"inputs": "'),
    "a marker of something else": lambda out, marker, spec: (out / "0003.json").write_text("[]"),
    "no table": lambda out, marker, spec: (out / marker.table.name).unlink(),
    "a cut table": lambda out, marker, spec: (out / marker.table.name).write_bytes(b"PAR1"),
    "a changed file": lambda out, marker, spec: write_text_video(spec.parts[0].path, 7, 8),
    "a deleted file": lambda out, marker, spec: spec.parts[0].path.unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_shard_is_encoded_again_where_something_is_amiss(spec, model, tmp_path, change, monkeypatch):
    monkeypatch.setattr(TextPool, "_file", reading_or_failing(TextPool._file))
    first = encode_shard(spec, tmp_path, model)
    CHANGES[change](tmp_path, first, spec)
    again = encode_shard(spec, tmp_path, CircleEmbedder())
    assert encode_shard(spec, tmp_path / "fresh", CircleEmbedder()) == again
    assert rows(tmp_path, again).equals(rows(tmp_path / "fresh", again))
    assert (again == first) == ("file" not in change)


def reading_or_failing(read):
    def file(pool, job):
        yield from read(pool, job) if job.path.exists() else [module.FileFailed(job, "cannot be opened")]

    return file


def test_a_file_that_may_be_good_is_tried_again(spec, model, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(
            TextPool, "_file", lambda pool, job: iter([module.FileFailed(job, "killed", retry=True)])
        )
        assert encode_shard(spec, tmp_path, model).table.rows == 0
    assert encode_shard(spec, tmp_path, model).table.rows == 7


def test_a_file_that_changes_while_it_is_read_gives_no_rows(spec, model, tmp_path, monkeypatch):
    encode = model.encode_pixels

    def changing(clips):
        os.utime(spec.parts[0].path, ns=(1, 1))
        return encode(clips)

    monkeypatch.setattr(model, "encode_pixels", changing)
    marker = encode_shard(spec, tmp_path, model)
    assert marker.parts[0].reason == "changed while it was read; run again"
    assert encode_shard(spec, tmp_path, CircleEmbedder()).parts[0].rows == 4


def test_another_model_is_refused(spec, tmp_path):
    with pytest.raises(IndexFolderError, match="circle"):
        encode_shard(spec, tmp_path, CircleEmbedder("other"))
    assert not list(tmp_path.glob("*.json"))


@pytest.mark.parametrize(
    ("name", "path", "code"),
    [("", "/a.mp4", "bad_shard_name"), ("../x", "/a.mp4", "bad_shard_name"), ("x", "a.mp4", "relative_path")],
)
def test_bad_specs_are_refused(name, path, code, model):
    with pytest.raises(UsageError) as caught:
        ShardSpec(name, (FilePart(Path(path)),), recipe_of(model))
    assert caught.value.code == code


def test_the_model_of_the_recipe_is_loaded_once(spec, tmp_path, monkeypatch):
    loaded = []

    def load_model(name, dtype):
        loaded.append((name, dtype))
        return CircleEmbedder()

    monkeypatch.setattr(module, "load_model", load_model)
    module._loaded.cache_clear()
    encode_shard(spec, tmp_path / "a")
    encode_shard(spec, tmp_path / "b")
    module._loaded.cache_clear()
    assert loaded == [("circle", "float32")]


KILLED = """
import os, pickle, signal, sys
from itertools import count
from pathlib import Path
from tests.index.stand_in import CircleEmbedder, TextPool
from vlret.index import encode_shard as module
module.DecodePool = TextPool
spec, out = pickle.load(open(sys.argv[1], "rb")), Path(sys.argv[2])
module.encode_shard(spec, out / "whole", CircleEmbedder())  # imports what each forked run would import anew
for stop in count():
    child = os.fork()
    if child == 0:
        steps = count()
        def hooked(function):
            def call(*args, **options):
                if next(steps) == stop:
                    os.kill(os.getpid(), signal.SIGKILL)
                return function(*args, **options)
            return call
        os.replace, os.fsync = hooked(os.replace), hooked(os.fsync)
        module.encode_shard(spec, out / str(stop), CircleEmbedder())
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        sys.exit(os.WEXITSTATUS(status) or print(stop))
"""


def test_a_kill_at_any_moment_leaves_a_whole_shard_or_none(spec, tmp_path):
    (tmp_path / "spec").write_bytes(pickle.dumps(spec))
    command = [sys.executable, "-c", KILLED, str(tmp_path / "spec"), str(tmp_path / "out")]
    n_kills = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert n_kills >= 4
    expected = encode_shard(spec, tmp_path / "expected", CircleEmbedder())
    for out in (tmp_path / "out").iterdir():
        if (out / "0003.json").exists():
            marker = json.loads((out / "0003.json").read_text())
            assert (out / marker["table"]["name"]).exists()
        assert encode_shard(spec, out, CircleEmbedder()) == expected
        assert rows(out, expected).equals(rows(tmp_path / "expected", expected))


def test_a_name_that_is_not_utf_8_costs_that_file_only(spec, model, tmp_path):
    odd = FilePart(Path(os.fsdecode(os.fsencode(spec.parts[0].path.parent) + b"/a\xff.mp4")))
    whole = encode_shard(spec, tmp_path, model)
    marker = encode_shard(replace(spec, parts=(odd, *spec.parts)), tmp_path, model)
    assert marker.parts[1:] == whole.parts
    assert (marker.parts[0].rows, marker.parts[0].reason) == (0, "its name is not UTF-8")
    assert encode_shard(replace(spec, parts=(odd, *spec.parts)), tmp_path, None) == marker  # committed
