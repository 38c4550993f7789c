"""An index from a stranger that names addresses: nobody is asked until its user wants the pixels of a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.index.stand_in import CircleEmbedder
from tests.refusal import refused
from tests.security.sandbox import Sandbox
from tests.security.test_index_folders import labelled, library, searched
from vlret.index.build import build_index
from vlret.index.check import check_index
from vlret.index.index import Index
from vlret.index.move_root import move_root
from vlret.index.remove import remove_files
from vlret.media.decode import decode
from vlret.remote_path import RemotePath
from vlret.tasks.searcher import Searcher

__all__ = ["library"]  # a fixture

ROOT = "s3://of-a-stranger/films"


@pytest.fixture(params=[ROOT, "gs://of-a-stranger/films", "memory://of-a-stranger/films"])
def box(request: pytest.FixtureRequest, sandbox: Sandbox, library: Path) -> Sandbox:
    """The index of `library` with an address in place of its root, and windows to be stored."""
    path = sandbox.stranger / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest |= {"roots": [{"id": 0, "path": request.param}], "windows": []}
    path.write_text(json.dumps(manifest))
    sandbox.root_of_index = request.param
    return sandbox


def test_reading_it_asks_nobody(box: Sandbox, library: Path) -> None:
    with box.unharmed(box.stranger):
        searched(box, library)
        labelled(box, library)
        index = Index.open(box.stranger)
        assert {Path(path).name for path in index.file_paths} == {"0.mp4", "1.mp4", "2.mp4"}
        json.dumps(index.info(), allow_nan=False)
        assert check_index(box.stranger).remote == 3
        searcher = Searcher(index, CircleEmbedder())
        found = searcher.search("0", k=3, moments=True)
        assert len(found.hits) == 3
        assert all("at an address" in line for line in found.warnings)
        assert len(found.warnings) == 3
        index.compact()


def test_writing_to_it_asks_nobody(box: Sandbox, library: Path) -> None:
    with box.unharmed(box.stranger):
        report = build_index(
            library, box.stranger, CircleEmbedder(), prune=True, prune_missing_folders=True, progress=False
        )
        assert (report.new, report.dropped) == (3, 0)
        assert len(Index.open(box.stranger)) == 12
        move_root(box.stranger, box.root_of_index, "s3://other/films")
        assert remove_files(box.stranger, ["s3://other/films/0.mp4"]).clips == 2


@pytest.mark.parametrize(
    "name", ["x::file:///etc/passwd", "::file:///etc/passwd", "x::simplecache::memory://b/y"]
)
def test_a_row_reaches_no_other_file_system(box: Sandbox, name: str) -> None:
    with box.unharmed(), refused("media_unreachable") as caught:
        decode(RemotePath(box.root_of_index) / name, [0.0])
    assert "this is no address of an object" in str(caught.value)


def test_a_path_of_this_machine_is_never_read_as_an_address(sandbox: Sandbox) -> None:
    """`file:`, cached and web addresses are names of files that do not exist."""
    for given in (
        f"file://{sandbox.secret}",
        f"simplecache::file://{sandbox.secret}",
        "https://192.0.2.1/a.mp4",
    ):
        with sandbox.unharmed(), refused("media_not_found"):
            decode(given, [0.0])
