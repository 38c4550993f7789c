"""`vlret convert`: a published checkpoint to a model directory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlret.cli import output

_WHERE = "a file, a directory or a name of the Hugging Face hub"


def convert(
    checkpoint: Annotated[
        str,
        typer.Argument(metavar="CHECKPOINT", help=f"best.pt of cun-bjy/open-vljepa: {_WHERE}."),
    ],
    out: Annotated[Path, typer.Option(help="Directory for the model.")],
    x_encoder: Annotated[
        str, typer.Option(help=f"model.safetensors of its X-encoder: {_WHERE}.")
    ] = "facebook/vjepa2-vitl-fpc64-256",
    query_tokenizer: Annotated[
        str, typer.Option(help=f"tokenizer.json for queries: {_WHERE}.")
    ] = "meta-llama/Llama-3.2-1B",
    text_tokenizer: Annotated[
        str, typer.Option(help=f"tokenizer.json for texts: {_WHERE}.")
    ] = "google/embeddinggemma-300m",
) -> None:
    """Convert the checkpoint of open-vljepa to a model directory. Nothing in the checkpoint is run.

    Example: vlret convert best.pt --out models/open-vljepa
    """
    from vlret.models.hub import find_file
    from vlret.models.vljepa.open_vljepa import convert as run

    files = [
        find_file(source, name)
        for source, name in (
            (checkpoint, "best.pt"),
            (x_encoder, "model.safetensors"),
            (query_tokenizer, "tokenizer.json"),
            (text_tokenizer, "tokenizer.json"),
        )
    ]
    output.show_lines(run(*files, out))
