"""What a run says of itself: the set it scored, the model, the packages and the machine."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import vlret
from vlret.datasets.base import BenchmarkSet, ClassificationSet, Media, RetrievalSet, TextSet
from vlret.evaluation.embeddings.encoding_version import ENCODING_VERSION
from vlret.evaluation.embeddings.source import MediaItem
from vlret.evaluation.results.json_codec import encode
from vlret.evaluation.results.protocol import Protocol, Stamp, used_fields

_PACKAGES = (
    "numpy", "scipy", "torch", "torchvision", "av", "decord", "pillow", "open-clip-torch", "transformers",
    "tokenizers", "ftfy", "regex", "timm", "sentence-transformers", "safetensors", "faiss-cpu",
)  # fmt: skip


def set_hash(benchmark_set: BenchmarkSet) -> str:
    """SHA-256 (hex) over ids, spans and texts in their order: the split as it is scored."""
    parts: Iterable[Any]
    if isinstance(benchmark_set, TextSet):
        parts = map(asdict, benchmark_set.triples)
    elif isinstance(benchmark_set, RetrievalSet):
        parts = [*_spans(benchmark_set.media), *zip(benchmark_set.texts, benchmark_set.owner, strict=True)]
    elif isinstance(benchmark_set, ClassificationSet):
        parts = [*_spans(benchmark_set.media), *benchmark_set.classes, *benchmark_set.labels]
    else:
        questions = [asdict(question) for question in benchmark_set.questions]
        parts = [*_spans(benchmark_set.media), *questions, getattr(benchmark_set, "candidates", ())]
    return _sha256(parts)


def media_hash(pieces: Iterable[MediaItem]) -> str:
    """SHA-256 (hex) over ids and content keys of media in their order."""
    return _sha256((piece.id, piece.key) for piece in pieces)


def stamp(
    protocol: Protocol,
    benchmark_set: BenchmarkSet,
    model: dict[str, Any],
    missing: Sequence[str],
    undecodable: Sequence[str],
    pieces: Sequence[MediaItem] = (),
) -> Stamp:
    """The stamp of one model over the set as it was scored; `pieces` are the media that it looked at."""
    scored = {
        "hash": set_hash(benchmark_set), "media_hash": media_hash(pieces) if pieces else None,
        **counts(benchmark_set), "missing": sorted(missing), "undecodable": sorted(undecodable),
    }  # fmt: skip
    applied = used_fields(protocol, benchmark_set.card.task)
    return Stamp(encode(applied), encode(scored), encode(model), versions(), machine())


def counts(benchmark_set: BenchmarkSet) -> dict[str, int]:
    """How many media, texts, classes, questions or triples a set has."""
    names = ("media", "texts", "classes", "questions", "triples")
    return {name: len(getattr(benchmark_set, name)) for name in names if hasattr(benchmark_set, name)}


def _sha256(parts: Iterable[Any]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(json.dumps(part, ensure_ascii=False).encode(errors="surrogatepass") + b"\n")
    return digest.hexdigest()


def _spans(media: Iterable[Media]) -> list[tuple[str, float, float | None]]:
    return [(medium.id, medium.start, medium.end) for medium in media]


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
    """System, processor, number of cores and accelerator ("" for none)."""
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    return {
        "system": platform.platform(terse=True), "processor": _processor(),
        "cores": os.cpu_count(), "accelerator": gpu,
    }  # fmt: skip


def _processor() -> str:
    """The processor's name: of Linux from /proc, else as Python knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), "") or platform.processor() or platform.machine()
