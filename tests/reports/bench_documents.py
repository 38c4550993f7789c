"""Results of a model that sees well and of one that takes red for blue, on painted media; one for each task."""

from __future__ import annotations

from dataclasses import replace

from tests.conftest import ColourEmbedder
from tests.evaluation.sets import card, classification_set, media, paint, retrieval_set, text_set, vqa_set
from vlret.datasets.base import Published, StateChoice, StateSet
from vlret.evaluation.protocol.protocol import protocol_for
from vlret.evaluation.results.result import BenchResult
from vlret.evaluation.runner import run

from_json = BenchResult.from_json
PUBLISHED = (
    Published("VL-JEPA BASE", "R@1", 40.0, "arXiv 2512.10942v2, table 1"),
    Published("VL-JEPA BASE", "R@1", 37.6, "arXiv 2512.10942v1, table 1"),
)


HOWTO = ("Action100M", "HowTo100M")
CONTAMINATED = (
    Published("VL-JEPA BASE", "R@1", 40.4, "a paper", HOWTO),
    Published("VL-JEPA SFT", "R@1", 37.8, "a paper", HOWTO, "not zero-shot"),
    Published("CLIP ViT-B", "R@1", 6.1, "a paper", ("WIT-400M",)),
)


class Swaps(ColourEmbedder):
    """Takes red for blue; its name holds what HTML, LaTeX and Markdown read as their own."""

    def __init__(self) -> None:
        super().__init__("swaps_<b>|$x$&")
        self.card = replace(self.card, weights_hash="1" * 64, trained_on=("Painted",))

    def predict(self, tokens, query=None):
        return super().predict(tokens)[:, [2, 1, 0, 3]]


def contaminated_document(folder) -> BenchResult:
    """Retrieval over a set that shares videos with HowTo100M."""
    made = retrieval_set(published=CONTAMINATED, overlaps={"HowTo100M": "these videos"})
    return run(
        made,
        paint(folder / "data"),
        [ColourEmbedder(), Swaps()],
        protocol_for(made.card),
        cache=folder / "cache",
    )


def documents(folder) -> dict[str, BenchResult]:
    """By task; "states" are questions of two states."""
    states = StateSet(card("vqa"), media("red", "green"), [StateChoice(0, 0, (1, 0), 1)])
    sets = {
        "retrieval": retrieval_set(published=PUBLISHED), "classification": classification_set(),
        "vqa": vqa_set(), "text": text_set(), "states": states,
    }  # fmt: skip
    data = paint(folder / "data")
    return {
        name: run(made, data, [ColourEmbedder(), Swaps()], protocol_for(made.card), cache=folder / "cache")
        for name, made in sets.items()
    }
