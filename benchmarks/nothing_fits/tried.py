"""What else was tried as features of the probability that an index holds an answer: measured on dev."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.nothing_fits.fit import Scored
from benchmarks.nothing_fits.report import auc, rejected
from vlret.tasks.calibration import Floats
from vlret.types import Vectors

FOLDS = 5

CHOICES = {
    "cosine": ("cosine",),
    "cosine, log n": ("cosine", "log n"),
    "z-score, log n": ("z-score", "log n"),
    "cosine, mean and deviation of the null, log n": ("cosine", "null mean", "null deviation", "log n"),
    "cosine, null's share above it, log n": ("cosine", "null above", "log n"),
    **{f"cosine, nearest {k} of the null, log n": ("cosine", f"null {k}", "log n") for k in (1, 5, 20, 100)},
    "cosine, nearest 5 of the null": ("cosine", "null 5"),
    "chosen: cosine, nearest 5, log n, deviation of the null, cosine x deviation": (
        "cosine", "null 5", "log n", "null deviation", "cosine x deviation",
    ),
    **{
        f"cosine, nearest 5 of the null, clip's bias ({name}), log n": ("cosine", "null 5", f"bias {name}", "log n")
        for name in ("mean", "8 nearest", "128 nearest")
    },
    "ranked by cosine - bias (mean), nearest 5 of the null, log n": ("unbiased", "null 5 unbiased", "log n"),
    "cosine, nearest 5 of the null, margin to the second, log n": ("cosine", "null 5", "margin", "log n"),
    "cosine, nearest 5 of the null, index's mean, log n": ("cosine", "null 5", "index mean", "log n"),
    "cosine, nearest 5 of the null, nearest 8 of the bank to the query, log n": (
        "cosine", "null 5", "query 8 nearest", "log n",
    ),
}  # fmt: skip


def tried(scored: Sequence[Scored], pools: dict[str, Vectors], null: Vectors, bank: Vectors) -> str:
    """One row for each choice of features, by cross-validation over queries.

    Args:
        bank: embeddings of unrelated sentences, float32 [m, dim]; a clip's bias is its similarity to them.
    """
    columns = _columns(scored, pools, null, bank)
    is_present = np.array([one.is_present for one in scored])
    kinds = np.array([one.trial.group[1] for one in scored])
    parts = {"all": np.ones(len(scored), bool), **{kind: kinds == kind for kind in np.unique(kinds)}}
    texts = np.unique([one.trial.query.text for one in scored], return_inverse=True)[1]
    lines = [f"features | {' | '.join(f'{part}: AUC | rejected at 95% kept' for part in parts)}"]
    every = [name for name in columns if name not in ("margin", "index mean")]
    for name, features in {**CHOICES, "all of them, boosted trees": tuple(every)}.items():
        values = np.column_stack([columns[feature] for feature in features])
        given = _predicted(values, is_present, texts, "trees" in name)
        cells = [_cell(given[part], is_present[part]) for part in parts.values()]
        lines.append(f"{name} | {' | '.join(cells)}")
    return "\n".join(lines)


def _predicted(values: Floats, truth: NDArray[np.bool_], groups: NDArray[np.int64], trees: bool) -> Floats:
    model = (
        HistGradientBoostingClassifier(max_iter=80, max_depth=3, min_samples_leaf=40, random_state=0)
        if trees
        else make_pipeline(StandardScaler(), LogisticRegression(C=1e3))
    )
    folds = GroupKFold(FOLDS)
    given: Floats = cross_val_predict(model, values, truth, groups=groups, cv=folds, method="predict_proba")
    return given[:, 1]


def _cell(given: Floats, truth: NDArray[np.bool_]) -> str:
    return f"{auc(given[truth], given[~truth]):.3f} | {100 * rejected(given[truth], given[~truth]):.0f}%"


def _columns(
    scored: Sequence[Scored], pools: dict[str, Vectors], null: Vectors, bank: Vectors
) -> dict[str, Floats]:
    """The features of each trial's nearest clip, float64 [trials] each."""
    biases = {name: _biases(pool, bank) for name, pool in pools.items()}
    null_bias = _biases(null, bank)["mean"]
    rows = [_row(one, pools, biases, null, null_bias, bank) for one in scored]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _row(
    one: Scored,
    pools: dict[str, Vectors],
    biases: dict[str, dict[str, Floats]],
    null: Vectors,
    null_bias: Floats,
    bank: Vectors,
) -> dict[str, float]:
    pool, bias = pools[one.trial.group[0]], biases[one.trial.group[0]]
    cosines, unrelated = one.features[:, 0], np.sort(null @ one.vector)[::-1]
    index = pool[one.trial.rows] @ one.vector
    return {
        "cosine": cosines[0],
        "log n": one.features[0, 2],
        "null mean": unrelated.mean(),
        "null deviation": unrelated.std(),
        "cosine x deviation": cosines[0] * unrelated.std(),
        "z-score": (cosines[0] - unrelated.mean()) / unrelated.std(),
        "null above": np.log((unrelated >= cosines[0]).sum() + 0.5),
        **{f"null {k}": unrelated[:k].mean() for k in (1, 5, 20, 100)},
        **{f"bias {name}": values[one.rows[0]] for name, values in bias.items()},
        "unbiased": (index - bias["mean"][one.trial.rows]).max(),
        "null 5 unbiased": np.sort(null @ one.vector - null_bias)[-5:].mean(),
        "margin": cosines[0] - cosines[1],
        "index mean": index.mean(),
        "query 8 nearest": np.sort(bank @ one.vector)[-8:].mean(),
    }


def _biases(clips: Vectors, bank: Vectors) -> dict[str, Floats]:
    similar = np.sort(clips @ bank.T, axis=1)[:, ::-1]
    return {
        "mean": similar.mean(1), "8 nearest": similar[:, :8].mean(1), "128 nearest": similar[:, :128].mean(1),
    }  # fmt: skip
