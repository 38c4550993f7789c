"""Re-ranking with the help of the other test queries, which a user with one query does not have.

Each takes `ScoreBlocks` and the model's temperature, gives `ScoreBlocks`, and goes over the scores once before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from vlret.evaluation.metrics.ranks import Floats, ScoreBlocks, Scores

QB_SCALE = 20.0


def dual_softmax(scores: ScoreBlocks, temperature: float) -> ScoreBlocks:
    """Each score times its share in a softmax over all queries of its item, at the model's temperature."""
    return _reweighted(scores, 1 / temperature)


def pe_reweighting(scores: ScoreBlocks, temperature: float) -> ScoreBlocks:
    """The same at scale 1 of plain cosines, as Perception Encoder's harness does by default."""
    return _reweighted(scores, 1.0)


def qb_norm(scores: ScoreBlocks, temperature: float) -> ScoreBlocks:
    """Inverted softmax with the test queries as the query bank: items that many queries like are held back.

    QB-Norm changes a query only where its best item is the best of some query of the bank. With this bank
    that holds for each query, so that nothing is left to choose.
    """
    totals = _log_totals(scores, QB_SCALE)
    return _changed(scores, lambda block: QB_SCALE * block - totals)


RERANKERS: dict[str, Callable[[ScoreBlocks, float], ScoreBlocks]] = {
    "dual_softmax": dual_softmax,
    "pe_reweighting": pe_reweighting,
    "qb_norm": qb_norm,
}
"""By name. All of them use other test queries, and a result says so."""


def _reweighted(scores: ScoreBlocks, scale: float) -> ScoreBlocks:
    totals = _log_totals(scores, scale)
    return _changed(scores, lambda block: block * np.exp(scale * block - totals))


def _changed(scores: ScoreBlocks, change: Callable[[Floats], Floats]) -> ScoreBlocks:
    def blocks() -> Iterator[Scores]:
        for block in scores():
            with np.errstate(invalid="ignore"):
                # float64: a softmax over many queries has values that float32 would take for ties
                yield np.where(np.isfinite(block), change(block.astype(np.float64)), block)

    return blocks


def _log_totals(scores: ScoreBlocks, scale: float) -> Floats:
    """Logarithm of the sum over queries of exp(scale x score), float64 [n items]."""
    total: Floats | float = -np.inf
    for block in scores():
        total = np.logaddexp(total, np.logaddexp.reduce(scale * block.astype(np.float64), axis=0))
    return np.asarray(total)
