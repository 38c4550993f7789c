"""`vlret bench captions`: two CSV files in, a table or one document out."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import vlret
from tests.datasets.small import SMALL, write_annotations


@pytest.fixture
def files(tmp_path):
    known, model = tmp_path / "videos.csv", tmp_path / "model.csv"
    known.write_text("path,caption\na.mp4,a dog runs\na.mp4,the dog\nb.mp4,a cat\n")
    model.write_text("path,caption\nb.mp4,a cat\na.mp4,a dog\n")
    return known, model


def test_a_table(files):
    known, model = files
    run = vlret("bench", "captions", "--captions", known, "--predicted", model)
    assert run.code == 0, run.err
    head, row = run.out.splitlines()
    assert head.split()[:4] == ["captions", "items", "references", "CIDEr"]
    assert row.split()[:3] == [str(model), "2", "3"]


def test_a_document(files):
    known, model = files
    run = vlret("bench", "captions", "--captions", known, "--predicted", model, "--json")
    document = json.loads(run.out)
    assert document["set"] == "videos"
    assert document["rows"][0]["CIDEr"]["low"] <= document["rows"][0]["CIDEr"]["value"]


def test_a_published_set_by_the_ids_of_its_media(tmp_path):
    folder = tmp_path / "annotations" / "msrvtt"
    folder.mkdir(parents=True)
    (folder / "MSRVTT_JSFUSION_test.csv").write_text(
        "key,vid_key,video_id,sentence\nret0,msr7,video7,a dog runs\nret1,msr8,video8,a cat sleeps\n"
    )
    model = tmp_path / "model.csv"
    model.write_text("path,caption\nvideo8.mp4,a cat sleeps\nvideo7,a dog runs\n")
    run = vlret(
        "bench", "captions", "--dataset", "msrvtt", "--annotations", folder.parent, "--predicted", model
    )
    assert run.code == 0, run.err
    assert "750.0" in run.out  # of four lengths of n-grams three are there, and are equal


def test_a_part_of_a_set_needs_leave(tmp_path):
    write_annotations("flickr30k", tmp_path, dict(list(SMALL["flickr30k"].items())[:3]))
    model = tmp_path / "model.csv"
    model.write_text("path,caption\na.jpg,A\nb.jpg,B\n")
    words = ["--dataset", "flickr30k", "--annotations", tmp_path, "--predicted", model]
    refused = vlret("bench", "captions", *words)
    assert (refused.code, refused.out) == (1, "")
    assert "2 of 5 files test_2016.*.en.gz" in refused.err
    run = vlret("bench", "captions", *words, "--allow-missing")
    assert "(2 of 5 files test_2016.*.en.gz): a partial copy of the dataset." in run.out
    assert vlret("bench", "captions", *words, "--allow-missing", "--json").json["trimmed"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--captions", "{known}"], "No captions of a model were given"),
        (["--predicted", "{model}"], "No dataset was given"),
        (["--captions", "{known}", "--predicted", "none.csv"], "There is no file none.csv"),
        (
            ["--captions", "{known}", "--predicted", "{model}", "--choice", "split"],
            "--choice was given as 'split'",
        ),
        (
            ["--dataset", "visla", "--annotations", "x", "--predicted", "{model}"],
            "is a dataset for text, not for retrieval",
        ),
    ],
)
def test_errors_say_what_to_do(files, words, message):
    known, model = files
    run = vlret("bench", "captions", *(word.format(known=known, model=model) for word in words))
    assert run.code != 0
    assert message in run.err
    assert "Traceback" not in run.err
