"""vlret plan, encode and merge on painted media."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, command, paint_image, paint_video, vlret


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    """A video of 20 s, a short one, an image and a file that is no video."""
    folder = tmp_path_factory.mktemp("clips & ü")
    paint_video(folder / "long.mp4", "red", "blue", seconds=10)
    paint_video(folder / "green.mp4", "green")
    paint_image(folder / "blue.png", "blue")
    (folder / "zz bad.mp4").write_bytes(b"no video" * 99)
    return folder


@pytest.fixture
def plan(clips, models, tmp_path) -> Path:
    run = vlret(
        "plan", clips, "--shards", 3, "--model", models / "colour", "--clips", "window:2", "--out",
        tmp_path / "plan.jsonl",
    )  # fmt: skip
    assert run.code == 0, run.err
    return tmp_path / "plan.jsonl"


def encode(plan: Path, *more: object) -> list[object]:
    return ["encode", "--plan", plan, "--out", plan.parent / "shards", *more]


def merge(plan: Path, out: Path, *more: object) -> list[object]:
    return ["merge", plan.parent / "shards", "--plan", plan, "--out", out, *more]


def test_three_commands_give_the_index_of_one(plan, clips, models, tmp_path):
    for number in range(3):
        run = vlret(*encode(plan, "--shard", f"{number}/3", "--json"))
        assert (run.code, len(run.json["encoded"]), run.json["schema"]) == (0, 1, 1), run.err
    run = vlret(*merge(plan, tmp_path / "index", "--json"))
    assert (run.code, run.json["new"], run.json["clips"]) == (0, 3, 12), run.err
    assert [Path(skip["path"]).name for skip in run.json["skipped"]] == ["zz bad.mp4"]
    again = vlret("index", clips, "--out", tmp_path / "index", "--model", models / "colour", "--clips",
                  "window:2", "--json")  # fmt: skip
    assert (again.json["new"], again.json["unchanged"]) == (0, 3)
    assert vlret("search", tmp_path / "index", "red", "-k", "1", "--json").json["hits"][0]["score"] > 0.9
    assert vlret(*merge(plan, tmp_path / "strict", "--strict")).code == 1


def test_the_plan_tells_what_it_holds(plan, clips, models):
    run = vlret("plan", clips, "--shards", 3, "--model", models / "colour", "--clips", "window:2", "--out",
                plan, "--json")  # fmt: skip
    assert (run.json["shards"], run.json["files"], len(run.json["seconds"])) == (3, 4, 3)
    assert [Path(path).name for path in run.json["unknown"]] == ["zz bad.mp4"]
    run = vlret("plan", clips, "--shards", 3, "--model", models / "colour", "--out", plan)
    assert "4 files, 25 s of video, in 3 shards of" in run.out
    assert "zz bad.mp4" in run.out


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({"SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "0"}, [1]),
        ({"RANK": "0", "WORLD_SIZE": "2"}, [0, 2]),
        ({}, [0, 1, 2]),
    ],
)
def test_the_worker_is_known_from_the_environment(plan, monkeypatch, environment, names):
    for name in ("SLURM_ARRAY_TASK_ID", "RANK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    run = vlret(*encode(plan, "--json"))
    assert run.json["encoded"] == [f"shard-0000{number}-of-00003" for number in names]


def test_what_is_typed_counts_more_than_the_environment(plan, monkeypatch):
    monkeypatch.setenv("RANK", "7")
    run = vlret(*encode(plan, "--shard", "2/3", "--json"))
    assert run.json["encoded"] == ["shard-00002-of-00003"]
    assert vlret(*encode(plan)).code == 2


def test_a_missing_shard_is_named_with_the_command_that_encodes_it(plan, tmp_path):
    vlret(*encode(plan, "--shard", "0/3"))
    run = vlret(*merge(plan, tmp_path / "index"))
    assert run.code == 1
    assert "2 of 3 shards" in run.err
    assert "shard-00001-of-00003, shard-00002-of-00003" in run.err
    assert "--shard 1/3" in run.err
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (["--shard", "3/3"], 2, "0/16 or 15/16"),
        (["--plan", "missing.jsonl"], 2, "cannot be read"),
        (["--model", "{models}/asked"], 1, "was made with colour"),
    ],
)
def test_wrong_usage_is_one_line(plan, models, change, code, said):
    run = vlret(*encode(plan, *(word.format(models=models) for word in change)))
    assert (run.code, run.out) == (code, "")
    assert said in run.err
    assert len(run.err.splitlines()) == 1


def test_a_model_of_a_stranger_needs_the_users_word(plan, models, monkeypatch):
    monkeypatch.delenv("VLRET_TRUSTED_MODELS")
    run = vlret(*encode(plan))
    assert (run.code, "--model" in run.err) == (1, True)
    assert vlret(*encode(plan, "--model", models / "colour")).code == 0


def test_no_media_is_no_plan(models, tmp_path):
    (tmp_path / "empty").mkdir()
    run = vlret("plan", tmp_path / "empty", "--model", models / "colour", "--out", tmp_path / "plan.jsonl")
    assert (run.code, "no videos or images" in run.err) == (1, True)


def test_a_stopped_worker_resumes(tmp_path):
    """It is stopped while it hangs in its third shard; the others stay."""
    for name in ("hanging", "clips"):
        (tmp_path / name).mkdir()
    paint_video(tmp_path / "clips" / "a.mp4", "red", "green", "blue", "red", "green", "blue", seconds=4)
    model = tmp_path / "hanging"
    made = vlret("plan", tmp_path / "clips", "--shards", 3, "--model", model, "--clips", "window:2", "--out",
                 tmp_path / "plan.jsonl")  # fmt: skip
    assert made.code == 0, made.err
    words = encode(tmp_path / "plan.jsonl", "--model", model)
    child = subprocess.Popen(command(*words), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (model / "hangs").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "Run the same command again to resume" in said
    run = vlret(*words, "--json")
    assert (run.code, len(run.json["kept"]), len(run.json["encoded"])) == (0, 2, 1)
    assert json.loads((tmp_path / "shards" / "shard-00000-of-00003.json").read_text())["table"]["rows"] == 4
    assert not [name for name in os.listdir(tmp_path / "shards") if name.endswith(".part")]


def test_the_slurm_script_of_the_docs(plan, tmp_path):
    """The script as it is printed, its tasks started by hand; one of them fails and is given again."""
    page = (ROOT / "docs" / "sharding.md").read_text()
    script = next(block for block in page.split("```bash\n")[1:] if block.startswith("#!")).partition("```")[
        0
    ]
    (tmp_path / "vlret").write_text(
        f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m tests.cli.stand_ins "$@"\n'
    )
    (tmp_path / "vlret").chmod(0o755)
    script = script.replace("plan.jsonl", str(plan)).replace("--out shards", f"--out {tmp_path}/shards")
    script = script.replace("/16", "/3").replace("--workers 8", "--workers 1")
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def task(number: int) -> int:
        given = {**environment, "SLURM_ARRAY_TASK_ID": str(number), "SLURM_ARRAY_TASK_COUNT": "1"}
        return subprocess.run(["bash", "-c", script], env=given, capture_output=True, check=False).returncode

    assert (task(0), task(2), task(3)) == (0, 0, 2)
    assert vlret(*merge(plan, tmp_path / "index")).code == 1
    assert task(1) == 0
    assert vlret(*merge(plan, tmp_path / "index")).code == 0
