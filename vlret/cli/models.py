"""`vlret models`: the built-in models."""

from __future__ import annotations

from vlret.cli import options, output
from vlret.text import count_of


def models(json: options.AsJson = False) -> None:
    """List the built-in models and how to get their weights."""
    from vlret.models.registry import list_models

    known = list_models()
    if json:
        output.print_json({"models": known})
        return
    width = max(len(model["name"]) for model in known)
    for model in known:
        output.show_lines(
            f"{model['name']:<{width}}  {model['description']}\n"
            f"{'':<{width}}  {model['dim']} dimensions, {count_of(model['frames'], 'frame')} of "
            f"{model['resolution']} x {model['resolution']}, {model['licence']}\n"
            f"{'':<{width}}  {'installed' if model['installed'] else 'download: ' + model['how_to_get']}"
        )
    output.show_lines(
        "Other models: open_clip:ARCH/TAG, st:OWNER/MODEL (sentence-transformers), hf:OWNER/MODEL (dual encoders of "
        "transformers, such as hf:microsoft/xclip-base-patch32), or a directory with a VL-JEPA or open_clip model."
    )
