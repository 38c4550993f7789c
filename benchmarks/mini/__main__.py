"""Scores of a model on photographs and clips it was not trained on: `python -m benchmarks.mini --data DIR`.

Everything goes through the public interface. Intervals are 95% bootstrap, drawn by photograph or clip.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

import vlret
from benchmarks.mini.sets import Captioned, captioned_clips, captioned_photos, labelled, presence
from vlret.evaluation.metrics import ranks
from vlret.evaluation.statistics import bootstrap_interval
from vlret.models.base import Embedder
from vlret.tasks.label import classify

RECALLS = (1, 5, 10)


def main(
    data: Annotated[Path, typer.Option(help="Folder with photos/ and videos/.")] = Path("../shared/data"),
    model: Annotated[str, typer.Option(help="Name or folder of the model.")] = "vljepa-mini",
    dtype: Annotated[str, typer.Option(help="float32 or bfloat16.")] = "float32",
    out: Annotated[Path | None, typer.Option(help="JSON file to write.")] = None,
) -> None:
    """Score MODEL on the test splits of the captioned and labelled sets in DATA."""
    embedder = vlret.load_model(model, dtype=dtype)
    rows = [
        row for name in ("flickr8k", "web_pairs") for row in retrieval(embedder, captioned_photos(data, name))
    ]
    rows += retrieval(embedder, captioned_clips(data))
    rows += [labels(embedder, data, name) for name in ("caltech101", "imagenet_sample")]
    rows += [questions(embedder, data)]
    print(table(rows))
    if out:
        result = {"schema": 1, "model": embedder.card.to_dict(), "dtype": dtype, "rows": rows}
        out.write_text(json.dumps(result, indent=1) + "\n")


def retrieval(embedder: Embedder, data: Captioned) -> list[dict[str, Any]]:
    """R@k from text to clip and from clip to text (the best of a clip's captions counts)."""
    clips = embedder.embed_clips(data.clips)
    texts = embedder.embed_texts(data.captions)
    owner = np.array(data.owner)
    relevant = owner[:, None] == np.arange(len(clips))
    forth, back = ranks(texts, clips, relevant), ranks(clips, texts, relevant.T)
    return [
        _row(f"{data.name}, text to clip", {f"R@{k}": forth.hit_at(k) for k in RECALLS}, owner, len(clips)),
        _row(f"{data.name}, clip to text", {f"R@{k}": back.hit_at(k) for k in RECALLS}, None, len(clips)),
    ]


def labels(embedder: Embedder, data: Path, name: str) -> dict[str, Any]:
    """Zero-shot top-1 over all classes of the set."""
    clips, truth = labelled(data, name)
    classes = sorted(set(truth))
    found = classify(clips, classes, model=embedder)
    right = np.array([label.label == true for label, true in zip(found, truth, strict=True)], dtype=float)
    return _row(f"{name}, {len(classes)} classes", {"top-1": right}, None, len(classes))


def questions(embedder: Embedder, data: Path) -> dict[str, Any]:
    """Accuracy of yes / no on things that test captions name or do not name; as many of each a thing."""
    photos, asked = presence(data)
    tokens = embedder.encode_clips(photos)
    answers = embedder.embed_texts(["yes", "no"])
    right = np.zeros(len(asked))
    for question in sorted({q.question for q in asked}):
        chosen = [n for n, q in enumerate(asked) if q.question == question]
        seen = embedder.predict([tokens[asked[n].item] for n in chosen], question) @ answers.T
        right[chosen] = [
            (asked[n].answer == "yes") == (yes >= no) for n, (yes, no) in zip(chosen, seen, strict=True)
        ]
    return _row("flickr8k, is it there?", {"accuracy": right}, None, 2)


def _row(name: str, values: dict[str, Any], groups: Any, pool: int) -> dict[str, Any]:
    figures = {}
    for metric, per_query in values.items():
        k = int(metric.removeprefix("R@")) if metric.startswith("R@") else 1
        low, high = bootstrap_interval(per_query, groups)
        figures[metric] = {
            "value": 100 * float(per_query.mean()), "low": 100 * low, "high": 100 * high, "chance": 100 * k / pool,
        }  # fmt: skip
    return {"name": name, "queries": len(per_query), "pool": pool, "figures": figures}


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown: value, interval, chance."""
    lines = [
        "| test | queries | pool | figure | value | 95% interval | chance |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        for metric, f in row["figures"].items():
            lines.append(
                f"| {row['name']} | {row['queries']} | {row['pool']} | {metric} | {f['value']:.1f} | "
                f"{f['low']:.1f} to {f['high']:.1f} | {f['chance']:.1f} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
