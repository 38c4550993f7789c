"""Published figures of models made for video, which the VL-JEPA paper does not compare with.

mteb's are of one harness: plain cosine, frames as each model wants them, and the videos that it could get.
"""

from __future__ import annotations

from vlret.datasets.base import Published

_MTEB = "mteb results store of 2026-08-20"
_AUTHORS = "reported by the model's authors"

_FIGURES = """
Qwen3-VL-Embedding-8B  mteb     59.8  75.3  61.3  64.9  71.1
Qwen3-VL-Embedding-2B  mteb     55.6  75.2  55.6  58.1  67.0
PE-AV large            mteb     42.3  62.1  38.9  51.7  75.7
PE-AV base             mteb     38.8  60.2  36.0  51.7  71.8
PE-AV small            mteb     37.9  58.3  34.8  50.2  72.5
X-CLIP large           mteb     26.8  41.1  20.0  14.7  83.2
VideoPrism-LvT-B       authors  50.1  -     -     48.8  69.2
VideoPrism-LvT-L       authors  50.1  -     -     51.3  72.4
"""
_COLUMNS = ("msrvtt", "msvd", "didemo", "activitynet", "kinetics400")
_POOLS = {"msrvtt": 879, "msvd": 660, "didemo": 999, "activitynet": 4884}
"""Videos of mteb's retrieval tasks."""
_TRAINED_ON = {
    "X-CLIP": ("WIT-400M", "YFCC100M", "Kinetics-400"),
    "VideoPrism": ("WebLI", "InternVid", "VideoCC", "WTS-70M", "YT-Temporal-180M"),
}
"""As `vlret.models.hf.trained_on` has it, by the beginning of a model's name."""


def video_models(column: str) -> tuple[Published, ...]:
    """Their figures of a column of `published`, in per cent; retrieval is text to video, R@1."""
    if column not in _COLUMNS:
        return ()
    rows = (line.rsplit(maxsplit=1 + len(_COLUMNS)) for line in _FIGURES.strip().split("\n"))
    found = ((model, by, values[_COLUMNS.index(column)]) for model, by, *values in rows)
    return tuple(_figure(column, model, by, value) for model, by, value in found if value != "-")


def _figure(column: str, model: str, by: str, value: str) -> Published:
    is_mteb = by == "mteb"
    sets = next((sets for name, sets in _TRAINED_ON.items() if model.startswith(name)), ())
    pool = _POOLS.get(column) if is_mteb else None
    note = f"of another pool: {pool:,} videos" if pool else ""
    metric = "top-1" if column == "kinetics400" else "R@1"
    return Published(model, metric, float(value), _MTEB if is_mteb else _AUTHORS, sets, note)
