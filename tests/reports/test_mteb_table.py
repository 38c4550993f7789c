"""The table of mteb's tasks: a column for each model, and whose frames they are."""

from __future__ import annotations

from vlret.evaluation.standalone.mteb import ModelScores, MtebResult, SkippedTask, TaskScore
from vlret.reports.mteb_table import mteb_table


def model(name, *skipped, **scores):
    rows = tuple(TaskScore(task, "STS", "spearman", score, None, {}) for task, score in scores.items())
    return ModelScores(name, name, "1", "0", 4, "float32", rows, skipped)


def lines(*models):
    return mteb_table(MtebResult("", "2.1", "midpoints", models)).splitlines()


def test_a_column_for_each_model_and_notes_below():
    skipped = SkippedTask("Broken", "no way to the data.")
    head, row, *notes = lines(model("one", a=1.0), model("two", skipped, a=None))
    assert head.split() == ["task", "type", "metric", "one", "two"]
    assert row.split() == ["a", "STS", "spearman", "100.0"]
    assert notes == [
        "one: 4 frames per video, in float32.",
        "two: 4 frames per video, in float32.",
        "Frame times: midpoints (mteb 2.1).",
        "Broken has no score of two: no way to the data.",
    ]


def test_the_mean_is_over_the_tasks_that_all_models_have():
    found = lines(model("x", a=0.1, b=0.3, c=0.9), model("y", a=0.5, b=0.7, c=None))
    assert found[3].split() == ["c", "STS", "spearman", "90.0"]
    assert found[4].split() == ["mean", "of", "2", "20.0", "60.0"]


def test_without_a_score_there_are_notes_alone():
    assert lines(model("one", SkippedTask("a", "it failed")))[0] == "one: 4 frames per video, in float32."
