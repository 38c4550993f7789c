"""How the stamps of two results differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from vlret.evaluation.protocol.protocol import short
from vlret.evaluation.results.stamp import Stamp

_MEDIA_HASH = "set.media_hash"
_WORDS = {_MEDIA_HASH: f"content of the media files ({_MEDIA_HASH})"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that differs between two stamps; `matters` where it makes their numbers incomparable."""

    name: str
    first: Any
    second: Any
    matters: bool

    def __str__(self) -> str:
        return f"{_WORDS.get(self.name, self.name)}: {short(self.first)} and {short(self.second)}"

    @property
    def unknown(self) -> bool:
        """Whether one has no value in its protocol or for its media, as precomputed embeddings have none."""
        known_to_models = self.name.startswith("protocol.") or self.name == _MEDIA_HASH
        return known_to_models and None in (self.first, self.second)

    def line(self) -> str:
        """The values, and what they mean for a comparison."""
        if self.matters:
            return f"differs and matters: {self}"
        return f"{'unknown for precomputed embeddings' if self.unknown else 'differs'}: {self}"


def differences(first: Stamp, second: Stamp) -> list[Difference]:
    """What differs between two stamps, what matters first.

    Protocol and set matter. Model, versions and machine are only reported: two models differ by nature. So is
    whether media might be missing: the set says which are.
    """
    a, b = (dict(_leaves(asdict(one))) for one in (first, second))
    names = [name for name in dict.fromkeys([*a, *b]) if a.get(name) != b.get(name)]
    found = [Difference(name, a.get(name), b.get(name), _matters(name)) for name in names]
    return sorted(found, key=lambda difference: not difference.matters)


def _matters(name: str) -> bool:
    return name.startswith(("protocol.", "set.")) and name != "protocol.allow_missing"


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
