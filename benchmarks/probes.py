"""Bias and ambiguity of a model: `python -m benchmarks.probes --data DIR`.

What the figures mean: docs/benchmark-results.md. Intervals are 95% bootstrap, drawn by label or photograph.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

import vlret
from benchmarks.console import launch
from benchmarks.mini.sets import labelled, photographs
from vlret.datasets.tar_set import read_items
from vlret.evaluation.standalone.probes import (
    Estimate,
    Swapped,
    by_bin,
    concept_counts,
    correlation,
    gender_pairs,
    label_hits,
    nearest_other,
    swap_probe,
)
from vlret.models.base import Embedder
from vlret.tasks.label import label_embeddings
from vlret.types import Pixels

LABELLED, PEOPLE = "caltech101", "flickr8k"
FREQUENCIES = (0, 1, 10, 100, np.inf)
N_AMBIGUITIES = 4


def main(
    data: Annotated[Path, typer.Option(help="Folder with photos/.")] = Path("../shared/data"),
    model: Annotated[str, typer.Option(help="Name or folder of the model.")] = "vljepa-mini",
    dtype: Annotated[str, typer.Option(help="float32 or bfloat16.")] = "float32",
    out: Annotated[Path | None, typer.Option(help="JSON file to write.")] = None,
) -> None:
    """Probe MODEL with the labelled photographs and the captions of people in DATA."""
    items = read_items(data / "photos" / PEOPLE, split="test")
    photos, (labelled_photos, truth) = photographs(items), labelled(data, LABELLED)
    embedder = vlret.load_model(model, dtype=dtype)
    embedder.check_clips()
    labels = label_probe(embedder, labelled_photos, truth, training_captions(data))
    people = person_probe(embedder, photos, [item.captions for item in items])
    print(label_table(labels), "\n", person_table(people), sep="\n")
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        document = {"schema": 1, "model": embedder.card.to_dict(), "labels": labels, "people": asdict(people)}
        out.write_text(json.dumps(document, indent=1) + "\n")


def training_captions(data: Path) -> list[str]:
    """The captions of the train splits of all captioned sets of photographs."""
    files = sorted((data / "photos").glob("*/captions.jsonl"))
    items = [item for file in files for item in read_items(file.parent, split="train")]
    return [caption for item in items for caption in item.captions]


def label_probe(
    embedder: Embedder, photos: Sequence[Pixels], truth: Sequence[str], captions: Sequence[str]
) -> dict[str, Any]:
    """For "frequency" and "ambiguity": the value of each label, bins, and Spearman's correlation."""
    names, number = np.unique(truth, return_inverse=True)
    texts = label_embeddings(embedder, names.tolist())
    hits = label_hits(embedder.embed_clips(photos), texts, number)
    frequency, ambiguity = concept_counts(names.tolist(), captions), nearest_other(texts)
    quantiles = np.quantile(ambiguity, np.linspace(0, 1, N_AMBIGUITIES + 1))
    quantiles[-1] = np.nextafter(quantiles[-1], np.inf)  # the last bin holds the greatest value
    probes: dict[str, tuple[Any, Any]] = {
        "frequency": (frequency, FREQUENCIES),
        "ambiguity": (ambiguity, quantiles),
    }
    return {
        name: {
            "of_label": dict(zip(names.tolist(), values.tolist(), strict=True)),
            "bins": [asdict(found) for found in by_bin(values, edges, hits, number)],
            "spearman": asdict(correlation(values, hits, number)),
        }
        for name, (values, edges) in probes.items()
    }


def person_probe(embedder: Embedder, photos: Sequence[Pixels], captions: Sequence[Sequence[str]]) -> Swapped:
    """`swap_probe` over the captions that name one person; photographs without such a caption are not encoded."""
    pairs = gender_pairs(captions)
    chosen = sorted({pair.photograph for pair in pairs})
    vectors = np.zeros((len(photos), embedder.card.dim), np.float32)
    vectors[chosen] = embedder.embed_clips([photos[n] for n in chosen])
    texts = embedder.embed_texts([pair.caption for pair in pairs])
    return swap_probe(vectors, pairs, texts, embedder.embed_texts([pair.swapped for pair in pairs]))


def label_table(labels: dict[str, Any]) -> str:
    """The bins as Markdown, each probe followed by its correlation."""
    lines = ["| probe | bin | labels | photographs | top-1 | 95% interval |", "|---|---|---|---|---|---|"]
    for name, probe in labels.items():
        for found in probe["bins"]:
            accuracy = Estimate(**found["accuracy"])
            span = f"{found['low']:.3g} to {found['high']:.3g}"
            lines.append(f"| {name} | {span} | {found['n_labels']} | {accuracy.n} | {_per_cent(accuracy)} |")
        rho = Estimate(**probe["spearman"])
        lines.append(f"| {name} | Spearman | {rho.n} | | {_plain(rho)} |")
    return "\n".join(lines)


def person_table(people: Swapped) -> str:
    """Both directions and their difference as Markdown."""
    lines = [
        "| true -> swapped | captions | true caption nearer | 95% interval | shift of the cosine | 95% interval |",
        "|---|---|---|---|---|---|",
    ]
    names = {"male": "male -> female", "female": "female -> male", "bias": "bias (first - second)"}
    for key, name in names.items():
        right, shift = people.right[key], people.shift[key]
        lines.append(f"| {name} | {right.n} | {_per_cent(right)} | {_plain(shift)} |")
    return "\n".join(lines)


def _per_cent(e: Estimate) -> str:
    return f"{100 * e.value:.1f} | {100 * e.low:.1f} to {100 * e.high:.1f}"


def _plain(e: Estimate) -> str:
    return f"{e.value:.3f} | {e.low:.3f} to {e.high:.3f}"


if __name__ == "__main__":
    launch(main)
