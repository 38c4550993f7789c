"""All benchmark tasks: a new one is a file beside this one and a line here."""

from __future__ import annotations

from typing import Any

from vlret.datasets.base import ClassificationSet, RetrievalSet, StateSet, TextSet, VqaSet
from vlret.evaluation.tasks.base import Task
from vlret.evaluation.tasks.classification import Classification
from vlret.evaluation.tasks.question_answering import QuestionAnswering
from vlret.evaluation.tasks.retrieval import Retrieval
from vlret.evaluation.tasks.state_choice import StateChoices
from vlret.evaluation.tasks.triplets import TextTriplets

TASKS: dict[type[Any], type[Task[Any]]] = {
    RetrievalSet: Retrieval,
    ClassificationSet: Classification,
    VqaSet: QuestionAnswering,
    StateSet: StateChoices,
    TextSet: TextTriplets,
}
"""The task of each kind of dataset."""


def task_of(dataset: object) -> Task[Any]:
    """A dataset with how it is scored."""
    return TASKS[type(dataset)](dataset)


def tasks_using(field: str) -> tuple[str, ...]:
    """The names of the tasks to which a field of `Protocol` makes a difference."""
    return tuple(dict.fromkeys(task.name for task in TASKS.values() if field not in task.unused))
