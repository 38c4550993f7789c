"""Embeddings of media files in a Spark job: python spark_pandas_udf.py FOLDER OUT (a directory of Parquet files)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from pyspark.sql import SparkSession

import vlret

ENCODER = vlret.ClipEncoder("vljepa-mini")


def embed(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Yield each batch with its embeddings; a worker of Spark loads the model once and keeps it."""
    return map(ENCODER, batches)


def main(folder: str, out: str) -> None:
    """Embed every .mp4 file below `folder`."""
    spark = SparkSession.builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", 16).getOrCreate()
    paths = [(str(path),) for path in sorted(Path(folder).absolute().rglob("*.mp4"))]
    files = spark.createDataFrame(paths, "path string")
    clips = files.mapInPandas(embed, "path string, embedding array<float>, error string")
    clips.write.parquet(out)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
