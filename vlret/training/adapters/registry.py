"""The adapters of X-encoder families: adding one means one file and one entry here."""

from __future__ import annotations

from vlret.errors import UsageError
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.training.adapters.base import XEncoderAdapter
from vlret.training.adapters.efficientnet import EfficientNetAdapter

ADAPTERS: tuple[XEncoderAdapter, ...] = (EfficientNetAdapter(),)


def adapter_for(config: VLJEPAConfig) -> XEncoderAdapter:
    """Return the adapter of a model's X-encoder.

    Raises:
        UsageError: no adapter supports it.
    """
    for adapter in ADAPTERS:
        if adapter.supports(config.x_config):
            return adapter
    kind = config.x_config.model_type
    raise UsageError(
        f"The X-encoder {kind} cannot be trained or cached yet.",
        "Use an EfficientNet of timm, or add an adapter to vlret/training/adapters/.",
        code="no_adapter",
        given=kind,
    )
