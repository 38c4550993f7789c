"""Classes as embeddings: the mean over prompt templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vlret.types import Vectors
from vlret.vectors import unit_rows


def class_embeddings(
    embed_texts: Callable[[list[str]], Vectors], names: Sequence[str], templates: Sequence[str]
) -> Vectors:
    """Return one embedding per class, float32 [names, dim], unit length.

    Args:
        embed_texts: unit vectors float32 [n, dim] of n texts, such as `Embedder.embed_texts`.
        names: class names as they are put into the templates.
        templates: prompts with one `{}` for the name; an embedding is the mean over them, scaled to unit length.
    """
    texts = [template.replace("{}", name) for name in names for template in templates]
    return unit_rows(embed_texts(texts).reshape(len(names), len(templates), -1).mean(1))
