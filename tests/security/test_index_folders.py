"""An index from a stranger: whatever is done with it is an error that says what is wrong, or a right result.

Nothing outside it is opened, written or deleted, no memory is filled, nothing waits for ever.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.index.stand_in import CircleEmbedder, TextPool, write_text_video
from tests.security.index_attacks import ATTACKS
from tests.security.sandbox import Sandbox
from vlret.errors import IndexFolderError
from vlret.index import build
from vlret.index.index import Index
from vlret.index.move_root import move_root
from vlret.index.remove import remove_files
from vlret.tasks.label import classify

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes FIFOs and links"),
    pytest.mark.timeout(60),
]
HARMLESS = {
    "info of many bytes", "faiss claims a terabyte", "faiss of other ids", "faiss cut", "faiss empty",
    "faiss lists in a file", "info type", "info nprobe", "info key", "info number", "foreign faiss file",
}  # fmt: skip
Verb = Callable[[Sandbox, Path], None]
ROOM_BYTES = 200_000_000


@pytest.fixture
def library(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A good index in `sandbox.stranger`, searched once, over a library of its own."""
    monkeypatch.setattr(build, "DecodePool", TextPool)
    library = sandbox.root / "library"
    for number in range(3):
        write_text_video(library / f"{number}.mp4", number, number + 40)
    write_text_video(library / "bad.mp4", "bad")
    build.build_index(library, sandbox.stranger, CircleEmbedder(), progress=False)
    return library


def searched(box: Sandbox, _: Path) -> None:
    found = Index.open(box.stranger).search(np.float32([[1, 0]]), k=6, one_per_file=False)[0]
    assert [hit.clip_id for hit in found] == sorted(range(6), key=lambda clip: (clip % 2, clip // 2))


def labelled(box: Sandbox, _: Path) -> None:
    items = classify(Index.open(box.stranger), ["0", "41"], model=CircleEmbedder())
    assert [item.label for item in items] == ["0", "41"] * 3


def indexed(box: Sandbox, library: Path) -> None:
    report = build.build_index(library, box.stranger, CircleEmbedder(), prune=True, progress=False)
    assert report.unchanged == 3


def described(box: Sandbox, _: Path) -> None:
    json.dumps(Index.open(box.stranger).info(), allow_nan=False)


def checked(box: Sandbox, _: Path) -> None:
    if damage := Index.open(box.stranger).check():
        raise IndexFolderError(damage[0], "It was told.")


def compacted(box: Sandbox, _: Path) -> None:
    Index.open(box.stranger).compact()


def moved(box: Sandbox, library: Path) -> None:
    move_root(box.stranger, library, library)


def removed(box: Sandbox, library: Path) -> None:
    assert remove_files(box.stranger, [library / "0.mp4"]).clips == 2


VERBS: list[Verb] = [
    searched,
    labelled,
    described,
    checked,
    indexed,
    moved,
    compacted,
    removed,
]
WRITERS = (indexed, moved, compacted, removed)


def _peak_bytes(reset: bool = False) -> int:
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_index_harms_nobody(name: str, sandbox: Sandbox, library: Path) -> None:
    ATTACKS[name](sandbox)
    before = _peak_bytes(reset=True)
    with sandbox.unharmed(sandbox.stranger):
        refused = {verb for verb in VERBS if is_refused(verb, sandbox, library)}
    if name in HARMLESS:
        assert not refused
    else:
        assert refused >= set(refusing(name))
    assert _peak_bytes() - before < ROOM_BYTES


def is_refused(verb: Verb, box: Sandbox, library: Path) -> bool:
    """Whether a verb ends in an error that says in one line what to do; else its result is right."""
    try:
        verb(box, library)
    except IndexFolderError as error:
        return bool(error.hint) and str(error).isprintable()
    return False


def refusing(name: str) -> list[Verb]:
    """The verbs that must refuse: those that only read look neither at the lock nor at skipped files."""
    if name.startswith(("lock", "dangling lock")):
        return list(WRITERS)
    if name.startswith("skipped"):
        return list(WRITERS)
    if name in ("zero vector", "NaN vector"):
        return [searched, labelled]
    if name == "flipped byte":  # of a vector, which is not read where there is a view
        return [verb for verb in VERBS if verb not in (described, searched)]
    return VERBS


def test_a_good_index_passes(sandbox: Sandbox, library: Path) -> None:
    with sandbox.unharmed(sandbox.stranger):
        for verb in VERBS:
            verb(sandbox, library)
