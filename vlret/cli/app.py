"""The program `vlret`: combines the commands, and turns errors into one line and an exit code.

A command is a function in a file of its own, registered in `VERBS`; a group of commands is added in `_app`.
Heavy modules are imported inside the commands, so that `vlret --help` starts quickly.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Annotated, Any

import typer

from vlret import __version__
from vlret.cli import (
    annotate,
    bench,
    caption,
    check,
    compact,
    convert,
    demo,
    duplicates,
    encode,
    index,
    info,
    label,
    mcp,
    merge,
    models,
    optimize,
    output,
    plan,
    push,
    reindex,
    remove,
    search,
    serve,
    stream,
    train,
    vqa,
    watch,
)
from vlret.cli.hints import with_options
from vlret.errors import UsageError, VlretError
from vlret.text import without_credentials

VERBS: dict[str, Callable[..., None]] = {
    "index": index.index,
    "search": search.search,
    "label": label.label,
    "vqa": vqa.vqa,
    "caption": caption.caption,
    "stream": stream.stream,
    "watch": watch.watch,
    "serve": serve.serve,
    "mcp": mcp.mcp,
    "info": info.info,
    "annotate": annotate.annotate,
    "reindex": reindex.reindex,
    "plan": plan.plan,
    "encode": encode.encode,
    "merge": merge.merge,
    "duplicates": duplicates.duplicates,
    "remove": remove.remove,
    "check": check.check,
    "compact": compact.compact,
    "optimize": optimize.optimize,
    "push": push.push,
    "models": models.models,
    "train": train.train,
    "convert": convert.convert,
    "demo": demo.demo,
}

# The common base of NoSuchOption, MissingParameter and others; typer does not export it.
_WrongUsage: type[Any] = typer.BadParameter.__bases__[0]
_INTERRUPTED = 130
_RESUMABLE = (["index"], ["push"], ["reindex"], ["encode"], ["watch"], ["train"], ["bench"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 nothing could be done, 2 wrong usage, 130 interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    n_options = words.index("--") if "--" in words else len(words)  # what follows `--` is not an option
    debug = "--debug" in words[:n_options]
    output.set_up_streams(debug)
    options = [word for word in words[:n_options] if word != "--debug"]
    code = _run([*options, *words[n_options:]], debug)
    code = _flushed(code)
    if any(thread.name.startswith("encoder") for thread in threading.enumerate()):  # interrupted, or SIGTERM
        os._exit(code)  # otherwise Python would wait for the batch being encoded
    sys.exit(code)


def _run(words: list[str], debug: bool) -> int:
    try:
        os.getcwd()
        _refuse_empty_out(words)
        code = _app()(words, prog_name="vlret", standalone_mode=False) or 0
    except VlretError as error:
        code = _failed(with_options(error), error.exit_code, debug)
    except _WrongUsage as error:
        code = _failed(f"{_usage_message(error, words)}. Try: {_verb(error)} --help", 2, debug)
    except SystemExit:  # typer's, of a broken pipe: the reader has exited (`vlret ... | head`)
        code = 0
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except OSError as error:  # a full disk, a directory without permission
        code = _failed(_system_message(error), 1, debug)
    except MemoryError:
        code = _failed("out of memory. Close other programs, or use a smaller model.", 1, debug)
    except Exception as error:  # noqa: BLE001 - the last resort: a bug is reported in one line, too
        bug = "This is a bug in vlret. Run again with --debug to see the traceback."
        code = _failed(f"{type(error).__name__}: {str(error).rstrip('.')}. {bug}", 1, debug)
    if code == _INTERRUPTED:
        resume = "Finished work is saved. Run the same command again to resume."
        output.say(f"interrupted. {resume if _is_resumable(words) else ''}")
    return code


def _refuse_empty_out(words: list[str]) -> None:
    """`Path("")` would be the current directory."""
    if "--out=" in words or ("--out", "") in pairwise(words):
        raise UsageError("--out is empty.", "Give the path of a file or directory.", code="empty_out")


def _is_resumable(words: list[str]) -> bool:
    to_files = any(re.match(r"--out(=|$)", word) for word in words)
    return words[:1] in _RESUMABLE or (words[:1] == ["caption"] and to_files)


def _failed(error: object, code: int, debug: bool) -> int:
    if debug:
        print(without_credentials(traceback.format_exc()), file=sys.stderr)
    output.say_error(str(error))
    return code


def _system_message(error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and error.filename is None:  # os.getcwd
        return "the current directory was deleted. Change to an existing one (cd) and run again."
    return f"{error.filename or 'the system'}: {error.strerror or error}."


def _usage_message(error: Any, words: list[str]) -> str:
    """Return what is wrong with the value that was given, which typer's message for numbers omits."""
    commands = getattr(error.ctx.command, "commands", None) if error.ctx else None
    text = str(error.format_message()).rstrip(".")
    if commands and text.startswith("No such command"):
        return f"{text.partition(' Did you')[0].rstrip('.')}. The commands are {', '.join(commands)}"
    file = next((word for word in words if word.startswith("-") and os.path.lexists(word)), None)
    if file and hasattr(error, "option_name"):
        return f"{text}. If you mean the file, write -- before it, or ./{file}"
    if "unexpected extra argument" in text:
        return f"{text}. Quote arguments that contain spaces; repeat an option for each of its values"
    names = getattr(getattr(error, "param", None), "opts", ())
    given = [value for name, value in pairwise(words) if name in names]
    return f"{text}, not {given[-1]!r}" if given and given[-1] not in text else text


def _verb(error: Any) -> str:
    return error.ctx.command_path if error.ctx else "vlret"


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            return _failed(f"cannot write to stdout: {error.strerror}.", 1, debug=False)
    return code


def _app() -> typer.Typer:
    app = typer.Typer(
        add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, callback=_root,
        invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    for name, verb in VERBS.items():
        app.command(name)(verb)
    app.add_typer(bench.bench_app(), name="bench")
    return app


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Find, label, question and describe video by meaning."""
    if version:
        print(f"vlret {__version__}")
        raise typer.Exit(0)
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)
        raise typer.Exit(2)
