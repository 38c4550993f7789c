"""Conditions in SQL: what they find, and what they may not do."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest

from tests.refusal import refused
from vlret.errors import UsageError
from vlret.index import where
from vlret.index.where import MOST_CHARACTERS, checked, rows_where

N = 300
ROWS = {
    "clip_id": [3 * i for i in range(N)],
    "path": [f"/media/{'beach' if i % 7 == 0 else 'city'}/{i:03d}.mp4" for i in range(N)],
    "end": [float(i % 40) for i in range(N)],
    "duration": [None if i % 11 == 0 else float(i % 60) for i in range(N)],
    "width": [1920 if i % 3 else 640 for i in range(N)],
    "taken": [
        None if i % 13 == 0 else datetime(2020 + i % 6, 1 + i % 12, 1 + i % 28, i % 24) for i in range(N)
    ],
}
TABLE = pa.table({**ROWS, "path": pa.array(ROWS["path"]).dictionary_encode()})


def clips_where(table: pa.Table, condition: str, values: dict[str, object]) -> np.ndarray:
    columns = [name for name in table.column_names if name != "clip_id"]
    return rows_where(table, checked(condition, values, columns))


def oracle(condition: str) -> list[int]:
    """The same condition by SQLite."""
    with sqlite3.connect(":memory:") as connection:
        names = ", ".join(f'"{name}"' for name in ROWS)
        connection.execute(f"CREATE TABLE clips ({names})")
        rows = [
            [str(v) if isinstance(v, datetime) else v for v in row]
            for row in zip(*ROWS.values(), strict=True)
        ]
        connection.executemany(f"INSERT INTO clips VALUES ({', '.join('?' * len(ROWS))})", rows)
        found = connection.execute(f"SELECT clip_id FROM clips WHERE {condition} ORDER BY clip_id").fetchall()
    return [clip_id for (clip_id,) in found]


@pytest.mark.parametrize(
    ("condition", "in_sqlite"),
    [
        ("duration > 5 and path like '%beach%'", None),
        ("year(taken) = 2024", "substr(taken, 1, 4) = '2024'"),
        ("extract(month from taken) in (1, 2)", "substr(taken, 6, 2) in ('01', '02')"),
        ("taken >= '2023-05-01' and taken < '2024-01-01'", None),
        ("taken::date = date '2024-05-05'", "substr(taken, 1, 10) = '2024-05-05'"),
        ('"end" between 3 and 7.5 or not (width = 1920)', None),
        ("duration is null", None),
        ("duration not between 1 and 50", None),
        ("case when width = 640 then duration > 50 else duration < 2 end", None),
        ("lower(PATH) like '/media/city/1%' -- a comment", "path like '/media/city/1%'"),
        ("regexp_matches(path, '[13]0.mp4$')", "path like '%10.mp4' or path like '%30.mp4'"),
        ("path glob '*/beach/*'", None),
        ("coalesce(duration, -1) < 0", None),
        ("width / 2 > 400 and duration % 2 = 1", None),
        ("duration > 5 /* why */ and true", "duration > 5"),
        ("taken > current_date + interval 3 days", "false"),
        (
            "cast('5' as int) = 5 and duration::text = '7.0' and (width::double + 0.5)::bigint > 0",
            "duration = 7",
        ),
        ("1) or (2 = 2", "true"),  # still one expression
        ("true) window w as (partition by (select max(size) from clips)", "true"),  # never bound
    ],
)
def test_the_clips_are_those_that_another_database_finds(condition, in_sqlite) -> None:
    assert clips_where(TABLE, condition, {}).tolist() == oracle(in_sqlite or condition)


def test_values_are_bound_and_never_read_as_sql() -> None:
    assert clips_where(
        TABLE, "width = $w and taken >= $from", {"w": 640, "from": date(2024, 1, 1)}
    ).tolist() == (oracle("width = 640 and taken >= '2024-01-01'"))
    hostile = "x') or true; drop table clips; --"
    assert clips_where(TABLE, "path = $p", {"p": hostile}).tolist() == []
    assert clips_where(TABLE, "path = $p", {"p": ROWS["path"][7]}).tolist() == [21]


@pytest.mark.parametrize(
    "condition",
    [
        "exists (select * from read_csv('/etc/passwd'))",
        "path in (select content from read_text('/etc/passwd'))",
        "path = (select current_setting('home_directory'))",
        "(select count(*) from clips, clips, clips, clips, clips) > 0",
        "clip_id in (with recursive r as (select 1 union all select 1 from r) select * from r)",
        "width = any(select 1)", "width = any([1, 2])",
        "true; drop table clips", "true); drop table clips; select (true", "true;", ";", "true); select (1",
        "1) union select (1", "1) union all select clip_id from clips where (1", "1) intersect select (1",
        "true) limit (1", "true) order by (1", "true) group by (clip_id", "true) group by (clip_id) having (true",
        "true) qualify (true", "true) using sample (1",
        "row_number() over () > 1", "count(*) > 1", "sum(width) > 1",
        "getenv('HOME') = 'x'", "current_setting('memory_limit') = 'x'", "version() = 'x'", "getvariable('x') = 1",
        "repeat('x', 1000000000) = path", "len(range(1000000000)) > 1", "list_sum(generate_series(1, 1000000000)) > 1",
        "lpad(path, 1000000000, 'x') = 'x'", "replace(path, '', 'x') = 'x'", "printf('%1000000000d', 1) = 'x'",
        "unnest([1, 2]) = 1", "columns('.*') = 1", "columns(*) = 1", "* = 1", "#1 = 1",
        "list_filter([1], x -> x > 1) = [1]", "path.lower() = 'x'", "system.main.lower(path)",
        "main.lower(path) = 'x'",
        "read_text('/etc/passwd') = 'x'", "query('select 1')", "nextval('x') = 1", "error('x')",
        "path collate nocase = 'x'", "? = 1", "$1 = 1", "$w = width", "default",
        "-- nothing", "/* open", "", "   ", "(", "true)", "'open", "select 1", "drop table clips", "copy clips to 'x'",
        "width = 'text'", "\ud800", "1 = 1 as x", "a := 1",
        "x" * (MOST_CHARACTERS + 1), "lower(" * 51 + "path" + ")" * 51 + " = 'x'", "path || path = path",
        "length(path" + "::blob::bit::text" * 9 + ") > 0", "path::blob = path::blob", "[path]::varchar[] = []",
        "path::int[] = []", "cast(path as struct(a int)) = path", "path::json = path", "path::enum('a') = 'a'",
        "path::mytype = 1", "path" + "::text" * 51 + " = 'x'",
        "regexp_matches(path, path)", "regexp_matches(path, lower('x' || name))", "REGEXP_MATCHES('a', left(path, 3))",
    ],
)  # fmt: skip
def test_anything_but_one_plain_condition_is_refused(condition, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    with refused("bad_where"):
        clips_where(TABLE, condition, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "condition", ["(" * 1500 + "true" + ")" * 1500, "not " * 900 + "true", "1" + "+1" * 1900 + " > 0"]
)
def test_a_deep_condition_is_evaluated_or_refused(condition) -> None:
    with suppress(UsageError):
        assert len(clips_where(TABLE, condition, {})) == N


@pytest.mark.parametrize(
    "column",
    [
        "clip_id",
        "bredth",
        "clips.path",
        '"%beach%"',
        "path.x",
        "main.clips.path",
        "rowid",
        "filename",
        "a.b.c.d.e",
    ],
)
def test_another_column_is_named_with_those_there_are(column) -> None:
    with refused("unknown_column") as caught:
        clips_where(TABLE, f"{column} = 'x'", {})
    assert caught.value.fields["allowed"] == ["path", "end", "duration", "width", "taken"]
    assert '"end"' in caught.value.hint


def test_end_without_quotes_is_explained() -> None:
    with refused("bad_where") as caught:
        clips_where(TABLE, "end > 3", {})
    assert '"end"' in caught.value.hint


@pytest.mark.parametrize(
    "values",
    [
        {"w": 1, "v": 2},
        {"v": 1},
        {"w": [1]},
        {"w": {"a": 1}},
        {"w": object()},
        {"w": "\ud800"},
    ],
)
def test_values_that_do_not_fit_are_refused(values) -> None:
    with refused("bad_where"):
        clips_where(TABLE, "width = $w", values)


def test_a_condition_that_takes_too_long_is_stopped(monkeypatch) -> None:
    monkeypatch.setattr(where, "LIMIT_S", 0.2)
    n = 400_000
    table = pa.table({"clip_id": range(n), "path": pa.array(["a" * 280 + f"{i:020d}" for i in range(n)])})
    condition = " or ".join(f"regexp_matches(path, '(a|aa|a{{1,{n}}})*b$')" for n in range(2, 42))
    started_s = time.monotonic()
    with refused("where_too_slow"):
        clips_where(table, condition, {})
    assert time.monotonic() - started_s < 40


@pytest.mark.parametrize("pattern", ["%_a" * 8 + "b%", "%a" * 9 + "b"])
@pytest.mark.parametrize("operator", ["like", "ilike", "glob"])
def test_patterns_take_no_exponential_time(operator, pattern) -> None:
    """DuckDB 1 never comes back, and cannot be interrupted."""
    table = pa.table({"clip_id": [1], "path": ["a" * 4000]})
    pattern = pattern.replace("%", "*").replace("_", "?") if operator == "glob" else pattern
    assert clips_where(table, f"path {operator} '{pattern}'", {}).tolist() == []
    assert clips_where(table, f"path {operator} $p", {"p": pattern}).tolist() == []


def test_settings_cannot_be_changed_nor_files_read_by_the_connection() -> None:
    """The second wall, should the first one have a hole."""
    import duckdb

    secret = pa.table({"x": [1]})
    with where._connection() as connection:
        for sql in (
            "SET memory_limit = '1GB'", "SET enable_external_access = true", "LOAD httpfs", "INSTALL httpfs",
            "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "SELECT * FROM secret",
            "COPY (SELECT 1) TO '/tmp/vlret-should-not-be'", "ATTACH '/tmp/vlret-should-not-be.db'",
        ):  # fmt: skip
            with pytest.raises(duckdb.Error):
                connection.execute(sql)
    assert secret.num_rows == 1


def test_no_condition_sees_the_table_of_another() -> None:
    import duckdb

    with where._connection() as first, where._connection() as second:
        first.register("clips", TABLE)
        with pytest.raises(duckdb.CatalogException):
            second.execute("SELECT * FROM clips")
    with where._connection() as later, pytest.raises(duckdb.CatalogException):
        later.execute("SELECT * FROM clips")


def test_conditions_may_be_evaluated_in_several_threads() -> None:
    def found(width: int) -> list[int]:
        return clips_where(TABLE, "width = $w", {"w": width}).tolist()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(found, [640, 1920] * 40))
    assert answers == [oracle("width = 640"), oracle("width = 1920")] * 40


def test_the_columns_that_a_condition_names_are_told() -> None:
    condition = checked(
        "DURATION > $d or path = 'width' and \"end\" < 3 and today() > current_date", {"d": 1}, list(ROWS)
    )
    assert condition.columns == {"duration", "path", "end"}
