"""What a run writes: the document, ranks per query as Parquet, and TREC runs that TREC's own program reads."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from urllib.parse import unquote

import pandas as pd
import pytest

from tests.evaluation.conftest import Counting
from tests.evaluation.sets import card, classification_set, media, retrieval_set, text_set, vqa_set
from vlret.datasets.base import StateChoice, StateSet
from vlret.errors import OutputError
from vlret.evaluation.protocol.protocol import protocol_for
from vlret.evaluation.results.export import file_names, write_result
from vlret.evaluation.runner import run


def written(made, painted, tmp_path, *models, **choices):
    document = run(
        made, painted, models or [Counting()], protocol_for(made.card, **choices), cache=tmp_path / "c"
    )
    return document, {path.name: path for path in write_result(document, tmp_path / "out")}


def test_the_document_is_written_as_it_is(painted, tmp_path):
    document, files = written(retrieval_set(), painted, tmp_path)
    assert json.loads(files["result.json"].read_text()) == document.to_json()
    assert list(files) == [
        "result.json",
        "ranks.parquet",
        "counting_text-to-video.trec",
        "text-to-video.qrels",
        "counting_video-to-text.trec",
        "video-to-text.qrels",
    ]


def test_ranks_have_a_row_for_each_model_part_and_query(painted, tmp_path):
    _, files = written(
        retrieval_set(), painted, tmp_path, Counting("a"), Counting("b/c d"), rerank=("qb_norm",)
    )
    table = pd.read_parquet(files["ranks.parquet"])
    assert len(table) == 2 * 2 * (5 + 4)
    rows = table[(table["model"] == "a") & (table["part"] == "text to video") & (table["rerank"] == "none")]
    assert rows["query"].tolist() == [f"texts-{i}" for i in range(5)]
    assert rows["best"].tolist() == rows["worst"].tolist() == [1] * 5
    assert rows["top"].iloc[0][0] == "red"
    assert rows["hit@1"].tolist() == [1.0] * 5
    assert "b__c-d_text-to-video_qb_norm.trec" in files


def test_models_of_one_tag_have_a_run_each(painted, tmp_path):
    names = ("open_clip:ViT-B-32/openai", "open_clip:ViT-L-14/openai")
    _, files = written(retrieval_set(), painted, tmp_path, *map(Counting, names))
    for name in names:
        file = files[f"{name.replace(':', '__').replace('/', '__')}_text-to-video.trec"]
        assert {line.split()[-1] for line in file.read_text().splitlines()} == {name}


def test_a_run_of_part_of_a_set_says_so_in_its_name(painted, tmp_path):
    made = retrieval_set(choices={"trimmed": "a.first5.json"})
    gone = replace(made, media=[*made.media[:3], replace(made.media[3], files=("gone.mp4",))])
    _, files = written(gone, painted, tmp_path, allow_missing=True)
    assert {"counting_text-to-video_missing_trimmed.trec", "text-to-video_missing_trimmed.qrels"} <= set(
        files
    )


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["/a/mine", "/b/mine", "C:\\a"], ["a__mine", "b__mine", "C__a"]),
        (["..", "../../x", "", "\udcff", "-p <q>"], ["model", "x", "model_2", "model_3", "p-q"]),
        (["a:b", "a/b", "A/B", "a__b_2"], ["a__b", "a__b_2", "A__B_3", "a__b_2_2"]),
        (["/" + "a" * 300], ["a" * 60]),
    ],
)
def test_every_name_has_a_file_name_of_its_own(names, files):
    assert file_names(names) == dict(zip(names, files, strict=True))


def test_every_task_is_written_with_names(painted, tmp_path):
    tops = {}
    states = StateSet(card("vqa"), media("red", "green"), [StateChoice(0, 0, (1, 0), 1)])
    for made in (classification_set(), vqa_set(), text_set(), states):
        _, files = written(made, painted, tmp_path / type(made).__name__)
        table = pd.read_parquet(files["ranks.parquet"])
        tops[type(made).__name__] = table["top"].iloc[-1][:1].tolist()
    assert tops == {"ClassificationSet": ["blue"], "VqaSet": ["green"], "TextSet": [], "StateSet": ["red"]}


def test_blanks_in_ids_do_not_break_a_run_file(painted, tmp_path):
    made = retrieval_set()
    names = ("a film/red", "a_film/red", "a%20film/red", "a\u3000film/red")
    odd = replace(made, media=[replace(m, id=name) for m, name in zip(made.media, names, strict=True)])
    _, files = written(odd, painted, tmp_path)
    lines = files["counting_text-to-video.trec"].read_text().splitlines()
    assert all(len(line.split()) == 6 for line in lines)
    assert {unquote(line.split()[2]) for line in lines} == set(names)
    assert len({line.split()[2] for line in lines}) == 4
    assert lines[0].split()[2] == "a%20film/red"


def test_an_id_that_is_no_utf8_is_written_in_plain_letters(painted, tmp_path):
    made = retrieval_set()
    odd = replace(made, media=[replace(m, id=f"{m.id}\udcff") for m in made.media])
    document, files = written(odd, painted, tmp_path)
    assert pd.read_parquet(files["ranks.parquet"])["top"].iloc[0][0] == "red\\udcff"
    assert files["counting_text-to-video.trec"].read_text().split()[2] == "red\\udcff"
    assert json.loads(files["result.json"].read_text()) == document.to_json()


@pytest.mark.skipif(os.name != "posix", reason="permissions")
def test_a_folder_that_cannot_be_written_is_told(painted, tmp_path):
    document, _ = written(retrieval_set(), painted, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_result(document, tmp_path / "file")
