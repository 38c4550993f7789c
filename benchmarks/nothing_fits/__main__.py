"""Does a search know that nothing fits? `python -m benchmarks.nothing_fits --data DIR`.

Indexes of 10, 100 and 1,000 photographs and clips are drawn at random and searched for sentences and short words that
they hold an answer to or not. `--fit FILE` fits a calibration on the dev splits; the figures are of the test splits,
beside those of the raw cosine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import vlret
from benchmarks.console import launch
from benchmarks.nothing_fits.fit import Scored, fit, score
from benchmarks.nothing_fits.pools import N_NULL, Pool, dev_pools, test_pools, unrelated_clips
from benchmarks.nothing_fits.queries import draw_trials
from benchmarks.nothing_fits.report import reliability, table
from benchmarks.nothing_fits.tried import tried
from vlret.cli.output import say, show_lines
from vlret.errors import ModelError
from vlret.models.base import Embedder
from vlret.models.captioners.bank import read_bank
from vlret.models.registry import ASSETS
from vlret.tasks.calibration_file import load_calibration, read_calibration, save_calibration
from vlret.training.text_decoder.embeddings import text_embeddings
from vlret.types import Vectors
from vlret.vectors import unit_rows

SIZES = (10, 100, 1000)


def main(
    data: Annotated[Path, typer.Option(help="Directory with photos/ and videos/.")] = Path("../shared/data"),
    model: Annotated[str, typer.Option(help="A VL-JEPA.")] = "vljepa-mini",
    fit_to: Annotated[
        Path | None, typer.Option("--fit", help="Fit on dev and write the calibration here.")
    ] = None,
    others: Annotated[bool, typer.Option("--tried", help="Print what else was tried, on dev.")] = False,
    count: Annotated[int, typer.Option(help="Queries of each kind and size of index.")] = 600,
    out: Annotated[Path, typer.Option(help="Directory for the embeddings.")] = Path("runs/nothing_fits"),
) -> None:
    """Fit and measure the probability that a hit is right."""
    embedder = vlret.load_model(model)
    cache = out / embedder.card.weights_hash[:12]
    null = unrelated_clips(data, embedder, cache)
    if fit_to or others:
        pools = dev_pools(data, embedder, cache)
        dev = searched(pools, embedder, null, cache / "texts-dev.npy", count)
        if others:
            show_lines(tried(dev, {pool.name: pool.vectors for pool in pools}, null, _bank()))
        if fit_to:
            save_calibration(fit(dev, null), fit_to, embedder.card)
            say(f"wrote {fit_to}")
    calibration = read_calibration(fit_to, embedder.card) if fit_to else load_calibration(embedder)
    if calibration is None:
        raise ModelError(f"{model} has no calibration.", "Fit one with --fit.", code="no_calibration")
    test = searched(test_pools(data, embedder, cache), embedder, null, cache / "texts-test.npy", count)
    show_lines(table(test, calibration))
    show_lines(reliability(test, calibration))


def searched(pools: list[Pool], embedder: Embedder, null: Vectors, texts: Path, count: int) -> list[Scored]:
    """The trials of these pools and their nearest clips; embeddings of the texts are kept in the file `texts`."""
    trials = draw_trials(pools, SIZES, count)
    asked = sorted({trial.query.text for trial in trials})
    rows = unit_rows(text_embeddings(asked, embedder, texts).astype(np.float32))
    vectors = {pool.name: pool.vectors for pool in pools}
    return score(trials, vectors, dict(zip(asked, rows, strict=True)), null)


def _bank() -> Vectors:
    """The sentences that come with the text decoder, unrelated to all queries."""
    return read_bank(ASSETS / "vljepa-mini/bank.parquet").vectors[:N_NULL]


if __name__ == "__main__":
    launch(main)
