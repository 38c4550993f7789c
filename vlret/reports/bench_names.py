"""How models, sections and figures of a result are called in tables, pages and plots."""

from __future__ import annotations

from vlret.evaluation.results.contents import ReportedFigure
from vlret.evaluation.results.result import BenchResult, ModelResult
from vlret.evaluation.results.section import ResultSection

SHOWN = {
    "retrieval": ("hit@1", "hit@5", "hit@10", "hit@50", "median_rank", "mAP", "nDCG@10"),
    "classification": ("top-1", "top-5", "mean_class_accuracy", "class_mean_recall@5"),
    "vqa": ("accuracy", "macro_accuracy", "paired", "yes_rate", "precision", "recall", "f1"),
    "text": ("accuracy", "macro_accuracy"),
}
SHORT = {"hit@1": "R@1", "hit@5": "R@5", "hit@10": "R@10", "hit@50": "R@50"}


def shown_figures(result: BenchResult) -> list[str]:
    """The figures of the result that a table shows, in the order of its columns."""
    there = {name for model in result.models for section in model.sections for name in section.figures}
    return [name for name in SHOWN[result.task] if name in there]


def marked(model: ModelResult) -> str:
    """The name of a model, with a mark where its training data overlap with the dataset."""
    return f"{model.name} *" if model.contaminated_by else model.name


def marked_reported(row: ReportedFigure) -> str:
    """The model of a published figure, with a mark where it is not zero-shot or its training data overlap."""
    return f"{row.model} *" if row.contaminated_by or row.note else row.model


def section_name(section: ResultSection) -> str:
    """The name of a section, with its re-ranking and the mark of what uses other test queries."""
    return f"{section.name}, {section.rerank} +" if section.uses_test_queries else section.name
