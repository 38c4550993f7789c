"""The decoders by name. To add one, write its class in a file of its own and add it here."""

from __future__ import annotations

from vlret.errors import UsageError
from vlret.media.decoders.base import Decoder
from vlret.media.decoders.decord import DecordDecoder
from vlret.media.decoders.pyav import PyAVDecoder

AUTO = "auto"
_DEFAULT: Decoder = PyAVDecoder()
_ALL: tuple[Decoder, ...] = (_DEFAULT, DecordDecoder())
DECODERS = {decoder.name: decoder for decoder in _ALL}


def find_decoder(name: str) -> Decoder:
    """Return the decoder of that name; "auto" is PyAV.

    Raises:
        UsageError: there is no such decoder.
    """
    if name == AUTO:
        return _DEFAULT
    if name not in DECODERS:
        allowed = (AUTO, *DECODERS)
        raise UsageError(
            f"Unknown decoder {name!r}.",
            f"Known: {', '.join(allowed)}.",
            code="unknown_decoder",
            given=name,
            allowed=allowed,
        )
    return DECODERS[name]
