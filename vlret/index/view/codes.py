"""How a view stores vectors: exactly, or as codes that take less memory."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vlret.index.backends.faiss_backend import EXACT

MAX_EXACT = 200_000
"""Up to so many vectors every one is compared; beyond it, lists of near ones are (IVF)."""
_LEAST_CODED = 12_000
"""Fewer vectors take little memory in any form, and are too few to train codes with."""
QUERY_BITS = 4
"""Bits a number that RaBitQ rounds a query to; versions of FAISS have other defaults."""
_ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Codes:
    """One kind of index: `name` in FAISS's factory string, bytes a vector, whether hits are compared again exactly."""

    name: str
    n_bytes: int
    is_reranked: bool

    def memory(self, n: int, dim: int) -> int:
        """Bytes that a view of `n` vectors takes."""
        codes = n * (self.n_bytes + _ID_BYTES)
        return codes if self.name == EXACT else codes + 4 * dim * n_lists_for(n)


def all_codes(dim: int) -> list[Codes]:
    """The kinds from the largest to the smallest: float32, float16, a bit a number, and half of that."""
    sub_vectors = next(m for m in range(max(1, dim // 16), 0, -1) if dim % m == 0)
    return [
        Codes(EXACT, 4 * dim, False),
        Codes("SQfp16", 2 * dim, False),
        Codes("RaBitQ", -(-dim // 8) + 8, True),
        Codes(f"PQ{sub_vectors}", sub_vectors, True),
    ]


def codes_for(n: int, dim: int, memory: int | None) -> Codes:
    """The largest kind that fits into `memory` bytes (None: any amount), else the smallest of all."""
    kinds = all_codes(dim)[n > MAX_EXACT :]
    if n < _LEAST_CODED:
        return kinds[0]
    return next((kind for kind in kinds if memory is None or kind.memory(n, dim) <= memory), kinds[-1])


def least_memory(n: int, dim: int) -> int:
    """Bytes that the smallest view of `n` vectors takes."""
    return codes_for(n, dim, 0).memory(n, dim)


def codes_named(kind: str, dim: int) -> Codes | None:
    """The codes of an index made by the factory string `kind`; None where vlret makes none of it."""
    name = re.sub(r"^IVF[1-9][0-9]{0,6},", "", kind)
    has_lists = name != kind
    return next(
        (codes for codes in all_codes(dim) if codes.name == name and (name != EXACT) == has_lists), None
    )


def n_lists_of(kind: str) -> int:
    """The lists of an index made by the factory string `kind`; 0: it has none."""
    lists = re.match(r"IVF([1-9][0-9]{0,6}),", kind)
    return int(lists[1]) if lists else 0


def n_lists_for(n: int) -> int:
    """The lists of an index of `n` vectors: 4 sqrt(n)."""
    return max(1, int(4 * n**0.5))


def is_wanted(kind: str, n_trained: int, codes: Codes, n: int) -> bool:
    """Whether an index of this factory string, with lists trained for `n_trained` vectors, may hold `n` as `codes`.

    Lists stay until the index has doubled, or is half of what it was; so does an index with lists that has just become
    small enough to be exact.
    """
    if kind == EXACT or n_trained == 0:
        return codes.name == kind
    same = kind.endswith(f",{codes.name}") or (codes.name == EXACT and kind.endswith(",SQfp16"))
    return same and n_trained / 2 <= n <= 2 * n_trained
