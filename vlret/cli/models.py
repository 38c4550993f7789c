"""`vlret models`: the models that have a name."""

from __future__ import annotations

from vlret.cli import options, output


def models(json: options.AsJson = False) -> None:
    """List the models and how to get their weights."""
    from vlret.models.registry import list_models

    known = list_models()
    if json:
        output.print_json({"models": known})
        return
    width = max(len(model["name"]) for model in known)
    for model in known:
        output.show_lines(
            f"{model['name']:<{width}}  {model['description']}\n"
            f"{'':<{width}}  {model['dim']} dimensions, {model['frames']} frames of "
            f"{model['resolution']} x {model['resolution']}, {model['licence']}\n"
            f"{'':<{width}}  {'installed' if model['installed'] else 'get it: ' + model['how_to_get']}"
        )
    output.show_lines(
        "Any other: open_clip:ARCH/TAG, st:OWNER/MODEL, or a folder that holds a VL-JEPA or an open_clip model."
    )
