"""The terminal's table: columns, and marks for contamination, other test queries and partial copies."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

import pytest

from tests.evaluation.conftest import Counting, CountingAsked
from tests.evaluation.sets import card, classification_set, media, retrieval_set, text_set, vqa_set
from vlret.datasets.base import Published, StateChoice, StateSet
from vlret.evaluation.metrics.statistics import Paired
from vlret.evaluation.protocol.protocol import protocol_for
from vlret.evaluation.results.compare import Comparison
from vlret.evaluation.runner import run
from vlret.reports.bench_text import comparison_table, datasets_table, result_table


class Trained(Counting):
    """Its card says what it was trained on."""

    def __init__(self):
        super().__init__("trained", trained_on=("HowTo100M", "Nothing else"))


def table(painted, tmp_path, made, *models, **choices):
    document = run(
        made, painted, models or [Counting()], protocol_for(made.card, **choices), cache=tmp_path / "c"
    )
    return result_table(document).splitlines()


def test_a_row_for_each_model_and_part(painted, tmp_path):
    head, *rows, silent = table(painted, tmp_path, retrieval_set(), Counting("a"), Counting("b"))
    assert head.split("  ")[0] == "model"
    assert [row.split()[0] for row in rows] == ["a", "a", "b", "b"]
    assert rows[0].split() == ["a", "text", "to", "video", "5", "4", *["100.0"] * 4, "1.0", "100.0", "100.0",
                               "100.0", "to", "100.0", "25.0"]  # fmt: skip
    assert silent == "Training data of a, b is unknown; contamination was not checked."


def test_contamination_is_marked(painted, tmp_path):
    made = retrieval_set(overlaps={"HowTo100M": ""})
    lines = table(painted, tmp_path, made, Trained(), Counting())
    assert [line.split()[:2] for line in lines[1:5]] == [["trained", "*"]] * 2 + [
        ["counting", "text"],
        ["counting", "video"],
    ]
    assert lines[5] == "* trained was trained on HowTo100M, which overlaps with this dataset."
    assert lines[6].startswith("Training data of counting is unknown")


def test_what_is_shared_stands_in_the_note(painted, tmp_path):
    made = retrieval_set(overlaps={"HowTo100M": "3 of 4 videos", "Nothing else": ""})
    lines = table(painted, tmp_path, made, Trained())
    assert lines[3] == (
        "* trained was trained on HowTo100M (3 of 4 videos), Nothing else, which overlap with this dataset."
    )


def test_reported_rows_are_marked_and_the_marks_explained(painted, tmp_path):
    published = (
        Published("A", "R@1", 31.0, "v1", ("HowTo100M",)),
        Published("A", "R@1", 32.0, "v2", ("HowTo100M",)),  # told once
        Published("B", "R@1", 40.0, "v2", ("HowTo100M",), "fine-tuned"),
        Published("C", "R@1", 5.0, "v2", ("WebLI",)),
    )
    made = retrieval_set(published=published, overlaps={"HowTo100M": "3 of 4 videos"})
    assert table(painted, tmp_path, made)[-6:] == [
        "reported: A * 31 R@1 (v1)",
        "reported: A * 32 R@1 (v2)",
        "reported: B * 40 R@1 (v2)",
        "reported: C 5 R@1 (v2)",
        "* reported: A, B: trained on HowTo100M (3 of 4 videos), which overlaps with this dataset.",
        "* reported: B: fine-tuned.",
    ]


def test_a_part_of_the_annotations_is_told(painted, tmp_path):
    made = retrieval_set(choices={"trimmed": "3 of 51 files a/*.txt"})
    lines = table(painted, tmp_path, made, allow_missing=True)
    told = "The annotation files are incomplete (3 of 51 files a/*.txt): a partial copy of the dataset."
    assert told in lines


def test_reranking_is_marked(painted, tmp_path):
    lines = table(painted, tmp_path, retrieval_set(), rerank=("dual_softmax",))
    assert "text to video, dual_softmax +" in lines[2]
    assert lines[-1].startswith("+ uses the other test queries")


def test_cut_texts_are_marked(painted, tmp_path):
    lines = table(painted, tmp_path, retrieval_set(), text_tokens=4)
    assert [line.split("  ")[1] for line in lines[1:5]] == [
        "text to video", "video to text", "text to video, texts cut to 4 tokens",
        "video to text, texts cut to 4 tokens",
    ]  # fmt: skip
    assert lines[-1] == "Cut texts end at a whole word, at the same number of CLIP tokens for all models."


def test_intervals_over_one_video_are_not_meaningful(painted, tmp_path):
    made, told = retrieval_set(), "All items are from one video: confidence intervals are not meaningful."
    assert told not in table(painted, tmp_path, made)
    of_one = replace(made, media=[replace(medium, group="a") for medium in made.media])
    assert told in table(painted, tmp_path, of_one)


def test_candidates_are_told_with_the_choices_that_made_them(painted, tmp_path):
    def line(made, **choices):
        made = replace(made, card=replace(made.card, choices=choices))
        lines = table(painted, tmp_path, made, allow_missing="trimmed" in choices)
        return next((line for line in lines if line.startswith("Candidates")), "")

    assert line(vqa_set()) == "Candidates: 2 to 3 per question."
    alike = replace(
        vqa_set(), questions=vqa_set().questions[:4], candidates=("yes", "no", *map(str, range(998)))
    )
    assert line(alike, candidates="train", trimmed="a.json") == (
        "Candidates: 1,000 per question; choices of the dataset: candidates=train."
    )
    assert line(classification_set(), target="action", candidates="validation") == (
        "Candidates: 4 classes; choices of the dataset: target=action; candidates=validation."
    )
    states = StateSet(card("vqa"), media("red", "green"), [StateChoice(0, 0, (1, 0), 1)])
    assert line(states) == "Candidates: 2 per question."
    assert line(retrieval_set(), split="full") == line(text_set()) == ""


@pytest.mark.parametrize(("rule", "words"), [("wrong", "counted as wrong"), ("excluded", "left out")])
def test_partial_copies_are_told(painted, tmp_path, rule, words):
    folder = shutil.copytree(painted, tmp_path / "part")
    (folder / "grey.mp4").write_bytes(b"\0" * 500)
    (folder / "red.mp4").unlink()
    made = replace(retrieval_set())
    lines = table(folder, tmp_path, made, allow_missing=True, undecodable=rule)
    assert "1 items are missing and left out: a partial copy of the dataset." in lines
    assert f"1 items cannot be decoded and are {words}." in lines


def test_published_rows_stand_below(painted, tmp_path):
    made = retrieval_set(published=(Published("CLIP ViT-B", "R@1", 31.0, "a paper"),))
    assert table(painted, tmp_path, made)[-1] == "reported: CLIP ViT-B 31 R@1 (a paper)"


def test_the_query_of_a_model_is_told(painted, tmp_path):
    lines = table(painted, tmp_path, retrieval_set(), CountingAsked(), query="the opposite?")
    assert lines[-1] == "Query of asked: 'the opposite?'."


@pytest.mark.parametrize(
    "made", [classification_set(), vqa_set(), text_set()], ids=lambda made: made.card.task
)
def test_every_task_has_its_columns(painted, tmp_path, made):
    head, first, *_ = table(painted, tmp_path, made)
    expected = {"classification": "top-1", "vqa": "accuracy", "text": "accuracy"}[made.card.task]
    assert head.split()[4] == expected
    assert first.split()[:2] == ["counting", "all"]


def test_sets_say_what_is_missing_and_where_to_get_it():
    row = {
        "name": "a", "task": "vqa", "split": "test", "items": 3, "texts": None, "classes": None, "questions": 9,
        "annotations_found": False, "missing": ["x.json", "y.csv"], "licence": "MIT", "source": "https://a.example",
        "state": "missing", "trimmed": [], "choices": {},
    }  # fmt: skip
    whole = {**row, "name": "b", "missing": [], "annotations_found": True, "state": "found"}
    lines = datasets_table([row, whole]).splitlines()
    assert lines[1].split() == ["a", "vqa", "test", "3", "9", "missing", "MIT"]
    assert lines[2].split() == ["b", "vqa", "test", "3", "9", "found", "MIT"]
    assert lines[3:] == ["a lacks x.json, y.csv: https://a.example"]
    part = {**row, "state": "trimmed", "missing": ["x/*.txt"], "trimmed": ["3 of 51 files x/*.txt"]}
    lines = datasets_table([part]).splitlines()
    assert lines[1].split() == ["a", "vqa", "test", "3", "9", "trimmed", "MIT"]
    assert lines[2] == "a lacks x/*.txt; here: 3 of 51 files x/*.txt: https://a.example"
    chosen = {**row, "choices": {"target": ("step", "task"), "steps": ("id", "label")}}
    assert datasets_table([chosen]).splitlines()[2:] == [
        "choices of a, the default first: target=step|task steps=id|label",
        "a lacks x.json, y.csv: https://a.example",
    ]


@pytest.mark.parametrize(
    ("made", "media", "texts", "told"),
    [
        (retrieval_set(), ["red"], [], "1 of 4 items have"),
        (retrieval_set(), ["red"], ["a red wall", "a blue wall"], "1 of 4 items and 2 of 4 texts have"),
        (classification_set(), [], ["red"], "1 of 4 texts have"),
        (text_set(), [], ["red", "blue"], "2 of 7 texts have"),
    ],
)
def test_what_has_no_vector_is_told(painted, tmp_path, made, media, texts, told):
    document = run(made, painted, [Counting()], protocol_for(made.card), cache=tmp_path / "c")
    assert "no embedding" not in result_table(document)
    model = replace(document.models[0], no_vector=media, no_vector_texts=texts)
    lines = result_table(replace(document, models=[model])).splitlines()
    assert lines[-1] == f"counting: {told} no embedding: counted as wrong."


def test_compared_models_have_a_row_for_each_figure():
    paired = Paired(60.0, 20.0, 100.0, 0.25)
    rows = [Comparison("a", "b", "text to video", "qb_norm", "hit@1", (100.0, 40.0), paired)]
    _, row = comparison_table(rows).splitlines()
    assert re.split("  +", row) == [
        "a - b", "text to video, qb_norm", "R@1", "100.0", "40.0", "+60.0", "+20.0 to +100.0", "0.2500",
    ]  # fmt: skip
