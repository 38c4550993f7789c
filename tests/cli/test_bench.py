"""`vlret bench`: the whole way from options to table, document and files."""

from __future__ import annotations

import json
import re
import shutil

import pandas as pd
import pytest

from tests.cli.conftest import process, vlret
from tests.datasets.small import write_visla
from vlret.datasets import registry


@pytest.fixture
def cache(tmp_path):
    return ["--cache", tmp_path / "cache"]


@pytest.fixture
def own(media, tmp_path):
    """A folder of the painted media with captions and labels."""
    folder = shutil.copytree(media, tmp_path / "own")
    (folder / "captions.csv").write_text(
        "path,caption\ngreen one.mp4,a green wall\nblue <b>.png,the blue sky\nlong.mp4,red\n",
        encoding="utf-8",
    )
    (folder / "other.json").write_text('{"models": [{"x": 1}], "dataset": {}}')
    (folder / "q.csv").write_text("path,question,answers,answer\nlong.mp4,which?,red|blue,red\n")
    scalars = {"kind": ["media"], "key": ["long.mp4"], "vector": [1.0]}
    pd.DataFrame(scalars).to_parquet(folder / "scalars.parquet")
    (folder / "labels.csv").write_text(
        "path,label,start,end\ngreen one.mp4,green,,\nlong.mp4,red,0,10\nlong.mp4,blue,10,20\n"
    )
    return folder


def test_retrieval_prints_a_table_and_writes_files(own, models, cache, tmp_path):
    out = tmp_path / "out"
    run = vlret("bench", "retrieval", "--captions", own / "captions.csv", "--model", models / "colour",
                "--model", models / "asked", "--out", out, *cache)  # fmt: skip
    assert run.code == 0, run.err
    head, *rows, _ = run.out.splitlines()
    assert head.split()[:8] == ["model", "part", "queries", "pool", "R@1", "R@5", "R@10", "R@50"]
    assert [row.split()[0] for row in rows] == ["colour", "colour", "asked", "asked"]
    assert "loading" in run.err
    assert "wrote" in run.err
    files = [path for path in out.iterdir() if path.is_file()]
    assert sorted(path.suffix for path in files) == [
        ".csv", ".html", ".json", ".md", ".parquet", ".qrels", ".qrels", ".tex", *[".trec"] * 4
    ]  # fmt: skip
    assert "result.html" in run.err


def test_json_is_the_document_that_is_written(own, models, cache, tmp_path):
    arguments = [
        "bench",
        "classification",
        "--labels",
        own / "labels.csv",
        "--model",
        models / "colour",
        *cache,
    ]
    run = vlret(*arguments, "--frames", 2, "--prompt", "a {} thing", "--out", tmp_path / "out", "--json")
    assert run.json == json.loads((tmp_path / "out" / "result.json").read_text())
    assert run.json["models"][0]["parts"][0]["figures"]["top-1"]["value"] == 100
    protocol = run.json["models"][0]["stamp"]["protocol"]
    assert (protocol["frames"], protocol["prompts"]) == (2, ["a {} thing"])


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_own_questions(own, models, cache, tmp_path, suffix):
    rows = [
        {"path": "green one.mp4", "question": "which?", "answers": ["red", "green"], "answer": "green"},
        {"path": "blue <b>.png", "question": "which?", "answers": ["red", "blue"], "answer": "red"},
    ]
    file = own / f"q.{suffix}"
    if suffix == "csv":
        pd.DataFrame([{**row, "answers": "|".join(row["answers"])} for row in rows]).to_csv(file, index=False)
    else:
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "out"
    run = vlret("bench", "vqa", "--questions", file, "--model", models / "asked", "--out", out, *cache)
    assert run.code == 0, run.err
    (part, *_) = json.loads((out / "result.json").read_text())["models"][0]["parts"]
    assert (part["queries"], part["figures"]["accuracy"]["value"]) == (2, 50)


def test_a_folder_for_each_class(own, models, cache, tmp_path):
    for name in ("green", "blue"):
        (tmp_path / "classes" / name).mkdir(parents=True)
    shutil.copy(own / "green one.mp4", tmp_path / "classes" / "green" / "a.mp4")
    shutil.copy(own / "blue <b>.png", tmp_path / "classes" / "blue" / "b.png")
    run = vlret(
        "bench", "classification", "--labels", tmp_path / "classes", "--model", models / "colour", *cache
    )
    assert run.code == 0, run.err
    assert run.out.splitlines()[1].split()[:5] == ["colour", "all", "2", "2", "100.0"]


def test_an_index_is_searched_for_captions(own, models, cache, tmp_path):
    assert vlret("index", own, "--out", tmp_path / "i", "--model", models / "colour").code == 0
    arguments = ["bench", "retrieval", "--captions", own / "captions.csv", "--index", tmp_path / "i", *cache]
    run = vlret(*arguments)
    assert run.code == 0, run.err
    # the blue sky is as near to the blue half of long.mp4: half a hit
    assert run.out.splitlines()[1].split()[1:7] == ["text", "to", "video", "3", "3", "83.3"]
    refused = vlret(*arguments, "--frames", 3)
    assert refused.code == 2
    assert "frames" in refused.err


def test_compare_refuses_and_names_what_differs(own, models, cache, tmp_path):
    def run(name, *more):
        arguments = ["--captions", own / "captions.csv", "--model", models / name, *cache, *more]
        assert vlret("bench", "retrieval", *arguments, "--out", tmp_path / f"{name}{len(more)}").code == 0

    run("colour")
    run("asked")
    run("asked", "--frames", 3)
    same = vlret("bench", "compare", tmp_path / "colour0", tmp_path / "asked0" / "result.json")
    assert same.code == 0, same.err
    assert "colour - asked" in same.out
    assert "vlret: differs: model.name: 'colour' and 'asked'" in same.err
    other = vlret("bench", "compare", tmp_path / "colour0", tmp_path / "asked2")
    assert (other.code, other.out) == (2, "")
    assert "protocol.frames: 8 and 3" in other.err
    assert "--force" in other.err
    forced = vlret("bench", "compare", tmp_path / "colour0", tmp_path / "asked2", "--force", "--json")
    assert forced.code == 0, forced.err
    assert {"name": "protocol.frames", "first": 8, "second": 3, "matters": True} in forced.json["differences"]
    assert forced.json["comparisons"][0]["paired"].keys() == {"difference", "low", "high", "p_value"}


def test_texts_cut_stand_beside_whole_ones_in_every_file(own, models, cache, tmp_path):
    out, name = tmp_path / "out", "text to video, texts cut to 3 tokens"
    arguments = ["--captions", own / "captions.csv", "--model", models / "colour", *cache]
    run = vlret("bench", "retrieval", *arguments, "--text-tokens", 3, "--out", out)
    assert run.code == 0, run.err
    assert name in run.out
    assert name in (out / "result.md").read_text()
    assert name in (out / "result.html").read_text()
    assert set(pd.read_csv(out / "result.csv")["part"]) == {
        "text to video", "video to text", name, name.replace("text to video", "video to text"),
    }  # fmt: skip
    ranks = pd.read_parquet(out / "ranks.parquet")
    assert len(ranks[ranks["part"] == name]) == 3
    assert (out / "colour_text-to-video-texts-cut-to-3-tokens.trec").is_file()
    assert len(list((out / "mteb").rglob("*.json"))) == 2  # whole texts alone
    metrics = json.loads((out / "clip_benchmark" / "colour.json").read_text())["metrics"]
    assert metrics["image_retrieval_recall@1"] == 1.0
    other = vlret(
        "bench", "retrieval", *arguments, "--text-tokens", 3, "--frames", 3, "--out", tmp_path / "b"
    )
    assert other.code == 0, other.err
    compared = vlret("bench", "compare", out, tmp_path / "b", "--force")
    assert compared.code == 0, compared.err
    assert name in compared.out


def test_json_lists_all_missing_media(own, models, cache):
    rows = "".join(f"gone {i}.mp4,red\n" for i in range(7))
    (own / "gone.csv").write_text(f"path,caption\n{rows}")
    arguments = ["--captions", own / "gone.csv", "--model", models / "colour", *cache]
    run = vlret("bench", "retrieval", *arguments, "--json")
    assert run.code == 1
    assert run.json == {"schema": 1, "missing": [f"gone {i}.mp4" for i in range(7)]}
    assert len(run.err.splitlines()) == 1
    plain = vlret("bench", "retrieval", *arguments)
    assert plain.out == ""
    assert "All are listed with --out DIR, or with --json. Correct the paths in" in plain.err


def test_trimmed_annotations_are_told_below_the_table(models, cache, tmp_path):
    folder = write_visla(tmp_path / "annotations", "Generic_VISLA.first1.tsv")
    arguments = ["--annotations", folder, "--model", models / "colour", *cache]
    refused = vlret("bench", "text", "--dataset", "visla", *arguments)
    assert (refused.code, refused.out) == (1, "")
    assert "annotations of visla are incomplete: Generic_VISLA.first1.tsv" in refused.err
    assert "--allow-missing" in refused.err
    run = vlret("bench", "text", "--dataset", "visla", "--allow-missing", *arguments)
    assert run.code == 0, run.err
    named = "Generic_VISLA.first1.tsv"
    told = f"The annotation files are incomplete ({named}): a partial copy of the dataset."
    assert told in run.out.splitlines()


def test_a_result_of_one_model_has_nothing_to_compare(own, models, cache, tmp_path):
    arguments = ["--captions", own / "captions.csv", *cache, "--out", tmp_path / "a"]
    assert vlret("bench", "retrieval", *arguments, "--model", models / "colour").code == 0
    run = vlret("bench", "compare", tmp_path / "a")
    assert (run.code, run.out) == (2, "")
    assert "one model, colour" in run.err


def test_datasets_are_listed():
    run = vlret("bench", "datasets", "--json")
    assert run.code == 0, run.err
    assert [row["name"] for row in run.json] == registry.names()
    assert run.json[0].keys() == {
        "name", "task", "split", "items", "texts", "classes", "questions", "annotations_found", "missing",
        "licence", "source", "choices", "state", "trimmed",
    }  # fmt: skip
    assert run.json[0]["choices"] == {"split": ["1k-A", "full"]}
    assert next(row for row in run.json if row["name"] == "popev2")["choices"] == {}
    table = vlret("bench", "datasets").out.splitlines()
    chosen = [line for line in table if line.startswith("choices of ")]
    assert "choices of coin, the default first: target=step|task steps=id|label extent=whole|marked" in chosen
    assert len(chosen) == sum(bool(row["choices"]) for row in run.json)
    n_sets = len(registry.names())
    assert len(table) == 1 + 2 * n_sets + len(chosen)  # a row each, choices, and where to get it
    assert all(" lacks " in line and ": " in line for line in table[1 + n_sets + len(chosen) :])


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["retrieval"], 2, "--dataset NAME"),
        (["retrieval", "--dataset", "none"], 2, "msrvtt"),
        (
            ["retrieval", "--dataset", "msrvtt", "--captions", "a.csv"],
            2,
            "Several datasets were given: dataset, captions. Give one of --dataset NAME and --captions FILE",
        ),
        (["retrieval", "--dataset", "pope"], 2, "vlret bench vqa"),
        (["retrieval", "--dataset", "msrvtt"], 2, "--annotations"),
        (["retrieval", "--dataset", "msrvtt", "--choice", "split"], 2, "NAME=VALUE"),
        (["retrieval", "--dataset", "msrvtt", "--choice", "no=1"], 2, "has no choice"),
        (["retrieval", "--dataset", "msrvtt", "--annotations", "{own}"], 1, "has no"),
        (["retrieval", "--captions", "{own}/none.csv"], 1, "none.csv"),
        (["retrieval", "--captions", "{own}/captions.csv"], 2, "No model"),
        (["retrieval", "--captions", "{own}/captions.csv", "--model", "nothing"], 2, "nothing"),
        (["retrieval", "--captions", "{own}/captions.csv", "--ties", "mine"], 2, "pessimistic"),
        (["retrieval", "--captions", "{own}/captions.csv", "--index", "{own}"], 1, "index"),
        (
            ["classification", "--labels", "{own}/labels.csv", "--index", "{own}"],
            2,
            "No such option: --index",
        ),
        (["classification", "--captions", "{own}/captions.csv"], 2, "No such option: --captions"),
        (["vqa"], 2, "--questions FILE"),
        (
            ["vqa", "--questions", "{own}/q.csv", "--vlm", "nothing"],
            2,
            "neither a directory nor a name of the hub",
        ),
        (["vqa", "--questions", "{own}/q.csv", "--vlm", "{own}", "--prompt", "What?"], 2, "exactly one {}"),
        (["vqa", "--questions", "{own}/q.csv", "--model", "x", "--prompt", "{{}}?"], 2, "Give --vlm MODEL"),
        (["vqa", "--questions", "{own}/captions.csv", "--model", "x"], 1, "line 2"),
        (["retrieval", "--captions", "{own}/captions.csv", "--choice", "a=1"], 2, "Remove --choice"),
        (["retrieval", "--captions", "{own}/captions.csv", "--out", "{own}/labels.csv"], 2, "with --out"),
        (["retrieval", "--captions", "{own}/captions.csv", "--vectors", "{own}/scalars.parquet"], 2, "row 1"),
        (["datasets", "--annotations", "{own}/nope"], 2, "nope is not a directory"),
        (["datasets", "--annotations", "{own}/labels.csv"], 2, "labels.csv is not a directory"),
        (["compare", "{own}/captions.csv"], 2, "not a result"),
        (["compare", "{own}/other.json"], 2, "not a result"),
        (["compare"], 2, "vlret bench compare --help"),
        (["nothing"], 2, "No such command"),
    ],
)
def test_one_line_says_what_is_wrong(own, cache, arguments, code, reason):
    words = [word.format(own=own) for word in arguments]
    run = vlret("bench", *words)
    assert (run.code, run.out) == (code, ""), run.err
    errors = [line for line in run.err.splitlines() if "loading" not in line]
    assert len(errors) == 1
    assert reason in errors[0]


OF_MEDIA = ("--frames", "--sampling", "--resize", "--query", "--undecodable", "--workers")
OFFERED = {
    "retrieval": {*OF_MEDIA, "--captions", "--index", "--vectors", "--text-tokens", "--rerank"},
    "classification": {*OF_MEDIA, "--labels", "--vectors", "--prompt"},
    "vqa": {*OF_MEDIA, "--questions", "--vlm", "--prompt"},
    "text": {"--vectors"},
}
EVERYWHERE = {
    "--dataset", "--data", "--annotations", "--choice", "--model", "--out", "--ties", "--allow-missing", "--cache",
    "--device", "--dtype", "--engine", "--json", "--help",
}  # fmt: skip


@pytest.mark.parametrize("task", OFFERED)
def test_a_task_offers_the_options_that_it_uses_and_no_other(task):
    run = vlret("bench", task, "--help")
    assert run.code == 0, run.err
    assert set(re.findall(r"^ +(?:-h, )?(--[a-z-]+)", run.out, re.MULTILINE)) == EVERYWHERE | OFFERED[task]
    for other in set().union(*OFFERED.values()) - OFFERED[task]:
        assert f"No such option: {other}" in vlret("bench", task, other, "3").err


@pytest.mark.parametrize("verb", ["", *OFFERED, "run", "captions", "mteb", "datasets", "compare"])
def test_every_verb_has_help(verb):
    run = vlret("bench", *[verb] * bool(verb), "--help")
    assert (run.code, run.err) == (0, "")
    assert "Usage: vlret bench" in run.out


def test_stdout_holds_the_document_and_nothing_else(own, models, cache):
    arguments = ["--captions", own / "captions.csv", "--model", models / "colour", *cache, "--json"]
    run = process("bench", "retrieval", *arguments)
    assert run.json["schema"] == 2
    assert all(line.startswith("vlret: ") for line in run.err.splitlines())
