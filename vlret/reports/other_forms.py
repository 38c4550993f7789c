"""A result in the forms of other benchmark programs: CLIP_benchmark's JSON and mteb's task results.

Both give shares from 0 to 1 and have no intervals; they get plain cosine of whole texts only. The dataset has
our name, which is no task of theirs: protocols differ. Our own keys, `missing` (how many items) and
`trimmed` (which annotation files), mark partial copies; both programs keep keys that they do not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from vlret.evaluation.metrics.figures import Figure
from vlret.evaluation.results.export import lacking
from vlret.evaluation.results.result import BenchResult, ModelResult
from vlret.evaluation.results.section import ResultSection

_MTEB_MAIN = {
    "retrieval": "ndcg_at_10", "classification": "accuracy", "vqa": "accuracy", "text": "accuracy",
}  # fmt: skip
_CLIP_TASKS = {"retrieval": "zeroshot_retrieval", "classification": "zeroshot_classification"}


def clip_benchmark(result: BenchResult) -> dict[str, dict[str, Any]]:
    """By model name; none for questions and texts. Keys: dataset, model, pretrained, task, metrics, language, ours.

    `image_retrieval_recall@k` and `text_retrieval_recall@k` are hits (one right item is enough), as there.
    """
    if result.task not in _CLIP_TASKS:
        return {}
    return {
        model.name: {
            "dataset": result.dataset.name, "model": model.name,
            "pretrained": model.stamp.model.get("revision") or model.stamp.model["weights_hash"],
            "task": _CLIP_TASKS[result.task], "metrics": dict(_clip_metrics(model)), "language": "en",
            **lacking(result),
        }
        for model in result.models
    }  # fmt: skip


def mteb(result: BenchResult) -> dict[tuple[str, str, str], dict[str, Any]]:
    """By (model, revision, task): `TaskResult` of mteb, one for each direction; subset "default", English."""
    made = {}
    for model in result.models:
        about = model.stamp.model
        revision = str(about.get("revision") or about["weights_hash"][:12])
        for section in _plain_sections(model):
            task = result.dataset.name
            task = task if section.name == "all" else f"{task} {section.name}".replace(" ", "-")
            made[model.name, revision, task] = _task_result(result, model, section, task)
    return made


def _task_result(
    result: BenchResult, model: ModelResult, section: ResultSection, task: str
) -> dict[str, Any]:
    scores = dict(_mteb_scores(section))
    entry = {
        "main_score": scores[_MTEB_MAIN[result.task]], **scores, "hf_subset": "default",
        "languages": ["eng-Latn"], **lacking(result),
    }  # fmt: skip
    return {
        "dataset_revision": model.stamp.set["hash"], "task_name": task, "mteb_version": None,
        "scores": {result.dataset.split or "test": [entry]},
        "evaluation_time": None if model.cost is None else model.cost.total_seconds, "kg_co2_emissions": None,
        "date": datetime.fromisoformat(result.created).timestamp(),
    }  # fmt: skip


def _plain_sections(model: ModelResult) -> list[ResultSection]:
    return [section for section in model.sections if section.is_plain and section.per_query]


def _clip_metrics(model: ModelResult) -> Iterator[tuple[str, float]]:
    directions = {"text to video": "image_retrieval_recall", "video to text": "text_retrieval_recall"}
    of_figure = {"top-1": "acc1", "top-5": "acc5", "mean_class_accuracy": "mean_per_class_recall"}
    for section in _plain_sections(model):
        for name, figure in section.figures.items():
            if name.startswith("hit@"):
                yield f"{directions[section.name]}@{name.partition('@')[2]}", _share(figure)
            elif name in of_figure:
                yield of_figure[name], _share(figure)


def _mteb_scores(section: ResultSection) -> Iterator[tuple[str, float]]:
    of_figure = {"nDCG@10": "ndcg_at_10", "top-1": "accuracy", "accuracy": "accuracy", "f1": "f1"}
    several = any(name.startswith("recall@") for name in section.figures)
    for name, figure in section.figures.items():
        word, _, k = name.partition("@")
        if word == "hit":
            yield f"hit_rate_at_{k}", _share(figure)
        if word == ("recall" if several else "hit"):
            yield f"recall_at_{k}", _share(figure)
        if name in of_figure:
            yield of_figure[name], _share(figure)


def _share(figure: Figure) -> float:
    return round(figure.value / 100, 6)
