"""Writes a result: the document, ranks as Parquet and TREC runs, for any program that reads those."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from vlret.index.store import replace_file

RESULT = "result.json"
RANKS = "ranks.parquet"
_LONGEST = 60  # characters: of three bytes each, with a part's name, below the 255 bytes of file systems


def write_result(document: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write `result.json`, `ranks.parquet` and one TREC run a model and ranking part, each whole or not at all.

    ranks.parquet has a row for each model, part and query: model, part, rerank, query, best, worst (ranks from
    1), top (ids, best first) and a column for each figure that has a value of its own for a query. The name of
    a TREC run of a partial copy ends with `missing` or `trimmed`.

    Raises:
        IndexFolderError: a file cannot be written.
    """
    written = [folder / RESULT, folder / RANKS]
    replace_file(written[0], json.dumps(document, allow_nan=False).encode())
    replace_file(written[1], pd.DataFrame(list(_rows(document))).to_parquet(index=False))
    names = file_names(model["name"] for model in document["models"])
    for model in document["models"]:
        for part in model["parts"]:
            if part.get("per_query", {}).get("top"):
                written.append(folder / f"{_run_name(document, names[model['name']], part)}.trec")
                replace_file(written[-1], "".join(_trec(document, model["name"], part)).encode())
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


def _trec(document: Mapping[str, Any], model: str, part: Mapping[str, Any]) -> Iterator[str]:
    """Lines `query Q0 item rank score run`; blanks in ids become underscores."""
    run = _no_blanks(model)
    for i, name in enumerate(names_of(document, part["queries_are"])):
        scores = part["per_query"]["top_scores"][i]
        for rank, (item, score) in enumerate(zip(_top_names(document, part, i), scores, strict=True), 1):
            yield f"{_no_blanks(name)} Q0 {_no_blanks(item)} {rank} {score} {run}\n"


def _plain(name: str) -> str:
    """A file name that is not UTF-8 comes with lone surrogates, which neither Parquet nor text files take."""
    return str(name).encode(errors="backslashreplace").decode()


def _no_blanks(text: str) -> str:
    return re.sub(r"\s+", "_", text)


def _run_name(document: Mapping[str, Any], model: str, part: Mapping[str, Any]) -> str:
    rerank = [] if part["rerank"] == "none" else [part["rerank"]]
    marks = [name for name, what in lacking(document).items() if what]
    return "_".join([model, file_name(part["name"]), *rerank, *marks])
