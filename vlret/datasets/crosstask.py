"""CrossTask: 18 primary tasks and their steps in instructional videos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import classification, number_parts, video_files
from vlret.datasets.base import ClassificationSet, Media, SetCard
from vlret.datasets.files import find, known, parse_rows, read_cells, read_lines, span_of
from vlret.datasets.published import IN_HOWTO100M, published

_TASKS = "tasks_primary.txt"
_PARTS = "annotations/*.csv"


@dataclass(frozen=True, slots=True)
class _Task:
    id: str
    title: str
    steps: list[str]


def card(target: str = "step", steps: str = "task", videos: str = "all") -> SetCard:
    """Card of the primary tasks: the step of a part (`steps` of each task, 133, or by name, 105), or the task."""
    listed = {"all": "videos.csv", "validation": "videos_val.csv"}[videos]
    files = (listed,) if target == "task" else (_PARTS, *((listed,) if videos != "all" else ()))
    return SetCard(
        name="crosstask", title=f"CrossTask, {target}s", task="classification", split=f"primary tasks, {videos}",
        licence="code and annotations: BSD-3-Clause; videos: YouTube",
        source="https://github.com/DmZhukov/CrossTask (crosstask_release.zip); videos: YouTube",
        annotations=(_TASKS, *files), metric="top-1", prompts=("{}",),
        choices={"target": target, **({"steps": steps} if target == "step" else {}), "videos": videos},
        published=published(f"crosstask_{target}"), overlaps={"CrossTask": "", "HowTo100M": IN_HOWTO100M},
        n_files={_PARTS: 2_750},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> ClassificationSet:
    """Whole videos with their tasks, or annotated parts with their step; related tasks are left out."""
    tasks = _read_tasks(find(folder, _TASKS)[0])
    if card.choices["target"] == "task":
        numbers = {task: number for number, task in enumerate(tasks)}
        videos = _listed(folder, card.annotations[-1])
        rows = [(Media(video, video_files(video)), numbers[task]) for task, video in videos if task in tasks]
        return classification(card, rows, [task.title for task in tasks.values()])
    by_name = card.choices["steps"] == "name"
    steps = [(name if by_name else task.id, name) for task in tasks.values() for name in task.steps]
    classes = list(dict.fromkeys(steps)) if by_name else steps
    kept = None if card.choices["videos"] == "all" else set(_listed(folder, card.annotations[-1]))
    offsets = _offsets(tasks)
    parts = []
    for file in find(folder, _PARTS):
        task, _, video = file.stem.partition("_")
        if task in tasks and (kept is None or (task, video) in kept):
            parts += [
                (item, classes.index(steps[number]) if by_name else number)
                for item, number in _parts(file, video, offsets[task])
            ]
    return classification(card, number_parts(parts), [name for _, name in classes])


def _read_tasks(file: Path) -> dict[str, _Task]:
    """Blocks of id, title, address, number of steps and steps, with blank lines between (and perhaps none last)."""
    lines = read_lines(file)
    blocks = [lines[first : first + 5] for first in range(0, len(lines), 5)]
    return {task.id: task for task in parse_rows(file, blocks, _task)}


def _task(block: list[str]) -> _Task:
    steps = [step.strip() for step in block[4].split(",")]
    if len(steps) != int(block[3]):
        raise ValueError(f"task {block[0]} should have {block[3]} steps and has {len(steps)}")
    return _Task(block[0], block[1], steps)


def _offsets(tasks: dict[str, _Task]) -> dict[str, dict[int, int]]:
    """For each task, the number of a step over all tasks by its number within the task, which counts from 1."""
    offsets, first = {}, 0
    for task in tasks.values():
        offsets[task.id] = {step + 1: first + step for step in range(len(task.steps))}
        first += len(task.steps)
    return offsets


def _parts(file: Path, video: str, numbers: dict[int, int]) -> list[tuple[Media, int]]:
    def part(cells: list[str]) -> tuple[Media, int]:
        item = Media(video, video_files(video), *span_of(cells[1], cells[2]))
        return item, known(int(cells[0]), numbers, "step")

    return parse_rows(file, read_cells(file, 3), part)


def _listed(folder: Path, name: str) -> list[tuple[str, str]]:
    return [(cells[0], cells[1]) for cells in read_cells(find(folder, name)[0], 2)]


ADAPTER = Adapter(
    card, read, {"target": ("step", "task"), "steps": ("task", "name"), "videos": ("all", "validation")}
)
