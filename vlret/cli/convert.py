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

    written = run(
        find_file(checkpoint, "best.pt"),
        find_file(x_encoder, "model.safetensors"),
        find_file(query_tokenizer, "tokenizer.json"),
        find_file(text_tokenizer, "tokenizer.json"),
        out,
    )
    output.show_lines(written)
