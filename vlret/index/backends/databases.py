"""Opens a database by its address."""

from __future__ import annotations

from vlret.index.backends.address import Address, parse_address
from vlret.index.backends.database import Database


def open_database(address: str | Address, dim: int | None = None) -> Database:
    """The table that `address` names.

    Args:
        address: `lancedb:DIR`, `lancedb:s3://BUCKET/DIR`, `qdrant:http://HOST:PORT`, `qdrant:DIR` or
            `postgresql://USER@HOST/NAME`; `#TABLE` at its end names the table (collection), `clips` otherwise.
        dim: numbers a vector; the table is made if it is missing. None: it must be there.

    Raises:
        UsageError: it is no address.
        MissingExtraError: the package of the database is not installed.
        DatabaseError: it cannot be reached, there is no such table (code no_table), or its vectors have another length
            (code other_dim).
    """
    parsed = address if isinstance(address, Address) else parse_address(address)
    if parsed.kind == "lancedb":
        from vlret.index.backends.lancedb import LanceDatabase

        return LanceDatabase.open(parsed, dim)
    if parsed.kind == "qdrant":
        from vlret.index.backends.qdrant import QdrantDatabase

        return QdrantDatabase.open(parsed, dim)
    from vlret.index.backends.postgres import PostgresDatabase

    return PostgresDatabase.open(parsed, dim)
