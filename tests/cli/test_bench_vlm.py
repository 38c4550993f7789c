"""`vlret bench vqa --vlm`: a tiny random vision-language model of transformers beside an embedder."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.cli.conftest import process, vlret
from tests.models.vlm.folders import save_instructblip, save_qwen2_5_vl


@pytest.fixture(scope="module")
def qwen(tmp_path_factory):
    return save_qwen2_5_vl(tmp_path_factory.mktemp("vlm") / "tiny-qwen")


@pytest.fixture
def asked(media, tmp_path):
    """Questions about a painted video and a picture."""
    folder = shutil.copytree(media, tmp_path / "own")
    rows = [
        {"path": "green one.mp4", "question": "is it red?", "answers": ["yes", "no"], "answer": "no"},
        {"path": "green one.mp4", "question": "is it green?", "answers": ["yes", "no"], "answer": "yes"},
        {"path": "blue <b>.png", "question": "is it red?", "answers": ["yes", "no"], "answer": "no"},
    ]
    (folder / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "q.jsonl"


def test_it_stands_beside_an_embedder_and_goes_on_from_its_answers(asked, qwen, models, tmp_path):
    out, cache = tmp_path / "out", ["--cache", tmp_path / "cache"]
    arguments = [
        "bench", "vqa", "--questions", asked, "--model", models / "asked", "--vlm", qwen, "--frames", 4,
        "--prompt", "{} Yes or no?", "--device", "cpu", "--dtype", "float32", *cache, "--out", out,
    ]  # fmt: skip
    run = vlret(*arguments)
    assert run.code == 0, run.err
    rows = [line for line in run.out.splitlines() if " all " in line]
    assert [row.split("  ")[0] for row in rows] == [
        "asked",
        "tiny-qwen (generated)",
        "tiny-qwen (likelihood)",
    ]
    assert "frames as a video; prompt '{} Yes or no?'." in run.out
    document = json.loads((out / "result.json").read_text())
    written = document["models"][1]
    assert len(written["answers"]) == 3
    assert written["answer_cost"]["questions"] == 3
    again = vlret(*arguments, "--json")
    assert [model["answer_cost"]["cached"] for model in again.json["models"][1:]] == [3, 3]
    assert again.json["models"][1]["parts"] == written["parts"]
    compared = vlret("bench", "compare", out)
    assert compared.code == 0, compared.err
    assert "asked - tiny-qwen (generated)" in compared.out
    assert "tiny-qwen (generated) - tiny-qwen (likelihood)" in compared.out


def test_a_model_of_one_image_is_asked_with_one_frame(asked, models, tmp_path):
    folder = save_instructblip(tmp_path / "blip")
    arguments = ["bench", "vqa", "--questions", asked, "--vlm", folder, "--cache", tmp_path / "cache"]
    run = vlret(*arguments)
    assert (run.code, "--frames 1" in run.err) == (2, True)
    assert vlret(*arguments, "--frames", 1).code == 0


def test_stdout_holds_the_document_and_nothing_else(asked, qwen, tmp_path):
    run = process("bench", "vqa", "--questions", asked, "--vlm", qwen, "--cache", tmp_path / "c", "--json")
    assert run.code == 0, run.err
    assert len(run.json["models"]) == 2
    assert all(line.startswith("vlret: ") for line in run.err.splitlines()), run.err
