"""`vlret bench mteb`: mteb's mock tasks from options to table, document and files, offline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run, vlret
from tests.models.ffmpeg_libraries import environment

NO_MTEB = 'mteb is not installed: pip install "mteb[video]"'
VIDEO_TASKS = ("MockVideoRetrievalT2V", "MockVideoZeroshotClassification")


@pytest.fixture(scope="module")
def video_run(models, tmp_path_factory) -> tuple[Run, Path]:
    """Two models over two video tasks and one with sound, as a process of its own; and the folder of the files."""
    pytest.importorskip("mteb", reason=NO_MTEB)
    folder = tmp_path_factory.mktemp("mteb")
    (folder / "libraries").mkdir()
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(folder / "hub")}
    tasks = [word for name in (*VIDEO_TASKS, "VATEXV2ARetrieval") for word in ("--task", name)]
    asked = ["--model", models / "colour", "--model", models / "asked", "--out", folder / "out", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.cli.mteb_stand_ins", "bench", "mteb", *tasks, *map(str, asked)],
        env={**os.environ, **offline, **environment(folder / "libraries")},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "Could not load libtorchcodec" in done.stdout:
        pytest.skip("torchcodec finds no FFmpeg shared libraries (Debian: apt-get install ffmpeg)")
    return Run(done.returncode, done.stdout, done.stderr), folder / "out"


def test_document_has_the_scores_of_each_model_and_whose_frame_times(video_run):
    run, _ = video_run
    assert run.code == 0, run.err
    assert run.json["schema"] == 1
    assert "in place of mteb's own" in run.json["frame_times"]
    for model in run.json["models"]:
        assert [row["task"] for row in model["results"]] == list(VIDEO_TASKS), model["no_score"]
        assert all(0 <= row["main_score"] <= 1 for row in model["results"])
        assert [row["task"] for row in model["no_score"]] == ["VATEXV2ARetrieval"]
    assert "MockVideoRetrievalT2V over" in run.err


def test_a_file_for_each_model_and_task_in_mtebs_own_form(video_run):
    run, out = video_run
    files = [Path(row["file"]) for model in run.json["models"] for row in model["results"]]
    found = [f for f in out.rglob("*.json") if f.name != "model_meta.json"]
    assert sorted(found) == sorted(files)
    assert len(files) == 4
    stored = json.loads(files[0].read_text())
    assert stored["task_name"] == VIDEO_TASKS[0]
    assert stored["scores"]["test"][0]["main_score"] == pytest.approx(
        run.json["models"][0]["results"][0]["main_score"], abs=1e-6
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--task", "MSRVTTT2V"], "No model was given. Give --model NAME"),
        (["--model", "vljepa-mini"], "Neither tasks nor a benchmark of mteb were given. Give --task NAME"),
        (["--model", "vljepa-mini", "--task", "MSRVTTT2"], "the nearest names are MSRVTTT2V"),
        (
            ["--model", "vljepa-mini", "--list", "MVEB(txt)"],
            "has no benchmark 'MVEB(txt)'; the nearest names are",
        ),
    ],
)
def test_wrong_usage_is_one_sentence(arguments, told):
    pytest.importorskip("mteb", reason=NO_MTEB)
    run = vlret("bench", "mteb", *arguments)
    assert (run.code, run.out, len(run.err.splitlines())) == (2, "", 1)
    assert told in run.err


def test_nothing_done_is_told_with_exit_code_1(models):
    pytest.importorskip("mteb", reason=NO_MTEB)
    run = vlret("bench", "mteb", "--task", "VATEXV2ARetrieval", "--model", models / "colour")
    assert run.code == 1
    assert "VATEXV2ARetrieval has no score of" in run.out
    assert "it has audio, and vlret's models take text and video." in run.out


def test_without_mteb_the_command_is_told(models, monkeypatch):
    monkeypatch.setitem(sys.modules, "mteb", None)
    run = vlret("bench", "mteb", "--task", "MSRVTTT2V", "--model", models / "colour")
    assert run.code == 1
    assert 'mteb is not installed. Run: pip install "mteb[video]>=2.26"' in run.err


@pytest.mark.parametrize("words", [["--help"], ["bench", "--help"], ["bench", "mteb", "--help"]])
def test_help_loads_neither_torch_nor_mteb(words):
    program = (
        "import sys\nfrom vlret.cli.app import main\n"
        f"try:\n    main({words})\nfinally:\n    print(sorted({{'torch', 'mteb', 'numpy'}} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
