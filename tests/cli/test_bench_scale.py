"""`vlret bench scale`: sizes in, a table, a document and files out."""

from __future__ import annotations

import pytest

from tests.cli.conftest import vlret
from tests.evaluation.standalone.scale.figures import result
from vlret.evaluation.standalone.scale import run


@pytest.fixture(autouse=True)
def _measured(monkeypatch):
    def run_scale(sizes, out, say):
        out.mkdir()
        return result(*sizes)

    monkeypatch.setattr(run, "run_scale", run_scale)


def test_table_and_files(tmp_path):
    done = vlret("bench", "scale", "--sizes", "1000,2000", "--out", tmp_path / "out")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].split() == ["1,000", "clips", "2,000", "clips"]
    assert ["lists", "searched", "8", "8"] in [line.split() for line in lines]
    assert "x 1.25, +0.20 ms" in done.out
    assert lines[-1] == "a processor, 2 cores, avx2"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"result.json", "result.svg"}
    assert "1,000" in (tmp_path / "out" / "result.svg").read_text()
    assert "wrote" in done.err


def test_a_document(tmp_path):
    done = vlret("bench", "scale", "--sizes", "1000", "--out", tmp_path / "out", "--json")
    assert done.json["task"] == "scale"
    assert done.json["sizes"][0]["warm"]["ratio"] == 1.25


def test_what_is_no_number_is_one_line(tmp_path):
    done = vlret("bench", "scale", "--sizes", "1000,many", "--out", tmp_path / "out")
    assert done.code == 2
    assert "many" in done.err
    assert "Traceback" not in done.err
