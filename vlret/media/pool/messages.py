"""The messages between a decoding child and its parent: a line of JSON, then raw pixels if there are any."""

from __future__ import annotations

import json
from io import BufferedReader
from math import prod
from typing import IO, Any

import numpy as np

from vlret.errors import MissingExtraError
from vlret.types import Pixels

Message = tuple[dict[str, Any], Pixels | None]


def write_message(file: IO[bytes], header: dict[str, Any], pixels: Pixels | None = None) -> None:
    """Write a line of JSON; then, if `pixels` are given, their bytes (their shape goes into the header)."""
    if pixels is not None:
        header = {**header, "shape": pixels.shape}
    file.write(json.dumps(header).encode() + b"\n")
    if pixels is not None:
        file.write(np.ascontiguousarray(pixels).reshape(-1).data)
    file.flush()


def read_message(file: BufferedReader) -> Message:
    """Read what `write_message` wrote. Raises EOFError if the other side is gone."""
    line = file.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    header = json.loads(line)
    if "shape" not in header:
        return header, None
    pixels = np.empty(header["shape"], np.uint8)
    if file.readinto(pixels.reshape(-1).data) != prod(header["shape"]):
        raise EOFError
    return header, pixels


def missing_extra_message(error: MissingExtraError) -> dict[str, Any]:
    """Return the header that reports a package that is not installed."""
    return {
        "kind": "missing",
        "message": error.message,
        "hint": error.hint,
        "package": error.fields["package"],
    }


def missing_extra(header: dict[str, Any]) -> MissingExtraError:
    """Return the error that `missing_extra_message` reports."""
    package = header["package"]
    return MissingExtraError(header["message"], header["hint"], code="missing_package", package=package)
