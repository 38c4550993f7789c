"""`vlret bench run`: the benchmarks of a file."""

from __future__ import annotations

import shutil

from tests.cli.conftest import vlret
from vlret.evaluation.results.read import read_result


def test_each_run_has_a_table_and_a_directory(media, models, tmp_path):
    shutil.copytree(media, tmp_path / "data")
    (tmp_path / "data" / "labels.csv").write_text("path,label\ngreen one.mp4,green\nblue <b>.png,blue\n")
    runs = "".join(
        f'[[run]]\nname = "{name}"\ntask = "classification"\nlabels = "{file}"\n'
        for name, file in (("painted", "labels.csv"), ("gone", "none.csv"))
    )
    (tmp_path / "runs.toml").write_text(runs)
    arguments = [
        "bench",
        "run",
        tmp_path / "runs.toml",
        "--data",
        tmp_path / "data",
        "--cache",
        tmp_path / "c",
    ]
    run = vlret(*arguments, "--model", models / "colour", "--out", tmp_path / "out")
    assert run.code == 0, run.err
    assert run.out.splitlines()[:2] == ["painted", ""]
    assert read_result(tmp_path / "out" / "painted").models[0].main.figures["top-1"].value == 100
    assert (tmp_path / "out" / "painted" / "result.html").is_file()
    assert "gone: skipped. There is no file" in run.err
    assert not (tmp_path / "out" / "gone").exists()
    nothing = vlret(*arguments, "--model", models / "nothing", "--out", tmp_path / "none")
    assert (nothing.code, nothing.out) == (1, "")
