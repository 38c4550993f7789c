"""What to do on the command line about an error of the library, by its code.

Errors below `cli/` name no option. `{name}` is filled in from the fields of the error.
"""

from __future__ import annotations

from vlret.errors import VlretError

HINTS: dict[str, str] = {
    "custom_dataset_choices": "Remove --choice and --annotations.",
    "custom_media_missing": "Correct the paths in {dataset}, give their directory with --data, or run with "
    "--allow-missing, which every number then says.",
    "index_needs_captions": "Give --captions FILE.csv --index INDEX.",
    "no_annotations": "Give their directory with --annotations (default: annotations/ in that of --data).",
    "no_dataset_name": "Give --dataset NAME.",
    "not_one_dataset": "Give one of --dataset NAME and --{custom} FILE.",
    "not_writable": "Choose another directory with --{argument}.",
    "wrong_task": "Run vlret bench {task}.",
}


def with_options(error: VlretError) -> str:
    """The error in one line, its hint in terms of the command line's options where there is one."""
    hint = HINTS.get(error.code)
    return f"{error.message} {hint.format(**error.fields)}" if hint else str(error)
