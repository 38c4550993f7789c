"""A bank of sentences: texts and their embeddings by one model, in a Parquet file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vlret.errors import UsageError
from vlret.files import replace_file
from vlret.models.base import Embedder
from vlret.models.inputs import text_list
from vlret.models.many_texts import embed_many
from vlret.text import printable
from vlret.types import Vectors
from vlret.vectors import first_invalid_row, unit_rows

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

SPACE = b"vlret-space"
"""The key of the file's metadata that holds `weights_hash` of the card of the model."""
THRESHOLD = b"vlret-unknown-threshold"
"""The key that holds `unknown_threshold`; missing where none was fitted."""

_MOST_NUMBERS = 2**29  # 2 GiB in float32: 1.4 million sentences of 384 dimensions
_AGAIN = "Write it with vlret.models.captioners.bank.write_bank."


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """Sentences to choose from.

    Attributes:
        name: what results state.
        texts: the sentences, at least one.
        vectors: their embeddings, float32 [n, dim], unit length.
        space: `weights_hash` of the card of the model that made them.
        unknown_threshold: as of `Captioner`.
    """

    name: str
    texts: list[str]
    vectors: Vectors
    space: str
    unknown_threshold: float | None = None


def embed_bank(texts: Iterable[str], embedder: Embedder, name: str) -> Bank:
    """Return the bank of `texts`; a sentence that is given twice is kept once.

    Raises:
        UsageError: there is no text, or an empty one, or something that is not text.
    """
    sentences = list(dict.fromkeys(text.strip() for text in text_list(texts)))
    if not all(sentences) or not sentences:
        what = "an empty sentence" if sentences else "no sentence"
        raise UsageError(f"{printable(name)} has {what}.", "Give sentences.", code="no_sentences")
    vectors = embed_many(embedder, sentences, "sentences")
    return Bank(name, sentences, vectors, embedder.card.weights_hash)


def write_bank(
    texts: Iterable[str], embedder: Embedder, file: str | Path, unknown_threshold: float | None = None
) -> None:
    """Embed `texts` and write them as a Parquet file (`save_bank`).

    Args:
        unknown_threshold: captions that score below it are "unknown", from -1 to 1.

    Raises:
        UsageError: as `embed_bank`.
        OutputError: the file cannot be written.
    """
    file = Path(file)
    save_bank(replace(embed_bank(texts, embedder, file.name), unknown_threshold=unknown_threshold), file)


def save_bank(bank: Bank, file: Path) -> None:
    """Write a bank as a Parquet file; its name is that of the file.

    The columns are `text` (string) and `vector` (fixed-size list of float16); the metadata holds `SPACE` and, where
    there is one, `THRESHOLD`.

    Raises:
        OutputError: the file cannot be written.
    """
    import pyarrow as pa

    from vlret.parquet_file import parquet_bytes

    numbers = pa.array(bank.vectors.astype(np.float16).ravel())
    vectors = pa.FixedSizeListArray.from_arrays(numbers, bank.vectors.shape[1])
    table = pa.table({"text": pa.array(bank.texts, pa.string()), "vector": vectors})
    metadata = {SPACE: bank.space}
    if bank.unknown_threshold is not None:
        metadata[THRESHOLD] = repr(float(bank.unknown_threshold))
    replace_file(file, parquet_bytes(table, metadata))


def read_bank(file: str | Path) -> Bank:
    """Return the bank in a Parquet file, which may be a stranger's; vectors may be float16 or float32.

    Raises:
        UsageError: the file is missing or no such file.
    """
    import pyarrow as pa

    file = Path(file)
    if not file.is_file():
        raise UsageError(
            f"There is no file {printable(file)}.",
            "Give a bank of sentences.",
            code="file_missing",
            path=file,
        )
    try:
        return _read(file)
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = printable(" ".join(str(error).split())).rstrip(".")
        raise UsageError(
            f"{printable(file)} is no bank of sentences: {reason}.", _AGAIN, code="not_a_bank", path=file
        ) from error


def _read(file: Path) -> Bank:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from vlret.parquet_file import read_parquet

    with file.open("rb") as opened:
        claims = pq.ParquetFile(opened)
        kind = _vector_type(claims)
        schema = pa.schema([("text", pa.string()), ("vector", kind)])
        table = read_parquet(opened, claims.metadata.num_rows, schema, schema.names)
    numbers = table["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    vectors = numbers.reshape(-1, kind.list_size).astype(np.float32)
    invalid = first_invalid_row(vectors)
    if invalid is not None:
        raise ValueError(f"the vector in row {invalid + 1} is zero or not finite")
    space, threshold = _metadata(claims.metadata.metadata or {})
    return Bank(file.stem, table["text"].to_pylist(), unit_rows(vectors), space, threshold)


def _vector_type(claims: pq.ParquetFile) -> pa.DataType:
    """The type of the column `vector`, once the file is of a size that can be read."""
    import pyarrow as pa

    schema, n_rows = claims.schema_arrow, claims.metadata.num_rows
    kind: pa.DataType = schema.field("vector").type if "vector" in schema.names else pa.null()
    if not pa.types.is_fixed_size_list(kind) or kind.value_type not in (pa.float16(), pa.float32()):
        raise ValueError("it has no column vector of fixed-size lists of float16 or float32")
    if not 1 <= n_rows * kind.list_size <= _MOST_NUMBERS:
        raise ValueError(f"it has {n_rows:,} vectors of {kind.list_size:,} numbers")
    return kind


def _metadata(values: Mapping[bytes, Any]) -> tuple[str, float | None]:
    """Space and threshold; ValueError where they cannot be."""
    if SPACE not in values:
        raise ValueError("its metadata does not say which model made the vectors")
    threshold = float(values[THRESHOLD]) if THRESHOLD in values else None
    if threshold is not None and not -1 <= threshold <= 1:
        raise ValueError(f"its unknown threshold is {threshold}")
    return values[SPACE].decode(), threshold
