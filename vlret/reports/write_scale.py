"""The files of `vlret bench scale`."""

from __future__ import annotations

import json
from pathlib import Path

from vlret.evaluation.standalone.scale.result import ScaleResult
from vlret.files import replace_file
from vlret.reports.scale_plot import scale_plot

JSON, PLOT = "result.json", "result.svg"


def write_scale(result: ScaleResult, folder: Path) -> None:
    """Write result.json and result.svg.

    Raises:
        OutputError: a file cannot be written.
    """
    document = {"schema": 1, **result.to_json()}
    replace_file(folder / JSON, json.dumps(document, indent=1).encode())
    replace_file(folder / PLOT, scale_plot(result).encode())
