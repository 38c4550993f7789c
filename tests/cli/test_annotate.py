"""`vlret annotate`, and `--exclude` of `vlret index`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import paint_image, vlret


@pytest.fixture
def copy(index: Path, tmp_path: Path) -> Path:
    shutil.copytree(index, tmp_path / "copy")
    return tmp_path / "copy"


def test_columns_of_a_table_are_filtered_by(copy, tmp_path):
    rows = [f"no{n}.mp4,1,x" for n in range(7)]
    table = tmp_path / "shots.csv"
    table.write_text("\n".join(["video,rating,camera", "long.mp4,5,Sony", "green one.mp4,3,", *rows]))
    run = vlret("annotate", copy, table)
    assert (run.code, run.out) == (0, "2 files annotated: rating (integer), camera (text)\n")
    assert run.err.count("not in the index") == 5
    assert run.err.endswith("vlret: warning: and 2 more rows are about no file of the index\n")
    assert "columns   rating (integer), camera (text)" in vlret("info", copy).out
    hits = vlret("search", copy, "green", "--where", "rating > 3 and camera = 'Sony'", "--json").json["hits"]
    assert [Path(hit["path"]).name for hit in hits] == ["long.mp4"]
    document = vlret("annotate", copy, table, "--json").json
    assert (document["files"], document["columns"]) == (2, {"rating": "integer", "camera": "text"})
    assert len(document["unmatched"]) == 7


def test_a_table_of_other_files_is_one_line(copy, tmp_path):
    (tmp_path / "a.csv").write_text("path,x\nb.mp4,1\n")
    run = vlret("annotate", copy, tmp_path / "a.csv")
    assert (run.code, run.out, run.err.count("\n")) == (1, "", 1)
    assert "b.mp4 (not in the index)" in run.err


def test_an_index_leaves_out_what_is_excluded(models, tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        paint_image(tmp_path / name, "red")
    arguments = ("index", tmp_path, "--out", tmp_path / "index", "--model", models / "colour")
    assert "2 files excluded" in vlret(*arguments, "--exclude", "a.png", "--exclude", "b*").out
    assert vlret(*arguments, "--json").json["excluded"] == 2
    assert "excludes  a.png, b*" in vlret("info", tmp_path / "index").out
    assert vlret(*arguments, "--exclude", "", "--json").json["new"] == 2
    assert "excludes" not in vlret("info", tmp_path / "index").out
