"""Scores of a model on photographs and clips it was not trained on: `python -m benchmarks.mini --data DIR`.

Everything goes through the public interface. Intervals are 95% bootstrap, drawn by photograph or clip.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import vlret
from benchmarks.mini.rows import table, write
from benchmarks.mini.scores import score


def main(
    data: Annotated[Path, typer.Option(help="Folder with photos/ and videos/.")] = Path("../shared/data"),
    model: Annotated[str, typer.Option(help="Name or folder of the model.")] = "vljepa-mini",
    dtype: Annotated[str, typer.Option(help="float32 or bfloat16.")] = "float32",
    out: Annotated[Path | None, typer.Option(help="JSON file to write.")] = None,
) -> None:
    """Score MODEL on the test splits of the captioned and labelled sets in DATA."""
    embedder = vlret.load_model(model, dtype=dtype)
    rows = score(embedder, data)
    print(table(rows))
    if out:
        write(out, embedder.card.to_dict(), dtype, rows)


if __name__ == "__main__":
    typer.run(main)
