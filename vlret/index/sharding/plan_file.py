"""A plan on disk: JSON lines, first the recipe and the roots, then one line a shard."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vlret.errors import UsageError
from vlret.index.json_fields import from_fields, parse_json
from vlret.index.manifest import IndexRecipe, is_absolute_root
from vlret.index.meaning import full_rule
from vlret.index.row_checks import leads_out
from vlret.index.shard_files import write_file
from vlret.index.sharding.plan import PlannedPart, PlannedSkip, ShardPlan
from vlret.media.sampling import check_sampling
from vlret.object_store import read_bytes, without_key
from vlret.remote_path import RemotePath
from vlret.text import printable
from vlret.types import as_path

FORMAT = "vlret-plan"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class _Header:
    recipe: IndexRecipe
    roots: tuple[str, ...]
    exclude: tuple[str, ...]
    skipped: tuple[PlannedSkip, ...]
    shards: int
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Shard:
    seconds: float
    parts: tuple[PlannedPart, ...]


def write_plan(plan: ShardPlan, path: str | Path) -> None:
    """Write a plan; the same one gives the same bytes.

    Raises:
        OutputError: it cannot be written.
    """
    recipe = {**asdict(plan.recipe), "card": plan.recipe.card.to_dict()}
    header = {
        "format": FORMAT, "version": FORMAT_VERSION, "recipe": recipe, "roots": plan.roots, "exclude": plan.exclude,
        "skipped": [asdict(skip) for skip in plan.skipped], "unknown": plan.unknown, "shards": len(plan.shards),
    }  # fmt: skip
    shards = [
        {"seconds": seconds, "parts": [asdict(part) for part in shard]}
        for seconds, shard in zip(plan.seconds, plan.shards, strict=True)
    ]
    lines = [json.dumps(line, ensure_ascii=False) for line in (header, *shards)]
    write_file(as_path(path, "The plan"), "\n".join([*lines, ""]).encode())


def read_plan(path: str | Path) -> ShardPlan:
    """Read a plan, whoever wrote it: each value is checked, and no path leads out of its root.

    Raises:
        UsageError: it cannot be read, is not a plan, is damaged, or was written by a newer vlret.
    """
    place = as_path(path, "The plan")
    try:
        data = read_bytes(place) if isinstance(place, RemotePath) else place.read_bytes()
        return _plan(data.splitlines(), place)
    except OSError as error:
        raise _bad_plan(place, f"cannot be read: {error.strerror}", "plan_unreadable") from error
    except ValueError as error:
        raise _bad_plan(place, f"is not a plan, or a damaged one: {error}", "bad_plan") from error


def _plan(lines: list[bytes], path: Path) -> ShardPlan:
    first, *others = map(parse_json, lines or [b"null"])
    _check_format(first, path)
    header = from_fields(_Header, first)
    lines_read = [from_fields(_Shard, line, f"shard {n}.") for n, line in enumerate(others)]
    shards = tuple(shard.parts for shard in lines_read)
    if len(shards) != header.shards:
        raise ValueError(f"it has {len(shards)} shards instead of {header.shards}")
    _check_paths(header, [part for shard in shards for part in shard])
    _check_recipe(header.recipe)
    seconds = tuple(shard.seconds for shard in lines_read)
    return ShardPlan(
        header.recipe, header.roots, shards, seconds, header.skipped, header.exclude, header.unknown
    )


def _check_format(values: Any, path: Path) -> None:
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ValueError(f'it does not begin with "format": "{FORMAT}"')
    version = values.get("version")
    if type(version) is not int or version < 1:
        raise ValueError("field version is not a positive integer")
    if version > FORMAT_VERSION:
        reason = f"has format version {version}; this vlret reads up to {FORMAT_VERSION}"
        raise _bad_plan(path, reason, "newer_format", "Update it: pip install --upgrade vlret")


def _check_paths(header: _Header, parts: list[PlannedPart]) -> None:
    for root in [*header.roots, *(skip.path for skip in header.skipped)]:
        if not is_absolute_root(root):
            raise ValueError(f"the path {printable(root)[:80]} is not absolute")
    for part in parts:
        if part.root >= len(header.roots):
            raise ValueError(f"a file has root {part.root}, which is not in the plan")
        if leads_out(part.path):
            raise ValueError(f"the path {printable(part.path)[:80]} leads out of its root")


def _check_recipe(recipe: IndexRecipe) -> None:
    """Refuse what no plan says.

    Raises:
        ValueError: no frames.
        UsageError: a clip rule or a sampling that is not known.
    """
    if recipe.n_frames < 1:
        raise ValueError("field recipe.n_frames is 0")
    full_rule(recipe.clips)
    check_sampling(recipe.n_frames, recipe.sampling)


def _bad_plan(
    path: Path, what: str, code: str, hint: str = "Write one with vlret.plan_shards."
) -> UsageError:
    path = without_key(path)
    return UsageError(f"{printable(path)} {what}.", hint, code=code, path=path)
