"""Sets of questions: the documented forms and what is easily read wrongly in each."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vlret.datasets.base import StateSet, VqaSet
from vlret.datasets.files import DatasetError
from vlret.datasets.popev2 import unpack
from vlret.datasets.registry import load, missing_media

from .conftest import Put


def asked(found: VqaSet) -> list[tuple[str, str, str, str]]:
    return [(found.media[q.medium].id, q.text, q.answer, q.group) for q in found.questions]


def gqa_row(question: str, answer: str, detailed: str, image: str = "n161313") -> dict:
    types = {"detailed": detailed, "semantic": "attr", "structural": "verify"}
    return {"question": question, "imageId": image, "isBalanced": True, "answer": answer, "types": types}


GQA = {
    "1": gqa_row("Is it overcast?", "Yes", "verifyAttr"),
    "2": gqa_row("Who is it?", "woman", "categoryThat"),
    "3": gqa_row("Is it dark?", "no", "verifyAttr"),
}


def test_gqa_candidates_by_each_rule(put: Put, tmp_path: Path):
    put("gqa/testdev_balanced_questions.json", GQA)
    found = load("gqa", tmp_path)
    assert asked(found)[0] == ("n161313.jpg", "Is it overcast?", "yes", "verify")
    assert len(found.media) == 1  # a photograph stands once, however many questions it has
    assert found.candidates == ("no", "woman", "yes")
    by_type = load("gqa", tmp_path, candidates="type")
    assert [q.candidates for q in by_type.questions] == [("no", "yes"), ("woman",), ("no", "yes")]
    assert by_type.candidates == ()
    put("gqa/train_balanced_questions.json", {"7": gqa_row("?", "red", "x"), "8": gqa_row("?", "Blue", "x")})
    assert load("gqa", tmp_path, candidates="train").candidates == ("blue", "red")
    put("gqa/trainval_label2ans.json", ["zebra", "apple"])
    assert load("gqa", tmp_path, candidates="lxmert").candidates == ("zebra", "apple")


@pytest.mark.data
def test_gqa_real_row_is_read(annotations: Path, put: Put, tmp_path: Path):
    row = (annotations / "gqa/train_balanced_questions.one_real_row.json").read_bytes()
    put("gqa/testdev_balanced_questions.one_real_row.json", row)
    found = load("gqa", tmp_path)
    assert asked(found) == [("2354786.jpg", "Is the sky dark?", "yes", "verify")]
    assert found.card.choices["trimmed"] == "testdev_balanced_questions.one_real_row.json"


@pytest.mark.data
def test_gqa_is_counted_while_its_answers_are_missing(real_overview: dict[str, dict]):
    row = real_overview["gqa"]
    assert (row["items"], row["questions"], row["annotations_found"]) == (398, 12578, False)
    assert row["missing"] == ["testdev_balanced_questions.json"]


def tally(answer: object, simple: object) -> dict:
    return {
        "answer": answer,
        "image": "VG_100K_2/1.jpg",
        "issimple": simple,
        "question": "How many?",
        "question_id": 1,
    }


def test_tallyqa_answers_are_numbers_in_one_writing(put: Put, tmp_path: Path):
    put("tallyqa/test.json", [tally(0, True), tally(15, False)])
    found = load("tallyqa", tmp_path)
    assert [(q.answer, q.group) for q in found.questions] == [("0", "simple"), ("15", "complex")]
    assert found.candidates == tuple(str(number) for number in range(16))
    words = load("tallyqa", tmp_path, numbers="words")
    assert [q.answer for q in words.questions] == ["zero", "fifteen"]
    assert len(words.candidates) == 16


@pytest.mark.parametrize("row", [tally(16, True), tally(1, None), tally("4", True)])
def test_tallyqa_names_the_damaged_row(put: Put, tmp_path: Path, row: dict):
    put("tallyqa/test.json", [tally(1, True), row])
    with pytest.raises(DatasetError, match=r"test.json, row 2: .* is not one of"):
        load("tallyqa", tmp_path)


@pytest.mark.data
def test_tallyqa_real_row(annotations: Path):
    found = load("tallyqa", annotations)
    row = ("VG_100K_2/2410408.jpg", "How many headlights does the black bus have?", "4", "complex")
    assert asked(found) == [row]
    assert found.card.choices["trimmed"] == "test.one_real_row.json"


POPE = {"question_id": 1, "image": "COCO_val2014_000000310196.jpg", "text": "Is there a car?", "label": "yes"}


def test_pope_reads_lines_and_lists_and_keeps_the_settings_apart(put: Put, tmp_path: Path):
    lines = '{"question_id": 1, "image": "COCO_val2014_1.jpg", "text": "Is there a cup?", "label": "no"}\n'
    put("pope/coco_pope_random.json", lines)
    put("pope/coco_pope_popular.json", [POPE])
    put("pope/coco_pope_adversarial.json", [POPE])
    found = load("pope", tmp_path)
    assert [q.group for q in found.questions] == ["random", "popular", "adversarial"]
    assert [q.answer for q in found.questions] == ["no", "yes", "yes"]
    assert (len(found.media), found.candidates) == (2, ("yes", "no"))
    assert "val2014/000000310196.jpg" in found.media[1].files
    one = load("pope", tmp_path, setting="popular")
    assert [q.group for q in one.questions] == ["popular"]
    assert found.card.published
    assert not one.card.published  # the published figure is the mean of the three


@pytest.mark.data
@pytest.mark.parametrize(("setting", "count", "yes"), [("random", 2774, 1159), ("popular", 2727, 1193)])
def test_repope_is_not_balanced(annotations: Path, setting: str, count: int, yes: int):
    found = load("repope", annotations, setting=setting)
    assert (len(found.questions), sum(q.answer == "yes" for q in found.questions)) == (count, yes)


@pytest.mark.data
@pytest.mark.parametrize("source", ["gqa", "aokvqa"])
def test_pope_trimmed_files_are_read_and_named(annotations: Path, source: str):
    found = load("pope", annotations, source=source, setting="adversarial")
    assert len(found.questions) == 300
    assert found.card.choices["trimmed"] == f"{source}_pope_seem_adversarial.first300.json"


@pytest.fixture
def popev2(tmp_path: Path) -> None:
    (tmp_path / "popev2").mkdir()
    rows = {
        "normal_image": [{"bytes": b"one", "path": None}], "counterfactual_image": [{"bytes": b"two", "path": None}],
        "question": ["Is there a dog?"], "normal_label": ["Yes"], "counterfactual_label": ["no"],
        "image_id": ["000000000009"], "example_id": [17], "target_object": ["dog"],
    }  # fmt: skip
    pq.write_table(pa.table(rows), tmp_path / "popev2/test.parquet")


@pytest.mark.usefixtures("popev2")
def test_popev2_rows_become_pairs(tmp_path: Path):
    found = load("popev2", tmp_path)
    assert asked(found) == [
        ("17/normal", "Is there a dog?", "yes", "17"),
        ("17/counterfactual", "Is there a dog?", "no", "17"),
    ]
    assert len(missing_media(found.media, tmp_path / "data")) == 2
    assert unpack(tmp_path, tmp_path / "data") == 2
    assert missing_media(found.media, tmp_path / "data") == []
    assert (tmp_path / "data/counterfactual/17.jpg").read_bytes() == b"two"
    assert unpack(tmp_path, tmp_path / "data") == 0


def test_popev2_does_not_write_outside_of_the_folder(tmp_path: Path):
    (tmp_path / "popev2").mkdir()
    image = [{"bytes": b"x", "path": None}]
    rows = {"example_id": ["../../up"], "normal_image": image, "counterfactual_image": image}
    pq.write_table(pa.table(rows), tmp_path / "popev2/test.parquet")
    with pytest.raises(DatasetError, match=r"row 1: example_id '../../up' cannot name a file"):
        unpack(tmp_path, tmp_path / "data/a")
    (tmp_path / "popev2/test.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DatasetError, match=r"test.parquet cannot be read"):
        load("popev2", tmp_path)


CHANGED = {
    "src_dataset": "MSRVTT",
    "video_name": "video9.mp4",
    "caption": "b",
    "counterfactual": "a",
    "aspect": "Type",
}


def test_vitatecs_asks_which_of_two_captions(put: Put, tmp_path: Path):
    put("vitatecs/Type.jsonl", [CHANGED])
    found = load("vitatecs", tmp_path, aspect="Type")
    assert asked(found) == [("video9.mp4", "", "b", "Type")]
    assert found.questions[0].candidates == ("a", "b")  # the true one is not always first
    assert "MSRVTT/video9.mp4" in found.media[0].files
    with pytest.raises(DatasetError, match="no Compositionality"):
        load("vitatecs", tmp_path)


@pytest.mark.data
def test_vitatecs_trimmed_part_is_named(annotations: Path):
    found = load("vitatecs", annotations)
    assert found.card.choices["trimmed"] == "Type.first500.jsonl"
    assert sum(q.group != "Type" for q in found.questions) == 1450 + 3800 + 779 + 1053 + 151
    assert "trimmed" not in load("vitatecs", annotations, aspect="Sequence").card.choices


def test_sugarcrepe_is_a_dict_of_rows(put: Put, tmp_path: Path):
    parts = ("add_att", "add_obj", "replace_att", "replace_obj", "replace_rel", "swap_att", "swap_obj")
    for part in parts:
        put(f"sugarcrepe/{part}.json", {"0": {"filename": "1.jpg", "caption": "b", "negative_caption": "a"}})
    found = load("sugarcrepe", tmp_path)
    assert [q.group for q in found.questions] == list(parts)
    assert found.media[0].files[:2] == ("1.jpg", "val2017/1.jpg")
    assert {(q.answer, q.candidates) for q in found.questions} == {("b", ("a", "b"))}


WORLD = {
    "id": "q1", "source": "coin", "initial": {"video": "v", "time": 1.0}, "final": {"video": "v", "time": 9.0},
    "candidates": [{"video": name, "start": 0.0, "end": 5.0} for name in "abcd"], "answer": 2,
}  # fmt: skip


def test_worldprediction_has_two_states_and_four_clips(put: Put, tmp_path: Path):
    put("worldprediction/worldprediction_wm.jsonl", [WORLD, {**WORLD, "answer": 0}])
    found = load("worldprediction", tmp_path)
    assert isinstance(found, StateSet)
    assert len(found.media) == 6
    question = found.questions[0]
    assert [found.media[number].files[0] for number in question.clips] == [f"coin/{name}" for name in "abcd"]
    before, after = found.media[question.before], found.media[question.after]
    assert (before.start, after.start) == (1.0, 9.0)
    assert before.end == pytest.approx(1.001)
    assert [q.answer for q in found.questions] == [2, 0]


@pytest.mark.parametrize("answer", [4, -1, 1.0, True, "1", None])
def test_worldprediction_names_the_row_of_a_wrong_answer(put: Put, tmp_path: Path, answer: object):
    put("worldprediction/worldprediction_wm.jsonl", [WORLD, {**WORLD, "answer": answer}])
    told = f"row 2: the answer {answer!r} is not the number of a candidate, 0 to 3"
    with pytest.raises(DatasetError, match=re.escape(told)):
        load("worldprediction", tmp_path)
