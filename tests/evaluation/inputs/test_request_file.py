"""Files of several requests, and running them one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evaluation.sets import picture
from tests.refusal import refused
from vlret.evaluation.inputs.bench_all import bench_all
from vlret.evaluation.inputs.request import BenchRequest
from vlret.evaluation.inputs.request_file import read_requests

SPY = "tests.evaluation.inputs.test_bench:Spy"
FILE = f"""
models = ["{SPY}"]

[[run]]
name = "mine"
task = "retrieval"
captions = "mine.csv"
protocol = {{ ties = "pessimistic", rerank = ["qb_norm"] }}

[[run]]
name = "mine, by others: a"
task = "text"
dataset = "visla"
annotations = "annotations"
choices = {{ incomplete = "left_out" }}
models = ["clip"]
precomputed = ["a.parquet"]
"""


def write(folder: Path, text: str) -> Path:
    (folder / "runs.toml").write_text(text)
    return folder / "runs.toml"


def test_a_run_of_vision_language_models(tmp_path):
    text = '[[run]]\nname = "a"\ntask = "vqa"\ndataset = "pope"\nvlms = ["a/b"]\nprompt = "{} One word."\n'
    (found,) = read_requests(write(tmp_path, text)).values()
    assert (found.vlms, found.prompt) == (["a/b"], "{} One word.")


def test_requests_by_name_with_paths_beside_the_file(tmp_path):
    found = read_requests(write(tmp_path, FILE))
    assert found == {
        "mine": BenchRequest(
            "retrieval", captions=tmp_path / "mine.csv", models=[SPY], precomputed=[],
            protocol={"ties": "pessimistic", "rerank": ("qb_norm",)},
        ),
        "mine, by others: a": BenchRequest(
            "text", dataset="visla", annotations=tmp_path / "annotations", choices={"incomplete": "left_out"},
            models=["clip"], precomputed=[tmp_path / "a.parquet"],
        ),
    }  # fmt: skip
    elsewhere = read_requests(tmp_path / "runs.toml", tmp_path / "data")
    assert elsewhere["mine"].captions == tmp_path / "data" / "mine.csv"


@pytest.mark.parametrize(
    "text",
    [
        "models = [",
        "models = []",
        "[run]\nname = 'a'",
        "[[run]]\ntask = 'text'",
        "[[run]]\nname = 'a'",
        "[[run]]\nname = 'a'\ntask = 'text'\nframes = 3",
        "[[run]]\nname = 'a'\ntask = 'text'\n[[run]]\nname = 'a'\ntask = 'text'",
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, text):
    with refused("requests_invalid"):
        read_requests(write(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path):
    with refused("requests_unreadable"):
        read_requests(tmp_path / "none.toml")


def test_a_request_that_fails_is_skipped_and_the_others_run(tmp_path, cache):
    picture(tmp_path / "red.png", "red")
    (tmp_path / "mine.csv").write_text("path,caption\nred.png,a red wall\n")
    said: list[str] = []
    requests = read_requests(write(tmp_path, FILE))
    found = list(bench_all(dict(reversed(requests.items())), tmp_path / "out", cache=cache, say=said.append))
    ((name, folder, result),) = found
    assert (name, folder) == ("mine", tmp_path / "out" / "mine")
    assert (folder / "result.json").is_file()
    assert result.models[0].main.figures["hit@1"].value == 100
    assert any(line.startswith("mine, by others: a: skipped. ") for line in said)
