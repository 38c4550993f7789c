"""question_file.py: JSON lines of questions, bad ones told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlret.errors import UsageError
from vlret.tasks.question_file import QuestionLine, read_questions


def test_reads_questions_with_their_line_numbers(tmp_path):
    file = tmp_path / "q.jsonl"
    file.write_text(
        '{"video": "a.mp4", "question": "what?", "answers": ["x", "y"]}\n\n'
        '{"video": "/b.mp4", "question": "wo ist er? ü", "answers": ["z"], "id": 7}',
        "utf-8",
    )
    assert list(read_questions(file)) == [
        (1, QuestionLine(tmp_path / "a.mp4", "what?", ("x", "y"))),
        (3, QuestionLine(Path("/b.mp4"), "wo ist er? ü", ("z",))),
    ]


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "7", "null", '{"video": "a.mp4"}', '{"video": 1, "question": "q", "answers": ["a"]}',
     '{"video": "a", "question": "q", "answers": "cat"}', '{"video": "a", "question": "q", "answers": [1]}'],
)  # fmt: skip
def test_a_bad_line_is_told_and_does_not_stop_the_next(tmp_path, line):
    file = tmp_path / "q.jsonl"
    file.write_text(line + '\n{"video": "a.mp4", "question": "what?", "answers": ["x"]}\n')
    (number, bad), (_, good) = read_questions(file)
    assert number == 1
    assert isinstance(bad, UsageError)
    assert isinstance(good, QuestionLine)


def test_a_missing_or_binary_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="not there"):
        list(read_questions(tmp_path / "none.jsonl"))
    (tmp_path / "b.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="UTF-8"):
        list(read_questions(tmp_path / "b.jsonl"))
