"""`named_loss`: the losses by name."""

from __future__ import annotations

from vlret.errors import UsageError
from vlret.training.losses.base import Loss
from vlret.training.losses.distances import L1, L2, Cosine
from vlret.training.losses.info_nce import InfoNCE
from vlret.training.losses.sigmoid import Sigmoid
from vlret.training.losses.sigreg import SIGReg
from vlret.training.losses.vicreg import VICReg

LOSSES: dict[str, type[Loss]] = {
    "info_nce": InfoNCE,
    "sigmoid": Sigmoid,
    "cosine": Cosine,
    "l1": L1,
    "l2": L2,
    "vicreg": VICReg,
    "sigreg": SIGReg,
}


def named_loss(name: str) -> Loss:
    """Return a new loss of this name.

    Raises:
        UsageError: there is none.
    """
    if name not in LOSSES:
        raise UsageError(
            f"There is no loss named {name}.",
            f"Choose one of {', '.join(LOSSES)}.",
            code="unknown_loss",
            given=name,
            allowed=list(LOSSES),
        )
    return LOSSES[name]()
