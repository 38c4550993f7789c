"""The shards of a plan read back: all there, of this plan, and whole."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pyarrow as pa

from vlret.errors import IndexFolderError
from vlret.index.encode_shard import ShardMarker, read_marker
from vlret.index.shard_files import read_file
from vlret.index.sharding.plan import ShardPlan
from vlret.index.store import check_digest
from vlret.index.tables import METADATA, shard_schema
from vlret.parquet_file import read_parquet
from vlret.text import count_of, printable

_SHOWN = 10


def read_markers(plan: ShardPlan, folder: Path) -> list[ShardMarker]:
    """The marker of each shard of the plan.

    Raises:
        IndexFolderError: shards are missing, or of another plan; the message names them.
    """
    found = [read_marker(folder, plan.name(number)) for number in range(len(plan.shards))]
    markers = [marker for marker in found if marker]
    missing = [number for number, marker in enumerate(found) if marker is None]
    if missing:
        raise IndexFolderError(
            f"{_these(plan, folder, missing, 'missing')}.", "Encode them by this plan.",
            code="shards_missing", path=folder, numbers=missing, place=_place(plan, missing[0]),
        )  # fmt: skip
    others = [number for number, marker in enumerate(markers) if not marker.is_of(plan.spec(number))]
    if others:
        raise IndexFolderError(
            f"{_these(plan, folder, others, 'of another plan')}.", "Give that plan, or encode them by this one.",
            code="shards_of_other_plan", path=folder, numbers=others, place=_place(plan, others[0]),
        )  # fmt: skip
    return markers


def _these(plan: ShardPlan, folder: Path, numbers: list[int], what: str) -> str:
    names = ", ".join(plan.name(number) for number in numbers[:_SHOWN])
    more = f" and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else ""
    verb = "is" if len(numbers) == 1 else "are"
    shards = count_of(len(plan.shards), "shard")
    return f"{len(numbers)} of {shards} in {printable(folder)} {verb} {what}: {names}{more}"


def _place(plan: ShardPlan, number: int) -> str:
    """How a worker is told to encode this shard alone."""
    return f"{number}/{len(plan.shards)}"


def read_rows(plan: ShardPlan, folder: Path, number: int, marker: ShardMarker) -> pa.Table:
    """The rows of a shard: those of `shard_schema` without clip_id and root, with absolute paths.

    Raises:
        IndexFolderError: its table is missing or damaged, or has other rows than its marker says.
    """
    schema = shard_schema(plan.recipe.card.dim)
    schema = pa.schema([field for field in schema if field.name not in ("clip_id", "root")])
    try:
        if Path(marker.table.name).name != marker.table.name:
            raise ValueError("its table lies elsewhere")
        file = BytesIO(read_file(folder / marker.table.name, marker.table.bytes))
        check_digest(file, marker.table)
        table = read_parquet(file, marker.table.rows, schema, schema.names, METADATA.names)
        if len(table) != sum(part.rows for part in marker.parts):
            raise ValueError(f"it has {len(table)} rows")
    except FileNotFoundError as error:
        raise damaged_shard(plan, folder, number, f"{marker.table.name} is missing") from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise damaged_shard(plan, folder, number, str(error)) from error
    return table


def damaged_shard(plan: ShardPlan, folder: Path, number: int, what: str) -> IndexFolderError:
    """Return the error about a shard whose table is not as its marker says."""
    return IndexFolderError(
        f"{plan.name(number)} in {printable(folder)} is damaged: {printable(what)}.",
        "Encode it again with this plan.",
        code="encoded_shard_damaged", path=folder, place=_place(plan, number),
    )  # fmt: skip
