"""Precision and recall of `vlret duplicates`: `python -m benchmarks.duplicates`.

Needs the data directory (`VLRET_DATA`). Copies of test videos are made, indexed and looked for among each other and
among videos that are easily taken for copies; the table says how many copies of each kind were found, and how many
pairs of different videos were taken for copies.
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.console import launch
from benchmarks.duplicates.library import write_library
from vlret.index.build import build_index
from vlret.tasks.duplicates.find import find_duplicates


def main(videos: Annotated[int, typer.Option(help="Test videos to copy.")] = 20) -> None:
    """Print a table of what was found."""
    data = Path(os.environ.get("VLRET_DATA", "../shared/data")) / "videos"
    with tempfile.TemporaryDirectory() as name:
        media, index = Path(name) / "media", Path(name) / "index"
        write_library(data, media, videos)
        build_index(media.glob("*.mp4"), index)
        found = find_duplicates(index)
        pairs = {
            frozenset((Path(pair.a.path).stem, Path(pair.b.path).stem))
            for group in found.groups
            for pair in group.pairs
        }
        _print({path.stem for path in media.glob("*.mp4")}, pairs)


def _print(stems: set[str], found: set[frozenset[str]]) -> None:
    """Each copy is looked for from its original; all other pairs must not be found."""
    copies: dict[str, list[bool]] = defaultdict(list)
    for stem in sorted(stems):
        name, kind = stem.rsplit("@", 1)
        if kind != "original" and f"{name}@original" in stems:
            copies[kind].append(frozenset((f"{name}@original", stem)) in found)
    print("| copy | found | of | recall |\n|---|---|---|---|")
    for kind, results in copies.items():
        print(f"| {kind} | {sum(results)} | {len(results)} | {sum(results) / len(results):.2f} |")
    different = [pair for pair in combinations(sorted(stems), 2) if _name(pair[0]) != _name(pair[1])]
    wrong = [pair for pair in different if frozenset(pair) in found]
    print(f"\n{len(wrong)} of {len(different)} pairs of different videos were taken for copies; ", end="")
    print(f"{len(found) - len(wrong)} of {len(found)} pairs that were listed are copies.")
    for pair in wrong:
        print(f"- {pair[0]} = {pair[1]}")


def _name(stem: str) -> str:
    return stem.rsplit("@", 1)[0]


if __name__ == "__main__":
    launch(main)
