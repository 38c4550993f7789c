"""The figures of the raw cosine and of a calibration, with 95% bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.nothing_fits.fit import KEPT, Scored
from vlret.tasks.calibration import Calibration, Floats, probability

DRAWS = 200
BINS = np.linspace(0, 1, 11)

Statistic = Callable[[Floats, Floats], float]


def table(scored: Sequence[Scored], calibration: Calibration) -> str:
    """For each group: AUC and the share of absent queries rejected, by cosine and by probability."""
    lines = ["index | queries | n | AUC cosine | AUC probability | rejected at 95% kept, cosine | by probability | "
             "kept at the threshold | rejected at it"]  # fmt: skip
    for name, group in groups(scored).items():
        lines.append(" | ".join([name, *_row(group, calibration)]))
    return "\n".join(lines)


def groups(scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    """The trials by pool, kind and size, and then all of one kind or size."""
    found: dict[str, list[Scored]] = {}
    for one in scored:
        pool, kind, size = one.trial.group
        found.setdefault(f"{pool} | {kind} | {size}", []).append(one)
    for size in sorted({one.trial.group[2] for one in scored}):
        found[f"all | all | {size}"] = [one for one in scored if one.trial.group[2] == size]
    for kind in sorted({one.trial.group[1] for one in scored}):
        found[f"all | {kind} | all"] = [one for one in scored if one.trial.group[1] == kind]
    return {**found, "all | all | all": list(scored)}


def auc(present: Floats, absent: Floats) -> float:
    """The probability that a query with an answer scores higher than one without."""
    truth = np.repeat([1, 0], [len(present), len(absent)])
    return float(roc_auc_score(truth, np.concatenate([present, absent])))


def rejected(present: Floats, absent: Floats) -> float:
    """The share of `absent` below the threshold that keeps `KEPT` of `present`."""
    return float((absent < np.quantile(present, 1 - KEPT)).mean())


def _row(group: Sequence[Scored], calibration: Calibration) -> list[str]:
    best = np.stack([one.features[0] for one in group])
    is_present = np.array([one.is_present for one in group])
    cosine, answer = best[:, 0], probability(calibration.answer, best)
    split = [(each[is_present], each[~is_present]) for each in (cosine, answer)]
    shares = [(part >= calibration.least).mean() for part in split[1]]
    return [
        *(interval(statistic, *each) for statistic in (auc, rejected) for each in split),
        f"{100 * shares[0]:.0f}%", f"{100 - 100 * shares[1]:.0f}%",
    ]  # fmt: skip


def interval(statistic: Statistic, present: Floats, absent: Floats) -> str:
    """A statistic in per cent with its bootstrap interval; queries are drawn."""
    rng = np.random.default_rng(0)
    drawn = [
        statistic(rng.choice(present, len(present)), rng.choice(absent, len(absent))) for _ in range(DRAWS)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{100 * statistic(present, absent):.0f} ({100 * low:.0f} to {100 * high:.0f})"


def reliability(scored: Sequence[Scored], calibration: Calibration) -> str:
    """How many hits are right, by the probability that was given: of the best hits, and of the first ten."""
    lines = ["probability | best hits | right | first ten hits | right"]
    parts = [([one.features[:n] for one in scored], [one.right[:n] for one in scored]) for n in (1, None)]
    rows = [(probability(calibration.hit, np.concatenate(x)), np.concatenate(y)) for x, y in parts]
    for low, high in pairwise(BINS):
        cells = [_share(right[(low <= given) & (given < high)]) for given, right in rows]
        lines.append(f"{100 * low:.0f} to {100 * high:.0f}% | {' | '.join(cells)}")
    return "\n".join(lines)


def _share(right: np.ndarray) -> str:
    return f"{len(right):,} | {100 * right.mean():.0f}%" if len(right) else "0 | "
