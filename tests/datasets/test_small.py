"""Every set on small files of its form, whole and with each single value of them damaged."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vlret.datasets.base import ClassificationSet, RetrievalSet, StateSet, TextSet, VqaSet
from vlret.datasets.files import DatasetError
from vlret.datasets.registry import load, missing_annotations, missing_media, names

from .small import SMALL, write_annotations, write_media

IN_PART = {"crosstask": ["annotations/*.csv"]}
"""The owner has 2,750 of them."""


@pytest.mark.parametrize("name", names())
def test_small_files_are_a_whole_set(tmp_path: Path, name: str):
    write_annotations(name, tmp_path)
    assert missing_annotations(name, tmp_path) == IN_PART.get(name, [])
    found = load(name, tmp_path)
    check(found)
    if not isinstance(found, TextSet):
        assert missing_media(found.media, tmp_path / "data") == found.media
        for file in ("video", "photograph"):
            (tmp_path / file).write_bytes(b"")
        write_media(found, tmp_path / "data", tmp_path / "video", tmp_path / "photograph")
        assert missing_media(found.media, tmp_path / "data") == []


def check(found: object) -> None:
    """What every reader promises, whatever the set."""
    if isinstance(found, TextSet):
        assert found.triples
        return
    assert len({medium.id for medium in found.media}) == len(found.media) > 0
    assert all(medium.files for medium in found.media)
    assert all(medium.end is None or 0 <= medium.start < medium.end for medium in found.media)
    if isinstance(found, RetrievalSet):
        assert len(found.owner) == len(found.texts)
        assert set(found.owner) == set(range(len(found.media)))
        assert all(found.texts)
    if isinstance(found, ClassificationSet):
        assert len(found.labels) == len(found.media)
        assert all(row and all(0 <= label < len(found.classes) for label in row) for row in found.labels)
    if isinstance(found, VqaSet):
        assert {question.medium for question in found.questions} == set(range(len(found.media)))
        assert all(
            question.answer in (question.candidates or found.candidates) for question in found.questions
        )
    if isinstance(found, StateSet):
        assert all(0 <= q.answer < len(q.clips) for q in found.questions)


@pytest.mark.data
@pytest.mark.parametrize(
    "name", ["msrvtt", "msvd", "ek100", "kinetics400", "coin", "crosstask", "pope", "vitatecs"]
)
def test_real_files_keep_the_same_promises(annotations: Path, name: str):
    check(load(name, annotations))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value inside a JSON value."""
    if path:
        yield path
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(inner, (*path, key))


def damaged(content: Any) -> Iterator[Any]:
    """A JSON value with each of its values replaced, one at a time, or a table with each cell emptied or cut off."""
    if isinstance(content, str):
        lines = content.splitlines()
        for number, line in enumerate(lines):
            for mark in (",", "\t", " "):
                cells = line.split(mark)
                for cut in range(len(cells)):
                    for changed in (cells[:cut], [*cells[:cut], "", *cells[cut + 1 :]]):
                        yield "\n".join([*lines[:number], mark.join(changed), *lines[number + 1 :]])
        return
    for path in places(content):
        for other in (None, 7, -1.5, "", "x", [], {}, [None], True):
            changed = copy.deepcopy(content)
            inner = changed
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = other
            yield changed


@pytest.mark.parametrize("name", [name for name in SMALL if name not in ("pvd", "popev2")])
def test_damage_in_any_place_is_a_clear_error_or_does_no_harm(tmp_path: Path, name: str):
    errors = []
    write_annotations(name, tmp_path)
    for file, content in list(SMALL[name].items())[:3]:
        for changed in () if isinstance(content, bytes) else damaged(content):
            write_annotations(name, tmp_path, {file: changed})
            try:
                check(load(name, tmp_path))
            except DatasetError as error:
                errors.append(error)
        write_annotations(name, tmp_path, {file: content})
    assert errors
    assert all(error.hint for error in errors)
    assert all(str(tmp_path) in error.message or name in error.message for error in errors)
