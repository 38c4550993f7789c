"""Scores on photographs and clips that no contestant was trained on: `python -m benchmarks.mini --data DIR`.

Everything goes through the public interface. Intervals are 95% bootstrap, drawn by photograph or clip.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.mini.contestants import BASELINE, UNTRAINED, contestant
from benchmarks.mini.rows import side_by_side, table, write
from benchmarks.mini.scores import score

CONTESTANTS = ["vljepa-mini", BASELINE, UNTRAINED]


def main(
    data: Annotated[Path, typer.Option(help="Folder with photos/ and videos/.")] = Path("../shared/data"),
    model: Annotated[
        list[str] | None,
        typer.Option(help="Name or folder of a model, baseline or untrained (default: three)."),
    ] = None,
    dtype: Annotated[str, typer.Option(help="float32 or bfloat16.")] = "float32",
    out: Annotated[Path | None, typer.Option(help="Folder for one JSON file a model.")] = None,
) -> None:
    """Score each MODEL on the test splits of the captioned and labelled sets in DATA."""
    scored = {}
    for name in model or CONTESTANTS:
        embedder = contestant(name, dtype)
        scored[name] = score(embedder, data, questions=name not in (BASELINE, UNTRAINED))
        print(f"{name}\n\n{table(scored[name])}\n")
        if out:
            write(out / f"{Path(name).name}.json", embedder.card.to_dict(), dtype, scored[name])
    if len(scored) > 1:
        print(side_by_side(scored))


if __name__ == "__main__":
    typer.run(main)
