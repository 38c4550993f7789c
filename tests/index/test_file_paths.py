"""Patterns over all paths of an index, against `is_match` path by path."""

from __future__ import annotations

import os
import random

import numpy as np
import pyarrow as pa
import pytest

from vlret.index import file_paths
from vlret.index.file_paths import FilePaths
from vlret.index.filter import is_match

ROOTS = ["/media/a", "/media/a/b", "/", "/with [brackets]/a+b.(c)", "/né/日本"]
NAMES = [
    "a.mp4", "b/a.mp4", "b/c/A.MP4", "beach/IMG_001.mp4", "[x]/a-b.mp4", "x]y.mp4", "!a.mp4", "^a.mp4", "a\nb.mp4",
    "a\n", "new line/\n.mp4", "back\\slash.mp4", "\\Z", "(?>a).mp4", "100%.mp4", "a b.mp4", "é.mp4", "日本語/映像.mp4",
    "🎬.mov",
    "tab\tname.mp4", "dots...", "a.mp4.bak", "-.mp4", "&&||~~.mp4", "$x^.mp4", "{1}.mp4", "İi.mp4", "a/b/c/d/e.mp4",
]  # fmt: skip
PATTERNS = [
    "a", "b/", "/media/", ".mp4", "*", "*.mp4", "*.MP4", "a*", "a.mp4", "b/*", "*/c/*", "*b*c*", "?.mp4", "??.mp4",
    "*/?.mp4",
    "[ab].mp4", "[!ab].mp4", "[^a].mp4", "[a-c]*", "[!a-c]*", "[c-a]*", "[!c-a]*", "[]]*", "x[]]y*", "[!]]*",
    "[]-a]*", "[a-]*", "[--0]*",
    "[", "[a", "a[", "[[]x*", "[[:alpha:]]*", "[\\]*", "*\\*", "\\Z", "*\\Z", "(?>*", "*[&]*", "[&&a]*", "[||]*",
    "[~~]*", "*$*",
    "*{1}*", "*\n*", "a\n*", "a?b.mp4", "*é*", "?.mov", "[é-ö]*", "[!é]*", "日*", "[日-語]*/*", "/*", "/media/a/*",
    "/media/a/b/*", "/media/*/a.mp4",
    "/with [[]brackets]/*", "*(c)*", "media/*", "nowhere", "*nowhere*", "*" * 20, "a" + "?" * 300, "?" * 3000 + "*",
    "*[ab]" * 400,
    "*\udc80*", "\x00", "*%*", " ", "a b*", "*i.mp4", "*\u0131*",
]  # fmt: skip


@pytest.fixture(scope="module")
def paths() -> FilePaths:
    numbers = np.repeat(np.arange(len(ROOTS), dtype=np.int32), len(NAMES))
    order = np.random.default_rng(0).permutation(len(numbers))  # roots are mixed
    return FilePaths(ROOTS, numbers[order], pa.array(NAMES * len(ROOTS)).take(pa.array(order)))


def expected(paths: FilePaths, pattern: str) -> list[bool]:
    found = []
    for path, folder in zip(paths.absolute.to_pylist(), folders(paths), strict=True):
        found.append(is_match(pattern, path, path[len(folder) :]))
    return found


def folders(paths: FilePaths) -> list[str]:
    of_file = {int(file): folder for folder, files, _ in paths._by_folder for file in files}
    return [of_file[file] for file in range(len(of_file))]


def test_paths_are_joined_to_their_roots(paths) -> None:
    joined = {os.path.join(root, name) for root in ROOTS for name in NAMES}
    assert set(paths.absolute.to_pylist()) == joined
    assert all(
        path.startswith(folder)
        for path, folder in zip(paths.absolute.to_pylist(), folders(paths), strict=True)
    )


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_matches_what_python_matches(paths, pattern) -> None:
    assert paths.matched(pattern).tolist() == expected(paths, pattern)


def test_made_up_patterns_match_what_python_matches(paths) -> None:
    draw = random.Random(0)
    pieces = [
        "*",
        "?",
        "[",
        "]",
        "!",
        "-",
        "a",
        "b",
        "m",
        "4",
        ".",
        "/",
        "\\",
        "^",
        "é",
        "日",
        "\n",
        "[ab]",
        "[!a",
        "(",
        ")",
        "|",
        "&",
        "~",
    ]
    for _ in range(1500):
        pattern = "".join(draw.choice(pieces) for _ in range(draw.randint(1, 7)))
        assert paths.matched(pattern).tolist() == expected(paths, pattern), pattern


def test_only_what_re2_cannot_say_is_matched_one_by_one(paths, monkeypatch) -> None:
    slow = []
    monkeypatch.setattr(file_paths, "is_match", lambda pattern, *_: slow.append(pattern))
    for pattern in PATTERNS:
        paths.matched(pattern)
    assert set(slow) == {"[c-a]*", "*\udc80*"}


def test_no_files() -> None:
    assert FilePaths([], np.empty(0, np.int32), pa.array([], pa.string())).matched("a").tolist() == []
    assert FilePaths(["/a"], np.empty(0, np.int32), pa.array([], pa.string())).matched("a").tolist() == []
