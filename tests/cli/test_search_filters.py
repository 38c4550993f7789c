"""`vlret search` with conditions, order and pages."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import vlret


def names(run) -> list[str]:
    assert run.code == 0, run.err
    return [Path(hit["path"]).name for hit in run.json["hits"]]


def test_a_condition_restricts_the_clips(index):
    run = vlret("search", index, "red", "--where", "duration > 5 and name like 'l%'", "--json")
    assert names(run) == ["long.mp4"]
    assert run.json["where"] == "duration > 5 and name like 'l%'"
    assert names(vlret("search", index, "red", "--where", "codec = 'png' and width = 40", "--json")) == [
        "blue <b>.png"
    ]
    late = vlret("search", index, "red", "--where", "start >= 10", "--json", "--all-clips")
    assert [(hit["start"], hit["end"]) for hit in late.json["hits"]] == [(10, 20)]


def test_files_are_excluded(index):
    run = vlret("search", index, "red", "--exclude", "green", "--exclude", "*.png", "--json")
    assert (names(run), run.json["exclude"]) == (["long.mp4"], ["green", "*.png"])


def test_results_are_sorted(index):
    run = vlret("search", index, "red", "--sort", "path", "--json")
    assert names(run) == ["blue <b>.png", "green one.mp4", "long.mp4"]
    assert run.json["sort"] == "path"
    assert next(hit["rank"] for hit in run.json["hits"] if "long" in hit["path"]) == 1
    assert len(names(vlret("search", index, "red", "--sort", "time", "--json"))) == 3


def test_pages_follow_each_other(index):
    whole = vlret("search", index, "red", "--json").json
    first, second, third = (vlret("search", index, "red", "-k", 2, "--page", n, "--json") for n in (1, 2, 3))
    assert first.json["hits"] + second.json["hits"] == whole["hits"]
    assert [run.json["has_next"] for run in (first, second, third)] == [True, False, False]
    assert third.json["hits"] == []
    assert third.err == "vlret: no results on page 3\n"


def test_what_is_wrong_is_one_line(index):
    for arguments, code in [
        (
            ["--where", "bredth > 5"],
            "names a column that there is not: 'bredth'. The columns are path, name, start, \"end\"",
        ),
        (["--where", "duration >"], "is not a condition in SQL"),
        (["--where", "(select 1) = 1"], "holds a subquery, which is not allowed"),
        (["--where", "getenv('HOME') = ''"], "calls getenv, which is not allowed"),
        (["--where", " "], "Give a condition"),
        (["--sort", "size"], "sort was given as 'size'. Known: score, time, path."),
        (["--exclude", ""], "exclude was given as ''"),
    ]:
        run = vlret("search", index, "red", *arguments)
        assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
        assert code in run.err


def test_nothing_found_names_the_filters(index):
    run = vlret("search", index, "red", "--where", "duration > 500", "--exclude", "x")
    assert run.err == "vlret: no clip fits --exclude ['x'], --where 'duration > 500'\n"
