"""Result files, of today and of earlier versions, load whole; anything else is one error with a code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.evaluation.conftest import result
from tests.evaluation.sets import retrieval_set
from tests.refusal import refused
from vlret.evaluation.results.compare import compare
from vlret.evaluation.results.export import write_result
from vlret.evaluation.results.read import read_result
from vlret.evaluation.results.result import BenchResult

STORED = Path(__file__).parent / "stored"
"""Files that earlier versions wrote: `first_version` with the first code of schema 2, the others before results
were typed."""
FIRST_FIGURE = {
    "first_version": 25.0, "text": 100.0, "retrieval": 16.666667, "precomputed": 4.166667, "index": 16.666667,
    "classification": 6.666667, "questions": 50.0, "state_choice": 55.555556,
}  # fmt: skip


@pytest.mark.parametrize("name", FIRST_FIGURE)
def test_stored_results_load_and_are_written_as_they_were(name):
    values = json.loads((STORED / f"{name}.json").read_text())
    found = read_result(STORED / f"{name}.json")
    assert found.to_json() == values
    assert next(iter(found.models[0].main.figures.values())).value == FIRST_FIGURE[name]
    assert BenchResult.from_json(found.to_json()) == found


def test_every_stored_file_is_read_above():
    assert {file.stem for file in STORED.iterdir()} == set(FIRST_FIGURE)


def test_the_records_of_a_stored_result():
    record = read_result(STORED / "state_choice.json").models[0].main.records[0]
    assert (record.query, record.best, record.worst, record.top) == (0, 1, 1, (1, 2, 0))
    assert record.values == {"accuracy": 1.0}


def test_a_stored_result_is_comparable_with_itself_loaded_again():
    one, other = (read_result(STORED / "retrieval.json") for _ in range(2))
    assert {comparison.paired.difference for comparison in compare(one, other)} == {0.0}


def test_a_result_is_read_from_file_or_directory(painted, cache, tmp_path):
    made = result(retrieval_set(), painted, cache)
    write_result(made, tmp_path)
    assert read_result(tmp_path) == read_result(tmp_path / "result.json") == made


def test_what_is_not_there_or_of_another_schema_is_refused(tmp_path):
    with refused("result_unreadable"):
        read_result(tmp_path / "none.json")
    values = json.loads((STORED / "text.json").read_text())
    (tmp_path / "a.json").write_text(json.dumps({**values, "schema": 1}))
    with refused("result_schema") as caught:
        read_result(tmp_path / "a.json")
    assert (caught.value.fields["schema"], caught.value.fields["allowed"]) == (1, 2)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"models": []}', "[1]", '{"models": [{"x": 1}], "dataset": {}}', "[" * 100_000,
        '{"schema": 2, "models": [], "dataset": {}}', '{"schema": 2, "models": 3, "dataset": {}}',
    ],
)  # fmt: skip
def test_anything_else_is_not_a_result(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with refused("result_invalid"):
        read_result(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["dataset"], None, "dataset is missing"),
        (["models"], [], "it has no models"),
        (["models", 0], "x", r"models\[0\] is not an object"),
        (["models", 0, "parts"], [], "a model has no parts"),
        (["models", 0, "parts"], None, r"models\[0\]\.parts is missing"),
        (["models", 0, "stamp"], 1, r"models\[0\]\.stamp is not an object"),
        (["models", 0, "parts", 0, "queries"], "three", r"parts\[0\]\.queries is not a whole number"),
        (["models", 0, "parts", 0, "queries"], True, r"queries is not a whole number"),
        (["models", 0, "parts", 0, "figures", "accuracy", "low"], "low", r"accuracy\.low is not a finite number"),
        (["models", 0, "parts", 0, "per_query", "best"], {}, r"best is not a list"),
        (["models", 0, "parts", 0, "figures"], [], r"figures is not an object"),
        (["triples", 0, "first"], None, r"triples\[0\]\.first is missing"),
        (["missing"], [1], r"missing\[0\] is not text"),
    ],
)  # fmt: skip
def test_what_is_missing_or_of_another_type_is_named(tmp_path, path, value, words):
    broken(tmp_path, "text", path, value, words)


@pytest.mark.parametrize(
    ("name", "path", "value", "words"),
    [
        ("retrieval", ["texts", 0, "item"], 99, "an item has the number 99, of 15"),
        ("retrieval", ["texts", 0, "item"], -1, "an item has the number -1, of 15"),
        ("questions", ["questions", 0, "medium"], 15, "an item has the number 15, of 15"),
        ("state_choice", ["questions", 0, "clips"], [0, 9], "an item has the number 9, of 9"),
        ("classification", ["labels", 0], [15], "a class has the number 15, of 15"),
        ("text", ["models", 0, "stamp", "set", "hash"], None, "the stamp of mean-colour has no hash"),
        ("text", ["models", 0, "parts", 0, "per_query", "best"], [1], "all has 3 queries and a column of 1"),
        ("text", ["models", 0, "parts", 0, "figures", "accuracy"], None, "all has no figure accuracy"),
        ("index", ["models", 0, "parts", 0, "figures", "mean_rank"], None, "has no figure mean_rank"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, name, path, value, words):
    broken(tmp_path, name, path, value, words)


def broken(tmp_path, name, path, value, words):
    """A stored result with another value at `path`, or None there, is refused with `words`."""
    values = json.loads((STORED / f"{name}.json").read_text())
    *above, last = path
    inner = values
    for key in above:
        inner = inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    (tmp_path / "a.json").write_text(json.dumps(values))
    with refused("result_invalid") as caught:
        read_result(tmp_path / "a.json")
    caught.match(words)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda values: values["items"].pop(3),
        lambda values: values["models"][0]["parts"][0]["figures"]["mAP"].update(value=10**400),
    ],
)
def test_what_does_not_fit_is_refused(break_it, tmp_path):
    values = json.loads((STORED / "retrieval.json").read_text())
    break_it(values)
    (tmp_path / "result.json").write_text(json.dumps(values))
    with refused("result_invalid"):
        read_result(tmp_path)
