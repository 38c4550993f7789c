"""Writes a result: the document, ranks as Parquet, TREC runs and what is right as TREC qrels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from vlret.files import replace_file

RESULT = "result.json"
RANKS = "ranks.parquet"
_LONGEST = 60  # characters: of three bytes each, with a part's name, below the 255 bytes of file systems


def write_result(document: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write `result.json`, `ranks.parquet`, TREC runs and the qrels to score them, each whole or not at all.

    ranks.parquet has a row for each model, part and query: model, part, rerank, query, best, worst (ranks from
    1), top (ids, best first) and a column for each figure that has a value of its own for a query. There is a
    run for each model and ranking part, and one file of qrels for each part. Names of both of a partial copy
    end with `missing` or `trimmed`.

    Raises:
        OutputError: a file cannot be written.
    """
    written = [folder / RESULT, folder / RANKS]
    replace_file(written[0], json.dumps(document, allow_nan=False).encode())
    replace_file(written[1], pd.DataFrame(list(_rows(document))).to_parquet(index=False))
    for name, text in _trec_files(document).items():
        written.append(folder / name)
        replace_file(written[-1], text.encode())
    return written


def names_of(document: Mapping[str, Any], kind: str) -> list[str]:
    """Ids of the list that a part's numbers count in: items and classes by name, all else by number."""
    if kind == "items":
        return [_plain(item["id"]) for item in document["items"]]
    if kind in ("classes", "candidates") and document.get(kind):
        return [_plain(name) for name in document[kind]]
    return [f"{kind}-{number}" for number in range(len(document.get(kind, ())))]


def lacking(document: Mapping[str, Any]) -> dict[str, Any]:
    """What of the set was not there: how many media are `missing`, and which annotation files are `trimmed`."""
    trimmed = document["dataset"]["choices"].get("trimmed", "")
    return {"missing": len(document["missing"]), "trimmed": trimmed}


def file_names(names: Iterable[str]) -> dict[str, str]:
    """A file name of its own for each of `names`, `_2`, `_3`... added where it is taken."""
    made: dict[str, str] = {}
    for name in names:
        # Some systems take capital letters for small ones.
        taken = {other.casefold() for other in made.values()}
        stem, number = file_name(name), 2
        free = stem
        while free.casefold() in taken:
            free, number = f"{stem}_{number}", number + 1
        made[name] = free
    return made


def file_name(text: str) -> str:
    """As the name of a file or folder that every system takes: `a:b/c` is `a__b__c`; long ones by their end."""
    plain = re.sub(r"[^\w.-]+", "-", re.sub(r"[/\\:]+", "__", text))
    return plain[-_LONGEST:].strip("._-") or "model"


def _rows(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for model in document["models"]:
        for part in model["parts"]:
            if "per_query" not in part:
                continue
            own, names = part["per_query"], names_of(document, part["queries_are"])
            for i, name in enumerate(names):
                yield {
                    "model": model["name"], "part": part["name"], "rerank": part["rerank"], "query": name,
                    "best": own["best"][i], "worst": own["worst"][i],
                    "top": _top_names(document, part, i),
                    **{figure: column[i] for figure, column in own["values"].items()},
                }  # fmt: skip


def _top_names(document: Mapping[str, Any], part: Mapping[str, Any], query: int) -> list[str]:
    top = part["per_query"]["top"]
    if not top:
        return []
    if part["pool_is"] == "candidates":
        own = document["questions"][query]["candidates"] or document["candidates"]
    elif part["pool_is"] == "clips":
        own = [document["items"][clip]["id"] for clip in document["questions"][query]["clips"]]
    else:
        own = names_of(document, part["pool_is"])
    return [_plain(own[number]) for number in top[query]]


def _trec_files(document: Mapping[str, Any]) -> dict[str, str]:
    """The runs and qrels by the names of their files."""
    names = file_names(model["name"] for model in document["models"])
    marks = [name for name, what in lacking(document).items() if what]
    files: dict[str, str] = {}
    for model in document["models"]:
        for part in model["parts"]:
            if part.get("per_query", {}).get("top"):
                stem = "_".join([file_name(part["name"]), *marks])
                rerank = [] if part["rerank"] == "none" else [part["rerank"]]
                run = "_".join([names[model["name"]], file_name(part["name"]), *rerank, *marks])
                files[f"{run}.trec"] = "".join(_run(document, model["name"], part))
                if f"{stem}.qrels" not in files:
                    files[f"{stem}.qrels"] = "".join(_qrels(document, part))
    return files


def _run(document: Mapping[str, Any], model: str, part: Mapping[str, Any]) -> Iterator[str]:
    """Lines `query Q0 item rank score run`."""
    for i, name in enumerate(names_of(document, part["queries_are"])):
        scores = _apart(part["per_query"]["top_scores"][i])
        for rank, (item, score) in enumerate(zip(_top_names(document, part, i), scores, strict=True), 1):
            yield f"{_token(name)} Q0 {_token(item)} {rank} {score} {_token(model)}\n"


def _qrels(document: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[str]:
    """Lines `query 0 item 1`, one for each right item."""
    right = _right(document, part)
    for name, items in zip(names_of(document, part["queries_are"]), right, strict=True):
        for item in items:
            yield f"{_token(name)} 0 {_token(item)} 1\n"


def _right(document: Mapping[str, Any], part: Mapping[str, Any]) -> list[list[str]]:
    """Names of the right items of each query."""
    if part["pool_is"] == "candidates":
        return [[_plain(question["answer"])] for question in document["questions"]]
    if part["pool_is"] == "clips":
        numbers = [[question["clips"][question["answer"]]] for question in document["questions"]]
    elif part["pool_is"] == "classes":
        numbers = document["labels"]
    else:
        numbers = [[text["item"], *text.get("also", ())] for text in document["texts"]]
        if part["pool_is"] == "texts":
            numbers = _turned(numbers, len(document["items"]))
    names = names_of(document, "items" if part["pool_is"] == "clips" else part["pool_is"])
    return [[names[number] for number in row] for row in numbers]


def _turned(rows: Sequence[Sequence[int]], n: int) -> list[list[int]]:
    """For each of the numbers 0 to n - 1, the rows that hold it."""
    turned: list[list[int]] = [[] for _ in range(n)]
    for row, numbers in enumerate(rows):
        for number in numbers:
            turned[number].append(row)
    return turned


def _apart(scores: Sequence[float]) -> list[np.float32]:
    """Falling scores as float32, which is what TREC's programs hold them in: what differed differs still."""
    made: list[np.float32] = []
    for place, score in enumerate(scores):
        new = np.float32(score)
        if place and score == scores[place - 1]:
            new = made[-1]
        elif place and new >= made[-1]:
            new = np.nextafter(made[-1], np.float32(-np.inf))
        made.append(new)
    return made


def _plain(name: str) -> str:
    """A file name that is not UTF-8 comes with lone surrogates, which neither Parquet nor text files take."""
    return str(name).encode(errors="backslashreplace").decode()


def _token(name: str) -> str:
    """A name as one word: blanks as `%20`, so that no two names become one."""
    return re.sub(r"[\s%]", lambda blank: quote(blank[0]), name)
