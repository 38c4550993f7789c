"""All choices that change a benchmark number, the stamp that a result carries, and how two stamps differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from vlret.errors import UsageError
from vlret.evaluation.tasks.rerank import RERANKERS
from vlret.media.sampling import RULES

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
    """The choices that apply to a dataset and to all models.

    Attributes:
        dataset, split, choices: the dataset, and the named choices that it leaves open.
        frames: frames per clip, at the times of `sampling` (midpoint or endpoints), decoded at their own size.
        resize: "model" gives each model whole frames for its own transform, which may crop; "squash" makes
            them square first, so that no model crops.
        text_tokens: beside whole texts, all models are also scored on texts that end at the last whole word
            within so many tokens of CLIP's vocabulary.
        prompts: templates for class names; () takes each model's own.
        query: input of the predictor; None takes each model's default. Not used by models without a predictor.
        ties: how equal scores count: "expected", "optimistic" or "pessimistic".
        rerank: methods of `rerank.py` reported beside plain cosine. They use other test queries.
        undecodable: an item that cannot be decoded counts as "wrong", or is "excluded" with its texts.
        allow_missing: media without a file are left out rather than refused.

    Raises:
        UsageError: "invalid_choice" (an unknown value), "out_of_range" or "invalid_prompt".
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
        _check_least("frames", self.frames, 1)
        _check_least("text_tokens", self.text_tokens, 3)  # two are the start and end tokens
        for prompt in self.prompts:
            _check_prompt(prompt)


def used_fields(protocol: Protocol, task: str) -> dict[str, Any]:
    """The fields of a protocol; None for those that the task does not use."""
    values = asdict(protocol)
    return {name: value if task in USED_BY.get(name, (task,)) else None for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class Stamp:
    """A protocol as recorded with one model's result; plain JSON values.

    Attributes:
        protocol: the fields of `Protocol`; None for those that the task does not use.
        set: `hash` over ids and texts of what was scored, `media_hash` over ids and contents of its media
            (None for precomputed embeddings), counts of `media` and `texts`, and the ids that were `missing`
            or `undecodable`.
        model: the card, and the `dtype`, `device`, `frame_pooling`, `query` and `prompts` it ran with.
        versions: of vlret, Python and the packages that affect numbers; `encoding_version` is `ENCODING_VERSION`.
        machine: system, processor, cores and accelerator.
    """

    protocol: Mapping[str, Any]
    set: Mapping[str, Any]
    model: Mapping[str, Any]
    versions: Mapping[str, str]
    machine: Mapping[str, Any]


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


def _check_least(name: str, value: int | None, least: int) -> None:
    if value is not None and value < least:
        raise UsageError(
            f"{name} is {value}.", f"Give {least} or more.", code="out_of_range",
            name=name, given=value, allowed=f"{least} or more",
        )  # fmt: skip


def _check_prompt(prompt: str) -> None:
    if prompt.count("{}") != 1:
        raise UsageError(
            f"The prompt {prompt!r} does not have exactly one {{}}.", "Put {} where the class name goes.",
            code="invalid_prompt", given=prompt,
        )  # fmt: skip


def _check(name: str, value: str, known: Any) -> None:
    if value not in known:
        raise UsageError(
            f"{name} is {value!r}.", f"Allowed: {', '.join(known)}.", code="invalid_choice",
            name=name, given=value, allowed=list(known),
        )  # fmt: skip


def short(value: Any) -> str:
    """As Python writes it, 60 characters at most."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
