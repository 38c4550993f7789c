"""`vlret info`: what an index holds."""

from __future__ import annotations

from vlret.cli import options, output


def info(index: options.IndexFolder, json: options.AsJson = False) -> None:
    """Tell what an index holds, and what made it."""
    from vlret.index.index import Index

    facts = Index.open(index).info()
    if json:
        output.print_json(facts)
        return
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        print(f"{name:<{width}}  {_plain(value)}")


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
