"""JSON and YAML texts as plain values; duplicate keys and YAML aliases are refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import yaml

from vlret.errors import UsageError
from vlret.text import printable, short_repr


def parse_json(where: str, text: str) -> Any:
    """Return the value of a JSON text; `where` begins the error message.

    Raises:
        UsageError: it is not JSON, or an object has a duplicate key.
    """
    try:
        return json.loads(text, object_pairs_hook=_mapping)
    except (ValueError, RecursionError) as error:
        hint = "Save JSON Lines, one value per line, as .jsonl." if "Extra data" in str(error) else ""
        raise UsageError(
            f"{where} is not JSON ({printable(error)}): {short_repr(text)}.", hint, code="not_json"
        ) from error


def parse_yaml(where: str, text: str) -> Any:
    """Return the value of a YAML text: lists, objects and strings; `where` begins the error message.

    Raises:
        UsageError: it is not YAML, or it has a duplicate key or an alias.
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"{where} is not YAML: {printable(reason)}.", code="not_yaml") from error


class _Loader(yaml.BaseLoader):  # type: ignore[misc]
    """Makes lists, objects and strings only: `no` and `1` stay as they are written.

    Aliases are refused: a few nested ones expand to more entries than fit into memory.
    """

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(
                None, None, "repeat the entry instead of using an alias (*)", mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        construct: Callable[..., Any] = self.construct_object
        return _mapping([(construct(key, True), construct(value, True)) for key, value in node.value])


def _mapping(pairs: Sequence[tuple[Any, Any]]) -> dict[Any, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"duplicate key {next(key for key in keys if keys.count(key) > 1)!r}")
    return mapping
