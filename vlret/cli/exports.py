"""`--export`: clips as files for editing programs, players and tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vlret.cli import output

if TYPE_CHECKING:
    from vlret.reports.exports.clip import ExportClip


def check_exports(files: Sequence[Path] | None) -> None:
    """Refuse files of an unknown format, or that cannot be written, before any long work."""
    if not files:
        return
    from vlret.files import check_output
    from vlret.reports.exports.write_export import format_of

    for file in files:
        format_of(file)
        check_output(file)


def write_exports(files: Sequence[Path] | None, clips: Sequence[ExportClip], title: str) -> None:
    """Write the clips to each file, in the format of its suffix; without a clip, no file is written."""
    if not files:
        return
    from vlret.files import write_output
    from vlret.reports.exports.write_export import format_of, write_export

    for file in files:
        if not clips:
            output.say(f"no clips to export: {file} is not written")
            continue
        write_output(file, write_export(clips, format_of(file), title))
        output.say(f"wrote {output.existing(file)}")
