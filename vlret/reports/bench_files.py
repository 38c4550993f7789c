"""Writes the reports of a result beside its `result.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vlret.index.store import replace_file
from vlret.reports.bench_page import bench_page
from vlret.reports.bench_tables import to_csv, to_latex, to_markdown
from vlret.reports.other_forms import clip_benchmark, mteb

PAGE = "result.html"


def write_reports(document: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write `result.html`, `.md`, `.tex` and `.csv`, and the result in other programs' forms.

    Those are `clip_benchmark/MODEL.json` (retrieval and classification) and `mteb/MODEL/REVISION/TASK.json`.

    Raises:
        IndexFolderError: a file cannot be written.
    """
    texts = {
        Path(PAGE): bench_page(document), Path("result.md"): to_markdown(document),
        Path("result.tex"): to_latex(document), Path("result.csv"): to_csv(document),
    }  # fmt: skip
    for model, form in clip_benchmark(document).items():
        texts[Path("clip_benchmark", f"{_name(model)}.json")] = json.dumps(form, indent=2)
    for (model, revision, task), form in mteb(document).items():
        texts[Path("mteb", _name(model), _name(revision), f"{_name(task)}.json")] = json.dumps(form, indent=2)
    for name, text in texts.items():
        # A file name that is not UTF-8 comes as lone surrogates, which no encoding writes.
        replace_file(folder / name, text.encode("utf-8", errors="replace"))
    return [folder / name for name in texts]


def _name(words: str) -> str:
    """As the name of a file or folder, a path by its last part only."""
    last = Path(words).name if Path(words).is_absolute() else words
    return re.sub(r"[^\w.-]+", "__", last).strip(".") or "model"
