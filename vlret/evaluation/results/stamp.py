"""The stamp of a result: protocol, dataset, model, packages and machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import vlret
from vlret.evaluation.embeddings.encoding_version import ENCODING_VERSION
from vlret.evaluation.embeddings.source import MediaItem
from vlret.evaluation.protocol.protocol import Protocol
from vlret.evaluation.results.json_codec import encode
from vlret.evaluation.results.scored import ScoredSet, lines_hash

_PACKAGES = (
    "numpy", "scipy", "torch", "torchvision", "av", "decord", "pillow", "open-clip-torch", "transformers",
    "tokenizers", "ftfy", "regex", "timm", "sentence-transformers", "safetensors", "faiss-cpu",
    "openvino",
)  # fmt: skip
_INSTRUCTIONS = (
    "avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "sve", "i8mm", "bf16",
)  # fmt: skip
"""Instruction sets that decide how fast vectors and models are computed, as Linux names them."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A protocol as recorded with one model's result; plain JSON values.

    Attributes:
        protocol: the fields of `Protocol`; None for those that the task does not use.
        set: `hash` over ids and texts of what was scored, `media_hash` over ids and contents of its media
            (None for precomputed embeddings), counts of `media` and `texts`, and the ids that were `missing`
            or `undecodable`.
        model: the card, and the `dtype`, `device`, `engine`, `frame_pooling`, `query` and `prompts` it ran with.
        versions: of vlret, Python and the packages that affect numbers; `encoding_version` is `ENCODING_VERSION`.
        machine: system, processor with its instruction sets, cores and accelerator.
    """

    protocol: Mapping[str, Any]
    set: Mapping[str, Any]
    model: Mapping[str, Any]
    versions: Mapping[str, str]
    machine: Mapping[str, Any]


def stamp(
    protocol: Protocol,
    scored: ScoredSet,
    model: Mapping[str, Any],
    missing: Sequence[str],
    undecodable: Sequence[str],
    embedded: Sequence[MediaItem] = (),
) -> Stamp:
    """The stamp of one model over a dataset as it was scored; `embedded` are the media that the model read."""
    made = {
        "hash": scored.hash, "media_hash": media_hash(embedded) if embedded else None,
        **scored.counts, "missing": sorted(missing), "undecodable": sorted(undecodable),
    }  # fmt: skip
    applied = {name: None if name in scored.unused else value for name, value in asdict(protocol).items()}
    return Stamp(encode(applied), encode(made), encode(model), versions(), machine())


def media_hash(items: Iterable[MediaItem]) -> str:
    """SHA-256 (hex) over ids and content keys of media in their order."""
    return lines_hash((item.id, item.key) for item in items)


def versions() -> dict[str, str]:
    """Of vlret, its encoding, Python and the installed packages that affect numbers."""
    found = {
        "vlret": vlret.__version__, "encoding_version": str(ENCODING_VERSION), "python": platform.python_version(),
    }  # fmt: skip
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """System, processor and what it has of `_INSTRUCTIONS`, number of cores and accelerator ("" for none)."""
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    return {
        "system": platform.platform(terse=True), "processor": _processor(), "instructions": _instructions(),
        "cores": os.cpu_count(), "accelerator": gpu,
    }  # fmt: skip


def _processor() -> str:
    """The processor's name: of Linux from /proc, else as Python knows it."""
    return _cpu_line("model name") or platform.processor() or platform.machine()


def _instructions() -> list[str]:
    """The instruction sets of a processor under Linux, the others' are not known."""
    found = (_cpu_line("flags") or _cpu_line("Features")).split()
    return [name for name in _INSTRUCTIONS if name in found]


def _cpu_line(name: str) -> str:
    """The first line of this name in Linux's list of processors, "" where there is none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    values = (line.partition(":")[2].strip() for line in lines if line.startswith(name))
    return next(values, "")
