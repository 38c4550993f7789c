"""`vlret vqa`."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import paint_image, vlret
from tests.cli.stand_ins import AskedColour
from tests.conftest import ColourEmbedder


@pytest.fixture
def asked(models):
    return ["--model", models / "asked"]


def test_json_of_one_question(media, asked):
    video = media / "green one.mp4"
    run = vlret("vqa", video, "which?", "--answers", "red", "--answers", "green", *asked, "--json")
    assert run.code == 0
    document = run.json
    candidates = document.pop("candidates")
    assert document == {
        "schema": 1, "model": "asked", "path": str(video), "start": 0.0, "end": None, "question": "which?",
        "answer": "green",
    }  # fmt: skip
    model = AskedColour()
    scores = (model.embed_texts(["green", "red"]) @ model.embed_clips([video])[0]).tolist()
    assert [one["answer"] for one in candidates] == ["green", "red"]
    assert [one["score"] for one in candidates] == pytest.approx(scores)


def test_the_question_decides(media, asked):
    blue = media / "blue <b>.png"
    answers = ["--answers", "red", "--answers", "blue"]
    plain = vlret("vqa", blue, "which?", *answers, *asked).out
    opposite = vlret("vqa", blue, "which is the opposite?", *answers, *asked).out
    assert plain.splitlines()[0].endswith("blue")
    assert opposite.splitlines()[0].endswith("red")


def test_a_model_without_predictor_says_so(media, models):
    arguments = ["which", "--answers", "red", "--answers", "blue", "--json"]
    run = vlret("vqa", media / "blue <b>.png", *arguments, "--model", models / "colour")
    assert run.json["answer"] == "blue"
    assert "colour has no predictor" in run.err
    model = ColourEmbedder()
    score = (model.embed_texts(["which blue"]) @ model.embed_clips([media / "blue <b>.png"])[0]).item()
    assert run.json["candidates"][0]["score"] == pytest.approx(score)


def test_a_file_of_questions_streams_lines_past_bad_ones(media, asked, tmp_path):
    paint_image(tmp_path / "near.png", "red")
    lines = [
        {"video": str(media / "green one.mp4"), "question": "which?", "answers": ["red", "green"]},
        "not json",
        {"video": "near.png", "question": "which?", "answers": ["red", "green"]},
        {"video": "none.mp4", "question": "which?", "answers": ["red", "green"]},
        {"video": "near.png", "question": "which?", "answers": []},
        {"video": "near.png", "question": "opposite?", "answers": ["red", "blue"]},
    ]
    file = tmp_path / "q.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    run, strict = (vlret("vqa", "--questions", file, *asked, *more) for more in ([], ["--strict"]))
    assert (run.code, strict.code) == (0, 1)
    assert [(one["schema"], one["answer"]) for one in run.json_lines] == [
        (1, "green"),
        (1, "red"),
        (1, "blue"),
    ]
    assert run.json_lines[1]["path"] == str(tmp_path / "near.png")
    errors = [line for line in run.err.splitlines() if "error" in line]
    assert [error.split(", ")[1].split(":")[0] for error in errors] == ["line 2", "line 4", "line 5"]
    assert "3 questions answered, 3 skipped" in run.err
    assert strict.out == run.out


TWO = ["which?", "--answers", "red", "--answers", "green"]


def test_each_file_of_a_folder_is_asked_about(media, asked):
    run = vlret("vqa", media, *TWO, *asked)
    lines = [line.split(maxsplit=2) for line in run.out.splitlines()]
    assert (run.code, len(lines)) == (0, 3)
    answers = {path: answer for answer, _, path in lines}
    assert answers[str(media / "green one.mp4")] == "green"
    assert "3 questions answered, 0 skipped" in run.err
    of_glob = vlret("vqa", media / "green*", *TWO, *asked, "--json").json_lines
    assert [(one["path"], one["answer"]) for one in of_glob] == [(str(media / "green one.mp4"), "green")]


def test_each_clip_of_an_index_is_asked_about_by_the_model_of_the_index(index, media):
    run = vlret("vqa", index, "which?", "--answers", "red", "--answers", "blue", "--json")
    long = [one for one in run.json_lines if one["path"] == str(media / "long.mp4")]
    assert [(one["start"], one["end"], one["answer"]) for one in long] == [(0, 10, "red"), (10, 20, "blue")]
    assert {one["model"] for one in run.json_lines} == {"colour"}
    assert len(run.json_lines) == 4


def test_many_questions_go_to_every_clip(index, asked, tmp_path):
    file = tmp_path / "q.jsonl"
    lines = [{"question": text, "answers": ["red", "blue"]} for text in ("which?", "the opposite?")]
    file.write_text("\n".join(map(json.dumps, lines)))
    run = vlret("vqa", index, "--questions", file, *asked)
    assert [one["question"] for one in run.json_lines] == ["which?", "the opposite?"] * 4
    plain, opposite = ([one["answer"] for one in run.json_lines[n::2]] for n in (0, 1))
    assert plain[2:] == ["red", "blue"]
    assert opposite[2:] == ["blue", "red"]


def test_a_file_that_cannot_be_read_is_told_once_and_passed_over(media, asked, tmp_path):
    paint_image(tmp_path / "red.png", "red")
    (tmp_path / "bad.mp4").write_text("no video")
    run, strict = (vlret("vqa", tmp_path, *TWO, *asked, *more) for more in ([], ["--strict"]))
    assert (run.code, strict.code) == (0, 1)
    assert run.out.startswith("red  ")
    assert run.err.count("bad.mp4: not a media file") == 1
    assert "1 question answered, 1 skipped" in run.err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"question": "which?", "answers": ["a"], "video": "a.mp4"}, "line 1 names the video a.mp4"),
        ({"question": "which?"}, "line 1: The answers are"),
        ({"question": "which?", "answers": []}, "The answers were given as []"),
        ({"question": "which?", "answers": ["a", "a"]}, "given twice"),
    ],
)
def test_questions_for_every_clip_are_checked_before_anything_is_decoded(index, asked, tmp_path, line, told):
    (tmp_path / "q.jsonl").write_text(json.dumps(line))
    run = vlret("vqa", index, "--questions", tmp_path / "q.jsonl", *asked)
    assert (run.code, run.out) == (2, "")
    assert told in run.err


def test_only_bad_lines_exit_with_1(asked, tmp_path):
    (tmp_path / "q.jsonl").write_text("{}\n")
    run = vlret("vqa", "--questions", tmp_path / "q.jsonl", *asked)
    assert (run.code, run.out) == (1, "")


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ([], 2, "SOURCE QUESTION"),
        (["{media}/green one.mp4"], 2, "SOURCE QUESTION"),
        (["{media}/green one.mp4", "which?"], 2, "SOURCE QUESTION"),
        (["{media}/green one.mp4", "which?", "--questions", "q.jsonl"], 2, "SOURCE QUESTION"),
        (
            ["which one?", "{media}/green one.mp4", "--answers", "a", "--answers", "b"],
            2,
            "Give the video first",
        ),
        (["--questions", "none.jsonl"], 2, "none.jsonl does not exist"),
        (["{media}/green one.mp4", " ", "--answers", "a", "--answers", "b"], 2, "question is empty"),
        (["{media}/green one.mp4", "which?", "a", "b"], 2, "repeat an option for each of its values"),
        (["{media}/green one.mp4", "which?", "--answers", "a,b"], 2, "given once, as 'a,b'"),
        (["{media}/green one.mp4", "which?", "--answers", "a", "--answers", "a"], 2, "given twice"),
        (
            ["none.mp4", "which?", "--answers", "a", "--answers", "b"],
            1,
            "none.mp4: not found. Check the path.",
        ),
        (["{models}", "which?", "--answers", "a", "--answers", "b"], 1, "contains no video or image"),
        (["{media}/*.webm", "which?", "--answers", "a", "--answers", "b"], 2, "No file matches"),
    ],
)
def test_one_line_says_what_is_wrong(media, models, asked, arguments, code, reason):
    run = vlret("vqa", *(argument.format(media=media, models=models) for argument in arguments), *asked)
    assert (run.code, run.out) == (code, "")
    errors = [line for line in run.err.splitlines() if line != f"vlret: loading {asked[1]}"]
    assert len(errors) == 1
    assert errors[0].startswith("vlret: error: ")
    assert reason in errors[0]
