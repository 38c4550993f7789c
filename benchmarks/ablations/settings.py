"""What is ablated: settings that differ from `BASE` in one field, in the groups of the paper's table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Setting:
    """One way to train and to build the model.

    Attributes:
        pretrained: captions alone are learned first.
        y_rate: the Y-encoder's rate, as a factor of the predictor's; 0 freezes it under its linear head.
        head: whether the Y-encoder has a linear head that learns; without one its embedding is the target.
        loss: a name of `vlret.training.losses.registry`.
        depth: the predictor's blocks.
        causal: whether a token of the predictor sees only those before it.
        query: whether the predictor reads the question.
    """

    pretrained: bool = False
    y_rate: float = 0.05
    head: bool = True
    loss: str = "info_nce"
    depth: int = 2
    causal: bool = False
    query: bool = True


Paper = tuple[float, float, float] | None
"""Classification, retrieval and question answering of the paper's row, None where it has none."""

BASE = Setting()
_FROZEN = replace(BASE, y_rate=0, head=False)
_BASE_PAPER: Paper = (27.3, 30.2, 42.5)

GROUPS: Mapping[str, Mapping[str, tuple[Setting, Paper]]] = {
    "pretraining": {
        "none": (BASE, _BASE_PAPER),
        "captions first": (replace(BASE, pretrained=True), (49.0, 47.5, 46.1)),
    },
    "y_rate": {
        "x 0.05": (BASE, _BASE_PAPER),
        "x 1": (replace(BASE, y_rate=1), (23.7, 28.8, 40.7)),
        "x 0.1": (replace(BASE, y_rate=0.1), (26.9, 30.2, 42.9)),
        "x 0.01": (replace(BASE, y_rate=0.01), (25.6, 27.7, 41.0)),
        "frozen": (replace(BASE, y_rate=0), (20.0, 25.9, 41.4)),
    },
    "loss": {
        "InfoNCE": (_FROZEN, (23.3, 30.3, 44.3)),
        "cosine": (replace(_FROZEN, loss="cosine"), (16.5, 20.2, 46.6)),
        "L1": (replace(_FROZEN, loss="l1"), (14.8, 15.5, 41.9)),
        "L2": (replace(_FROZEN, loss="l2"), (13.5, 11.7, 43.7)),
        "sigmoid": (replace(_FROZEN, loss="sigmoid"), None),
        "VICReg": (replace(_FROZEN, loss="vicreg"), None),
    },
    "causal": {
        "bidirectional": (BASE, _BASE_PAPER),
        "causal mask kept": (replace(BASE, causal=True), (26.7, 31.2, 40.6)),
    },
    "depth": {
        "2 blocks": (BASE, None),
        "none": (replace(BASE, depth=0), None),
        "1 block": (replace(BASE, depth=1), None),
        "4 blocks": (replace(BASE, depth=4), None),
    },
    "query": {
        "question read": (BASE, None),
        "question not read": (replace(BASE, query=False), None),
    },
}
"""By group and name; the first setting of a group is what the others of it are compared with."""
