"""question_file.py: JSON lines and tables of questions; each bad row is reported."""

from __future__ import annotations

import pytest

from vlret.errors import UsageError
from vlret.tasks.question_file import QuestionLine, read_questions

CAT = QuestionLine("a.mp4", "what?", ("x, y", "z"))


def test_reads_questions_with_their_lines(tmp_path):
    file = tmp_path / "q.jsonl"
    file.write_text(
        '{"video": "a.mp4", "question": "what?", "answers": ["x, y", "z"]}\n\n'
        '{"path": "/b.mp4", "question": "wo ist\u2028er? ü", "answers": ["z"], "id": 7, "answer": "z"}',
        "utf-8",
    )
    assert list(read_questions(file)) == [
        ("line 1", CAT),
        ("line 3", QuestionLine("/b.mp4", "wo ist\u2028er? ü", ("z",), "z")),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("q.json", '[{"video": "a.mp4", "question": "what?", "answers": ["x, y", "z"]}]'),
        ("q.yaml", "- video: a.mp4\n  question: what?\n  answers: ['x, y', z]\n"),
        ("q.csv", 'video,question,answers\na.mp4,what?,"x, y|z"\n'),
        ("q.csv", 'path;question;answers;answer\na.mp4;what?;x, y | z;\n'),
        ("q.csv", 'Image,Question,Answers\na.mp4,what?,"[""x, y"", ""z""]"\n'),
        ("q.tsv", "video\tquestion\tanswers\na.mp4\twhat?\tx, y|z\n"),
    ],
)  # fmt: skip
def test_reads_other_forms(tmp_path, name, text):
    (tmp_path / name).write_text(text, "utf-8")
    ((_, line),) = read_questions(tmp_path / name)
    assert line == CAT


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "7", "null", '{"video": "a.mp4"}', '{"video": 1, "question": "q", "answers": ["a"]}',
     '{"video": "a", "question": "q", "answers": "cat"}', '{"video": "a", "question": "q", "answers": [1]}',
     '{"video": "a", "question": " ", "answers": ["a"]}', '{"video": "", "question": "q", "answers": ["a"]}',
     '{"video": "a", "question": "\\ud800", "answers": ["a"]}', '{"video": "a", "video": "b"}',
     '{"video": "a", "question": "q", "answers": ["a"], "answer": 3}', "[" * 100_000],
)  # fmt: skip
def test_a_bad_line_is_reported_and_does_not_stop_the_next(tmp_path, line):
    file = tmp_path / "q.jsonl"
    file.write_text(line + '\n{"video": "a.mp4", "question": "what?", "answers": ["x"]}\n')
    (place, bad), (_, good) = read_questions(file)
    assert place == "line 1"
    assert isinstance(bad, UsageError)
    assert isinstance(good, QuestionLine)


@pytest.mark.parametrize(
    "row", ["a.mp4,what?", "a.mp4,,x|y", ",what?,x|y", "a.mp4,what?,x||y", "a.mp4,what?,[1"]
)
def test_a_bad_row_of_a_table_is_reported(tmp_path, row):
    file = tmp_path / "q.csv"
    file.write_text(f"video,question,answers\n{row}\nb.mp4,what?,x|y\n")
    (place, bad), (_, good) = read_questions(file)
    assert (place, type(bad), type(good)) == ("line 2", UsageError, QuestionLine)


def test_a_table_without_headings_is_refused(tmp_path):
    (tmp_path / "q.csv").write_text("a.mp4,what?,x|y\n")
    with pytest.raises(UsageError) as error:
        list(read_questions(tmp_path / "q.csv"))
    assert error.value.code == "column_missing"


def test_a_missing_or_binary_file_is_refused(tmp_path):
    (tmp_path / "b.jsonl").write_bytes(b"\xff\xfe\x00")
    for name, code in (("none.jsonl", "file_missing"), ("b.jsonl", "not_utf8")):
        with pytest.raises(UsageError) as error:
            list(read_questions(tmp_path / name))
        assert error.value.code == code
