"""Class names made readable, and the templates that stand around them."""

from __future__ import annotations

import re
from pathlib import Path

from vlret.datasets.files import parse_rows, read_json

TEMPLATES = "../imagenet/en_zeroshot_classification_templates.json"
"""Perception Encoder's templates for many sets, in the folder of ImageNet."""


def camel_words(name: str) -> str:
    """`PutOnHairExtensions` as "put on hair extensions", `UseATM` as "use ATM"."""
    words = re.findall(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z']+|[A-Z]|\d+", name)
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)


def read_templates(file: Path, key: str = "") -> tuple[str, ...]:
    """Templates with the placeholder `{}` from a JSON list, or from the list under `key` (there `{c}`)."""
    return tuple(parse_rows(file, read_json(file, list, key), _template))


def _template(template: str) -> str:
    made = template.replace("{c}", "{}")
    if made.count("{}") != 1:
        raise ValueError(f"the template {template!r} needs exactly one place for the class")
    return made
