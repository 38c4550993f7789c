"""How a benchmark is started from the command line: an error is one line and an exit code, as with `vlret`."""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer

from vlret.cli.output import say_error
from vlret.errors import VlretError


def launch(command: Callable[..., None]) -> None:
    """Run `command` with the options of the command line."""
    try:
        typer.run(command)
    except VlretError as error:
        say_error(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        say_error(f"{error.filename or 'the system'}: {error.strerror or error}.")
        sys.exit(1)
