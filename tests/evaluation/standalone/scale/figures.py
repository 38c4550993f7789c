"""What the steps of a size print, and a result made of it."""

from __future__ import annotations

from typing import Any

from vlret.evaluation.results.json_codec import decode
from vlret.evaluation.standalone.scale.result import ScaleResult

LATENCY = {"p50_s": 0.002, "p99_s": 0.005, "n": 600}
PROCESS = {"seconds": 1.5, "peak_bytes": 300_000_000}
STEPS: dict[str, Any] = {
    "write": {"clips": 1000, "files": 100, "shards": 1},
    "build": None,
    "view": {
        "type": "IVF4000,SQfp16", "nprobe": 8, "audited_recall": 0.99,
        "faiss_bytes": 776.0, "view_bytes": 820.0, "shard_bytes": 715.0,
    },
    "warm": {"faiss": LATENCY, "index": LATENCY, "searcher": LATENCY, "ratio": 1.25, "difference_s": 0.0002},
    "recalls": {"text_recall": 0.981, "clip_recall": 0.997},
    "filtered": [
        {"kind": "path", "selectivity": 0.1, "clips": 100, "search": LATENCY, "more_s": 0.001, "recall": 1.0}
    ],
}  # fmt: skip


def result(*sizes: int) -> ScaleResult:
    """A result with the same figures for each size."""
    one = {
        **STEPS["write"], **STEPS["recalls"], "write": PROCESS, "build": PROCESS, "view": STEPS["view"],
        "cold": LATENCY, "cold_peak_bytes": 300_000_000, "warm": STEPS["warm"], "filters": STEPS["filtered"],
        "after_adding": PROCESS,
    }  # fmt: skip
    machine = {"processor": "a processor", "cores": 2, "instructions": ["avx2"]}
    values = {"created": "", "model": {}, "drawn": {}, "versions": {}, "machine": machine}
    return decode(ScaleResult, {**values, "sizes": [{**one, "clips": clips} for clips in sizes]})
