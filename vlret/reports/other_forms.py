"""A result in the forms of other benchmark programs: CLIP_benchmark's JSON and mteb's task results.

Both give shares from 0 to 1 and know no intervals; only plain cosine of whole texts is given to them. The set is
called by our name, which is no task of theirs: protocols differ. Keys of ours, `missing` (how many media) and
`trimmed` (which annotation files), mark partial copies; both programs keep keys that they do not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from vlret.evaluation.metrics.figures import is_plain
from vlret.evaluation.results.export import lacking

Document = Mapping[str, Any]

_MTEB_MAIN = {
    "retrieval": "ndcg_at_10", "classification": "accuracy", "vqa": "accuracy", "text": "accuracy",
}  # fmt: skip


def clip_benchmark(document: Document) -> dict[str, dict[str, Any]]:
    """By model name; none for questions and texts. Keys: dataset, model, pretrained, task, metrics, language, ours.

    `image_retrieval_recall@k` and `text_retrieval_recall@k` are hits (one right item is enough), as there.
    """
    task = {"retrieval": "zeroshot_retrieval", "classification": "zeroshot_classification"}.get(
        document["task"]
    )
    if task is None:
        return {}
    made = {}
    for model in document["models"]:
        about = model["stamp"]["model"]
        made[model["name"]] = {
            "dataset": document["dataset"]["name"], "model": model["name"],
            "pretrained": about.get("revision") or about["weights_hash"], "task": task,
            "metrics": dict(_clip_metrics(model)), "language": "en", **lacking(document),
        }  # fmt: skip
    return made


def mteb(document: Document) -> dict[tuple[str, str, str], dict[str, Any]]:
    """By (model, revision, task): `TaskResult` of mteb, one for each direction; subset "default", English."""
    made = {}
    for model in document["models"]:
        about = model["stamp"]["model"]
        revision = str(about.get("revision") or about["weights_hash"][:12])
        for part in _plain_parts(model):
            task = document["dataset"]["name"]
            task = task if part["name"] == "all" else f"{task} {part['name']}".replace(" ", "-")
            made[model["name"], revision, task] = _task_result(document, model, part, task)
    return made


def _task_result(document: Document, model: Document, part: Document, task: str) -> dict[str, Any]:
    scores = dict(_mteb_scores(part))
    entry = {
        "main_score": scores[_MTEB_MAIN[document["task"]]], **scores, "hf_subset": "default",
        "languages": ["eng-Latn"], **lacking(document),
    }  # fmt: skip
    return {
        "dataset_revision": model["stamp"]["set"]["hash"], "task_name": task, "mteb_version": None,
        "scores": {document["dataset"]["split"] or "test": [entry]},
        "evaluation_time": _seconds(model["cost"]), "kg_co2_emissions": None,
        "date": datetime.fromisoformat(document["created"]).timestamp(),
    }  # fmt: skip


def _seconds(cost: Document | None) -> float | None:
    """What encoding took, in this run or when it was done; None for vectors made elsewhere."""
    return None if cost is None else cost["seconds"] + cost["cached_seconds"]


def _plain_parts(model: Document) -> list[Document]:
    return [part for part in model["parts"] if is_plain(part) and "per_query" in part]


def _clip_metrics(model: Document) -> Iterator[tuple[str, float]]:
    of_part = {"text to video": "image_retrieval_recall", "video to text": "text_retrieval_recall"}
    of_figure = {"top-1": "acc1", "top-5": "acc5", "mean_class_accuracy": "mean_per_class_recall"}
    for part in _plain_parts(model):
        for name, figure in part["figures"].items():
            if name.startswith("hit@"):
                yield f"{of_part[part['name']]}@{name.partition('@')[2]}", _share(figure)
            elif name in of_figure:
                yield of_figure[name], _share(figure)


def _mteb_scores(part: Document) -> Iterator[tuple[str, float]]:
    of_figure = {"nDCG@10": "ndcg_at_10", "top-1": "accuracy", "accuracy": "accuracy", "f1": "f1"}
    several = any(name.startswith("recall@") for name in part["figures"])
    for name, figure in part["figures"].items():
        word, _, k = name.partition("@")
        if word == "hit":
            yield f"hit_rate_at_{k}", _share(figure)
        if word == ("recall" if several else "hit"):
            yield f"recall_at_{k}", _share(figure)
        if name in of_figure:
            yield of_figure[name], _share(figure)


def _share(figure: Mapping[str, float]) -> float:
    return round(figure["value"] / 100, 6)
