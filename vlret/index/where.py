"""A condition in SQL, evaluated by DuckDB over one table: it sees nothing else, and is limited in time and memory.

The condition may come from a stranger. DuckDB's own parser turns it into a tree in which only columns of the table,
constants, comparisons, casts and the functions of `FUNCTIONS` may stand; the connection can open no file, load no
extension and change no setting, should something be missing here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from vlret.errors import UsageError
from vlret.text import is_utf8_text, printable, short_repr
from vlret.types import Ids

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LIMIT_S = 10.0
MOST_CHARACTERS = 4000
MOST_CALLS = 50
"""Each call may hold a copy of 2,048 texts, which DuckDB does not count."""
_OPERATORS = (
    "+", "-", "*", "/", "//", "%", "^", "~~", "!~~", "~~*", "!~~*", "~~~",
    "like_escape", "ilike_escape", "not_like_escape", "not_ilike_escape", "trunc", "nullif",
    "to_years", "to_months", "to_weeks", "to_days", "to_hours", "to_minutes", "to_seconds",
)  # fmt: skip
"""What operators and intervals are to DuckDB's parser."""
FUNCTIONS = (
    "abs", "ceil", "contains", "date_diff", "date_part", "date_trunc", "day", "dayname", "ends_with", "floor",
    "greatest", "hour", "isodow", "least", "left", "length", "lower", "minute", "month", "monthname", "quarter",
    "regexp_matches", "right", "round", "second", "split_part", "starts_with", "strftime", "substring", "today", "trim",
    "upper", "week", "weekday", "year",
)  # fmt: skip
"""The functions that a condition may call: none makes a text of many times its length, a list or a query."""
_TYPES = {
    "varchar", "text", "string", "boolean", "bool", "smallint", "integer", "int", "bigint", "double", "float", "real",
    "decimal", "numeric", "date", "time", "timestamp", "datetime", "interval",
}  # fmt: skip
"""The types of casts: texts grow eightfold as `x::blob::bit::text`, and again."""

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    "memory_limit": "256MB",
    "max_temp_directory_size": "0B",
    "threads": "1",
    "lock_configuration": "true",
}
_CLASSES = {
    "COLUMN_REF", "CONSTANT", "PARAMETER", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN", "CASE", "CAST",
    "FUNCTION", "TYPE",
}  # fmt: skip
_HINT = "Write a condition such as: duration > 5 and path like '%beach%'."


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that has passed `checked`.

    Attributes:
        sql: an expression in DuckDB's SQL.
        values: what stands for `$name`.
        columns: those of the columns that it was given that it names, as they are written there.
    """

    sql: str
    values: Mapping[str, object]
    columns: frozenset[str]


def checked(sql: str, values: Mapping[str, object], columns: Sequence[str]) -> Condition:
    """The condition, which may name these columns alone.

    Raises:
        UsageError: it is not one condition ("bad_where"), or names another column ("unknown_column").
    """
    if len(sql) > MOST_CHARACTERS or not is_utf8_text(sql):
        raise _bad_condition(sql, f"is longer than {MOST_CHARACTERS:,} characters, or no UTF-8 text")
    with _connection() as connection, _own_errors(sql):
        tree = _tree(connection, sql)
        _check(tree, sql, columns)
        _check_values(tree, sql, values)
    named = {node["column_names"][0].lower() for node in _nodes(tree) if node.get("class") == "COLUMN_REF"}
    return Condition(sql, dict(values), frozenset(name for name in columns if name.lower() in named))


def rows_where(table: pa.Table, condition: Condition) -> Ids:
    """The `clip_id` of each row of `table` for which the condition holds, ascending.

    Args:
        table: `clip_id`, which may hold any number, and the columns that the condition names.

    Raises:
        UsageError: it cannot be evaluated ("bad_where"), or takes too much time ("where_too_slow").
    """
    with _connection() as connection, _own_errors(condition.sql):
        connection.register("clips", table)
        found = connection.execute(_select(condition.sql), dict(condition.values)).fetchnumpy()["clip_id"]
    return np.sort(np.asarray(found, np.int64))


@cache
def _database() -> DuckDBPyConnection:
    """A database in memory that stays empty: a new one would take longer than most conditions."""
    import duckdb

    return duckdb.connect(":memory:", config=_CONFIG)


@contextmanager
def _connection() -> Iterator[DuckDBPyConnection]:
    """A connection with tables of its own that is interrupted after `LIMIT_S`."""
    connection = _database().cursor()
    timer = threading.Timer(LIMIT_S, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield connection
    finally:
        timer.cancel()
        timer.join()
        connection.close()


@contextmanager
def _own_errors(condition: str) -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.InterruptException as error:
        raise UsageError(
            f"where takes more than {LIMIT_S:.0f} s.", "Simplify it.", code="where_too_slow", given=condition
        ) from error
    except RecursionError as error:
        raise _bad_condition(condition, "is nested too deep") from error
    except duckdb.Error as error:
        raise _bad_condition(condition, f"cannot be evaluated: {_first_line(error)}") from error


def _select(condition: str) -> str:
    return f"SELECT clip_id FROM clips WHERE (\n{condition}\n)"  # a comment ends with its line


def _tree(connection: DuckDBPyConnection, condition: str) -> Any:
    """The condition as DuckDB parses it, where it is one expression and nothing beside it."""
    document = _parsed(connection, _select(condition))
    if document["error"]:
        reason = str(document["error_message"])
        hint = 'The column is written "end": END is a word of SQL.' if '"end"' in reason else _HINT
        raise _bad_condition(condition, f"is not a condition in SQL: {reason}", hint)
    nodes = [statement["node"] for statement in document["statements"]]
    (plain,) = _parsed(connection, _select("true"))["statements"]
    if len(nodes) != 1 or _around(nodes[0]) != _around(plain["node"]):
        raise _bad_condition(condition, "is not one condition")
    return nodes[0]["where_clause"]


def _parsed(connection: DuckDBPyConnection, sql: str) -> Any:
    ((text,),) = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()
    return json.loads(text)


def _around(node: Any) -> Any:
    """What stands around the condition, without the places in the text."""
    return _unplaced({**node, "where_clause": None})


def _unplaced(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unplaced(held) for key, held in value.items() if not key.startswith("query_location")}
    return [_unplaced(item) for item in value] if isinstance(value, list) else value


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
        waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else []


def _check(tree: Any, condition: str, columns: Sequence[str]) -> None:
    if sum(node.get("class") in ("FUNCTION", "CAST") for node in _nodes(tree)) > MOST_CALLS:
        raise _bad_condition(condition, f"has more than {MOST_CALLS} functions, operators and casts")
    for node in _nodes(tree):
        kind = node.get("class")
        if kind is not None and kind not in _CLASSES:
            raise _bad_condition(condition, f"holds a {kind.lower().replace('_', ' ')}, which is not allowed")
        if kind == "FUNCTION":
            _check_function(node, condition)
        if kind == "FUNCTION" and node["function_name"].lower() == "regexp_matches":
            _check_pattern(node, condition)
        if kind == "CAST":
            _check_type(node, condition)
        if kind == "COLUMN_REF":
            _check_column(node["column_names"], condition, columns)


def _check_function(node: dict[str, Any], condition: str) -> None:
    name = node["function_name"]
    if node["schema"] or node["catalog"] or name.lower() not in (*FUNCTIONS, *_OPERATORS):
        named = ".".join(filter(None, (node["catalog"], node["schema"], name)))
        hint = f"Allowed functions: {', '.join(FUNCTIONS)}."
        raise _bad_condition(condition, f"calls {printable(named)}, which is not allowed", hint)


def _check_pattern(node: dict[str, Any], condition: str) -> None:
    """A regular expression out of a column would be compiled for every row."""
    if any(inner.get("class") == "COLUMN_REF" for inner in _nodes(node["arguments"][1:])):
        raise _bad_condition(condition, "takes the pattern of regexp_matches from a column")


def _check_type(node: dict[str, Any], condition: str) -> None:
    name = node["type_expr"]["type_name"]
    if name.lower() not in _TYPES:
        raise _bad_condition(condition, f"casts to {printable(name)}, which is not allowed")


def _check_column(names: list[str], condition: str, columns: Sequence[str]) -> None:
    name = ".".join(names)
    known = {column.lower() for column in columns} | {"current_date"}
    if len(names) != 1 or name.lower() not in known:
        quoted = [
            column if column.isidentifier() and column != "end" else f'"{column}"' for column in columns
        ]
        raise UsageError(
            f"where names a column that there is not: {short_repr(name)}.",
            f"The columns are {printable(', '.join(quoted))}; texts stand in 'single quotes'.",
            code="unknown_column", given=name, allowed=list(columns),
        )  # fmt: skip


def _check_values(tree: Any, condition: str, values: Mapping[str, object]) -> None:
    named = {node["identifier"] for node in _nodes(tree) if node.get("class") == "PARAMETER"}
    if named != set(values):
        wrong = ", ".join(f"${name}" for name in sorted(named ^ set(values)))
        raise _bad_condition(
            condition, f"and its values do not agree on {wrong}", "Give a value for each $name."
        )
    for name, value in values.items():
        if not (is_utf8_text(value) or isinstance(value, int | float | date | None)):
            raise _bad_condition(
                condition, f"has a {type(value).__name__} for ${name}", "Give a text, number or date."
            )


def _bad_condition(condition: str, what: str, hint: str = _HINT) -> UsageError:
    return UsageError(f"where {what.rstrip('.')}.", hint, code="bad_where", given=condition)


def _first_line(error: Exception) -> str:
    return printable(str(error).strip().partition("\n")[0])
