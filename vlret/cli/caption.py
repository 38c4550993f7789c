"""`vlret caption`: a text for each clip of media files or an index."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vlret.cli import exports, options, output
from vlret.errors import UsageError
from vlret.text import count_of

if TYPE_CHECKING:
    from vlret.models.captioners.base import Captioner
    from vlret.reports.caption_folder import CaptionFolder
    from vlret.reports.caption_formats import CaptionFormat
    from vlret.tasks.caption import FileCaptions
    from vlret.tasks.clip_source import ClipSource
    from vlret.types import ClipCaption, SkippedFile


def caption(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE|INDEX", help="Sources as for `vlret index`, or one index directory."),
    ],
    every: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Caption a video in parts of this length (default: the whole video up to 15 s, else parts of 10 s).",
        ),
    ] = None,
    selective: Annotated[
        bool,
        typer.Option(
            "--selective",
            help="Caption only what is new: one caption from one change of meaning to the next.",
        ),
    ] = False,
    captioner: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE",
            help="'decoder' (the model's text decoder), 'bank' (the model's sentences), a text decoder's directory, or "
            "a .txt, .csv, .json or .parquet file of sentences to choose from.",
        ),
    ] = "auto",
    threshold: Annotated[
        float | None,
        typer.Option(
            min=-1,
            max=1,
            help="Write 'unknown' where the score is below this (default: the captioner's own).",
        ),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="text, jsonl, csv, srt or vtt.")] = "text",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write a file for each media file. Run the command again to resume: finished files are kept.",
        ),
    ] = None,
    model: options.SourceModel = None,
    device: options.Device = "auto",
    engine: options.Engine = "auto",
    json: options.AsJson = False,
    strict: options.Strict = False,
    export: options.Export = None,
) -> None:
    """Describe videos and images in words.

    An index is captioned from its stored embeddings, without decoding again.

    Example: vlret caption holiday.mp4 --every 5 --format srt > holiday.srt
    """
    written_as = _format(form, out, json)
    _check_export(export, out)
    output.say(f"loading {model or 'the model'}")
    from vlret.models.captioners.registry import load_captioner
    from vlret.reports.exports.clip import clips_of_captions
    from vlret.tasks.caption import caption_files, open_source, settings_of, with_threshold

    source = open_source(sources, model, device, every, selective, engine)
    _check_one_file(source, written_as, out)
    made_by = with_threshold(load_captioner(captioner, source.model), threshold)
    output.say_files("skipped", source.skipped)
    folder = _folder(out, written_as, source, settings_of(made_by))
    todo = folder.unfinished() if folder else list(source.roots)
    n_kept = len(source.roots) - len(todo)
    results = caption_files(source, made_by, todo, progress=bool(out or json or not sys.stdout.isatty()))
    done = _Results(results, keep=bool(export))
    if folder:
        _write(done, folder, n_kept)
    elif json:
        _print_document(done, source, made_by)
    else:
        _print(done, written_as)
    exports.write_exports(export, clips_of_captions(done.items), "Captions")
    if done.n_files + n_kept == 0 or (strict and done.n_skipped + len(source.skipped)):
        raise typer.Exit(1)


class _Results:
    """Files with captions as they come, kept in `items` on request; what happened to the others is printed."""

    def __init__(self, results: Iterable[FileCaptions | SkippedFile], keep: bool) -> None:
        self._results, self._keep = results, keep
        self.n_files = self.n_skipped = 0
        self.items: list[ClipCaption] = []

    def __iter__(self) -> Iterator[FileCaptions]:
        from vlret.types import SkippedFile

        for result in self._results:
            if isinstance(result, SkippedFile):
                output.say_files("skipped", [result])
                self.n_skipped += 1
                continue
            if result.warning:
                output.say_files("partially read", [SkippedFile(Path(result.path), result.warning)])
            self.n_files += 1
            if self._keep:
                self.items += result.items
            yield result


def _format(form: str, out: Path | None, json: bool) -> CaptionFormat:
    from vlret.reports.caption_formats import FORMATS

    if form not in FORMATS:
        raise UsageError(f"--format was given as {form!r}.", f"Give {', '.join(FORMATS)}.")
    if json and (out or form != "text"):
        raise UsageError(f"--json was given with {'--out' if out else '--format'}.", "Give one of them.")
    return FORMATS[form]


def _check_export(export: list[Path] | None, out: Path | None) -> None:
    """Refuse --export beside --out, which keeps files that were captioned by an earlier run."""
    if export and out:
        raise UsageError("--export was given with --out.", "Give one of them.")
    exports.check_exports(export)


def _check_one_file(source: ClipSource, form: CaptionFormat, out: Path | None) -> None:
    if form.of_one_file and not out and len(source.roots) > 1:
        raise UsageError(
            f"{form.name} holds the captions of one file, not of {len(source.roots)}.",
            "Give --out DIR to write one for each.",
        )


def _folder(out: Path | None, form: CaptionFormat, source: ClipSource, settings: str) -> CaptionFolder | None:
    from vlret.reports.caption_folder import CaptionFolder

    return CaptionFolder(out, form, source, settings) if out else None


def _write(done: _Results, folder: CaptionFolder, n_kept: int) -> None:
    for file in done:
        folder.write(file.path, file.items)
    kept = f", kept {count_of(n_kept, 'file')} finished before" if n_kept else ""
    output.say(f"wrote captions of {count_of(done.n_files, 'file')} to {folder.path}{kept}")


def _print_document(done: _Results, source: ClipSource, captioner: Captioner) -> None:
    from vlret.types import captions_to_json

    items = [item for file in done for item in file.items]
    output.print_json(captions_to_json(source.model.card.name, captioner.name, items))


def _print(done: _Results, form: CaptionFormat) -> None:
    output.print_text(form.head)
    for file in done:
        output.print_text(form.body(file.items))
