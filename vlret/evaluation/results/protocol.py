"""All choices that change a benchmark number, the stamp that a result carries, and how two stamps differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from vlret.errors import UsageError
from vlret.evaluation.tasks.rerank import RERANKERS
from vlret.media.sampling import RULES

SCHEMA = 2
"""Of the document of a result (`run.py`): another number, another meaning."""
TIES = ("expected", "optimistic", "pessimistic")
RESIZE = ("model", "squash")
UNDECODABLE = ("wrong", "excluded")
_OF_MEDIA = ("retrieval", "classification", "vqa")
USED_BY: Mapping[str, tuple[str, ...]] = {
    "frames": _OF_MEDIA, "sampling": _OF_MEDIA, "resize": _OF_MEDIA, "query": _OF_MEDIA,
    "undecodable": _OF_MEDIA, "prompts": ("classification",), "text_tokens": ("retrieval",),
    "rerank": ("retrieval",),
}  # fmt: skip
"""The tasks that use a field of `Protocol`; every task uses those that are not listed."""
_MEDIA_HASH = "set.media_hash"
_WORDS = {_MEDIA_HASH: f"content of the media files ({_MEDIA_HASH})"}


@dataclass(frozen=True, slots=True)
class Protocol:
    """What is done to a set and to every model alike.

    Attributes:
        dataset, split, choices: the set, and the named choices that it leaves open.
        frames: frames a clip, at the times of `sampling` (midpoint or endpoints), decoded at their own size.
        resize: "model" gives each model whole frames for its own transform, which may crop; "squash" makes
            them square first, so that no model crops.
        text_tokens: beside whole texts, all models are also scored on texts that end at the last whole word
            within so many tokens of CLIP's vocabulary.
        prompts: templates for class names; () takes each model's own.
        query: goes into the predictor; None takes each model's own. Models without one are not asked.
        ties: how equal scores are counted: "expected", "optimistic" or "pessimistic".
        rerank: ways of `rerank.py` reported beside plain cosine. They use other test queries.
        undecodable: a medium that cannot be decoded counts as "wrong", or is "excluded" with its texts.
        allow_missing: media without a file are left out rather than refused.

    Raises:
        UsageError: when made with a value that is not known.
    """

    dataset: str
    split: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    frames: int = 8
    sampling: str = "midpoint"
    resize: str = "model"
    text_tokens: int | None = None
    prompts: tuple[str, ...] = ()
    query: str | None = None
    ties: str = "expected"
    rerank: tuple[str, ...] = ()
    undecodable: str = "wrong"
    allow_missing: bool = False

    def __post_init__(self) -> None:
        _check("sampling", self.sampling, RULES)
        _check("resize", self.resize, RESIZE)
        _check("ties", self.ties, TIES)
        _check("undecodable", self.undecodable, UNDECODABLE)
        for name in self.rerank:
            _check("rerank", name, RERANKERS)
        if self.frames < 1:
            raise UsageError(f"frames was given as {self.frames}.", "Give 1 or more.")
        if self.text_tokens is not None and self.text_tokens < 3:
            raise UsageError(
                f"text_tokens was given as {self.text_tokens}.", "Give 3 or more: two are the end tokens."
            )
        for prompt in self.prompts:
            if prompt.count("{}") != 1:
                raise UsageError(f"The prompt {prompt!r} has not one {{}}.", "Put {} where the name goes.")


def used_fields(protocol: Protocol, task: str) -> dict[str, Any]:
    """The fields of a protocol; None for those that the task does not use."""
    values = asdict(protocol)
    return {name: value if task in USED_BY.get(name, (task,)) else None for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class Stamp:
    """A protocol as recorded with one model's result; plain JSON values.

    Attributes:
        protocol: the fields of `Protocol`; None for those that the task does not heed.
        set: `hash` over ids and texts of what was scored, `media_hash` over ids and contents of its media
            (None for vectors made elsewhere), counts of `media` and `texts`, and the ids that were `missing`
            or `undecodable`.
        model: the card, and the `dtype`, `device`, `frame_pooling`, `query` and `prompts` it ran with.
        versions: of vlret, Python and the packages that decide numbers; `vlret_code` is a digest of vlret's
            source files that do.
        machine: system, processor, cores and accelerator.
    """

    protocol: Mapping[str, Any]
    set: Mapping[str, Any]
    model: Mapping[str, Any]
    versions: Mapping[str, str]
    machine: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        values: dict[str, Any] = listed(asdict(self))
        return values


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that two stamps have otherwise; `matters` where the numbers may not be compared for it."""

    name: str
    first: Any
    second: Any
    matters: bool

    def __str__(self) -> str:
        return f"{_WORDS.get(self.name, self.name)}: {short(self.first)} and {short(self.second)}"

    @property
    def unknown(self) -> bool:
        """Whether one has no value in its protocol or of its media, as vectors made elsewhere have none."""
        known_to_models = self.name.startswith("protocol.") or self.name == _MEDIA_HASH
        return known_to_models and None in (self.first, self.second)

    def line(self) -> str:
        """The values, and what they mean for a comparison."""
        if self.matters:
            return f"differs and matters: {self}"
        return f"{'not known of vectors made elsewhere' if self.unknown else 'differs'}: {self}"


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """What two stamps (`Stamp.to_dict`) have otherwise, what matters first.

    Protocol and set matter. Model, versions and machine are told only: two models differ by nature. So is
    whether media might be missing: the set says which are.
    """
    a, b = dict(_leaves(first)), dict(_leaves(second))
    names = [name for name in dict.fromkeys([*a, *b]) if a.get(name) != b.get(name)]
    found = [Difference(name, a.get(name), b.get(name), _matters(name)) for name in names]
    return sorted(found, key=lambda difference: not difference.matters)


def listed(value: Any) -> Any:
    """`value` with lists in place of tuples, as JSON gives it back."""
    if isinstance(value, Mapping):
        return {key: listed(item) for key, item in value.items()}
    return [listed(item) for item in value] if isinstance(value, (list, tuple)) else value


def _matters(name: str) -> bool:
    return name.startswith(("protocol.", "set.")) and name != "protocol.allow_missing"


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _check(name: str, value: str, known: Any) -> None:
    if value not in known:
        raise UsageError(f"{name} was given as {value!r}.", f"Allowed: {', '.join(known)}.")


def short(value: Any) -> str:
    """As Python writes it, 60 characters at most."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
