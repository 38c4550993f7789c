"""Which clips a search may return."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import translate
from functools import lru_cache

import numpy as np

from vlret.errors import UsageError
from vlret.remote_path import path_of
from vlret.types import Ids


@dataclass(frozen=True, slots=True, eq=False)
class Filter:
    """Conditions that all hold for a hit; they are applied before the nearest k clips are taken.

    Attributes:
        path: files whose path contains this text, or whose absolute path or path below its root matches it as
            a pattern (`*` crosses directories). None: any.
        clip_ids: only these clips; kept as int64, ascending. None: any.
        exclude: not the files that one of these texts or patterns matches, in the same way; one alone may be a string.
        where: a condition in SQL over the columns that docs/filters.md lists, such as `duration > 5`. None: any.
        where_values: what stands for `$name` in `where`, by name: a string, number, boolean, date or None.
    """

    path: str | None = None
    clip_ids: Collection[int] | Ids | None = None
    exclude: tuple[str, ...] = ()
    where: str | None = None
    where_values: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `UsageError` for an empty text, or one that is not a string."""
        if self.clip_ids is not None:  # arrays and sets, too
            object.__setattr__(self, "clip_ids", ascending(self.clip_ids))
        if self.path is not None:
            check_pattern(self.path, "only")
        object.__setattr__(self, "exclude", patterns_of(self.exclude))
        if self.where is not None and (not isinstance(self.where, str) or not self.where.strip()):
            raise UsageError(
                f"where was given as {self.where!r}.", "Give a condition, such as duration > 5.",
                code="bad_where", given=self.where,
            )  # fmt: skip

    @classmethod
    def of(
        cls, only: Filter | str | None, exclude: Sequence[str] | str = (), where: str | None = None
    ) -> Filter | None:
        """One filter of the arguments of a search; None where nothing was asked for.

        Raises:
            UsageError: an empty text, or a condition in both `only` and `where`.
        """
        if isinstance(only, Filter) and not exclude and where is None:
            return only
        given = only if isinstance(only, Filter) else cls(path=only)
        if given.where is not None and where is not None:
            raise UsageError(
                "There are two conditions: where, and that of the filter.", "Put them together with AND.",
                code="two_conditions",
            )  # fmt: skip
        more = patterns_of(exclude)
        whole = replace(given, exclude=(*given.exclude, *more), where=given.where if where is None else where)
        return None if whole == cls() and only is None else whole

    @property
    def is_resolved(self) -> bool:
        """Whether it names its clips, and nothing beside them."""
        return self.clip_ids is not None and not (self.path or self.exclude or self.where)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Filter)
            and self._key() == other._key()
            and self.where_values == other.where_values
        )

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        ids = None if self.clip_ids is None else np.asarray(self.clip_ids).tobytes()
        return self.path, ids, self.exclude, self.where


def ids_of(resolved: Filter | None) -> Ids | None:
    """The clip_ids of a filter that has nothing else, int64 [n], ascending; None: all clips."""
    return None if resolved is None else np.asarray(resolved.clip_ids)


def ascending(clip_ids: Collection[int] | Ids) -> Ids:
    """The clip_ids, int64 [n], ascending, each once, in memory that nobody changes.

    Raises:
        UsageError: they are no whole numbers.
    """
    given = np.asarray(clip_ids if isinstance(clip_ids, np.ndarray) else [*clip_ids])
    if len(given) and not np.issubdtype(given.dtype, np.integer):
        raise UsageError(
            "clip_ids are not all whole numbers.", "Give integers below 2^63.",
            code="wrong_type", given=given[:10].tolist(),
        )  # fmt: skip
    ids = given.astype(np.int64)
    if not (ids[1:] > ids[:-1]).all():
        ids = np.unique(ids)
    ids.flags.writeable = False
    return ids


def is_match(pattern: str, path: str, relative: str) -> bool:
    """Whether an absolute path contains the text `pattern`, or it or the path below its root matches the pattern."""
    return pattern in path or any(
        _compiled(pattern).match(name) for name in (path_of(path).as_posix(), relative)
    )


@lru_cache(256)  # that of fnmatch keeps 32,768: patterns of strangers would fill the memory of a service
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


def patterns_of(exclude: Sequence[str] | str) -> tuple[str, ...]:
    """The patterns of an argument that takes one or several, each once.

    Raises:
        UsageError: one is empty or not a string.
    """
    patterns = tuple(dict.fromkeys([exclude] if isinstance(exclude, str) else exclude))
    for pattern in patterns:
        check_pattern(pattern, "exclude")
    return patterns


def check_pattern(pattern: object, name: str) -> None:
    """Raise `UsageError` unless `pattern`, given as argument `name`, is a text that is not empty."""
    if not isinstance(pattern, str) or not pattern:
        raise UsageError(
            f"{name} was given as {pattern!r}.", "Give a part of the path, or a pattern.",
            code="bad_path_filter", given=pattern,
        )  # fmt: skip
