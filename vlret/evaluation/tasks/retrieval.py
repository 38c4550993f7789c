"""Text to video and video to text, plain and re-ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from vlret.evaluation.metrics.figures import figures, retrieval_values, top_lists
from vlret.evaluation.metrics.ranks import Ints, ScoreBlocks, cosine, rank
from vlret.evaluation.results.protocol import Protocol
from vlret.evaluation.results.section import ResultSection, make_section
from vlret.evaluation.tasks.rerank import RERANKERS
from vlret.types import Vectors


def retrieval_parts(
    clips: Vectors,
    texts: Vectors,
    owner: Sequence[int],
    protocol: Protocol,
    temperature: float,
    sources: Ints,
) -> list[ResultSection]:
    """Both directions of unit vectors float32 [n, dim] and [t, dim]; text j belongs to clip `owner[j]`.

    Captions of one clip, and clips of equal `sources` [n] with their captions, are drawn together for the intervals.
    """
    shape = (len(texts), len(clips))
    relevant = csr_array((np.ones(len(texts), bool), (np.arange(len(texts)), owner)), shape)
    forth, back = cosine(texts, clips), cosine(clips, texts)
    return [
        *direction_parts(
            "text to video", ("texts", "items"), forth, relevant, sources[owner], protocol, temperature
        ),
        *direction_parts(
            "video to text", ("items", "texts"), back, csr_array(relevant.T), sources, protocol, temperature
        ),
    ]


def cut_parts(
    clips: Vectors, texts: Vectors, owner: Sequence[int], protocol: Protocol, sources: Ints
) -> list[ResultSection]:
    """Both directions of texts [t, dim] that were cut to the protocol's `text_tokens`, by plain cosine."""
    n = protocol.text_tokens
    parts = retrieval_parts(clips, texts, owner, replace(protocol, rerank=()), 1.0, sources)
    return [replace(one, name=f"{one.name}, texts cut to {n} tokens", text_tokens=n) for one in parts]


def direction_parts(
    name: str,
    lists: tuple[str, str],
    scores: ScoreBlocks,
    relevant: csr_array,
    groups: ArrayLike | None,
    protocol: Protocol,
    temperature: float,
) -> list[ResultSection]:
    """The part of plain cosine and of each re-ranking; `lists` are what queries and pool are called."""
    made = []
    for rule in ("none", *protocol.rerank):
        bent = RERANKERS[rule](scores, temperature) if rule != "none" else scores
        ranks = rank(bent, relevant)
        values = retrieval_values(ranks.by_rule(protocol.ties))
        numbers = figures(values, retrieval_values(ranks.chance()), groups)
        made.append(make_section(name, *lists, ranks, values, numbers, rerank=rule, top=top_lists(bent)))
    return made
