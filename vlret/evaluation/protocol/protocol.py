"""All choices that change a benchmark number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vlret.datasets.base import SetCard
from vlret.errors import UsageError
from vlret.evaluation.metrics.rerank import RERANKERS
from vlret.media.sampling import RULES

TIES = ("expected", "optimistic", "pessimistic")
RESIZE = ("model", "squash")
UNDECODABLE = ("wrong", "excluded")


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
            check_template(prompt, "class name")


def protocol_for(card: SetCard, **choices: Any) -> Protocol:
    """The usual protocol of a dataset, with `choices` (fields of `Protocol`; None keeps the usual) in its place.

    Prompts that are given replace the dataset's choice of prompts.
    """
    of_dataset = {
        name: value for name, value in card.choices.items() if name != "prompts" or not choices.get(name)
    }
    usual: dict[str, Any] = {
        "dataset": card.name, "split": card.split, "choices": of_dataset,
        "frames": max(card.frames, 1), "prompts": card.prompts,
    }  # fmt: skip
    return Protocol(**{**usual, **{name: value for name, value in choices.items() if value is not None}})


def _check_least(name: str, value: int | None, least: int) -> None:
    if value is not None and value < least:
        raise UsageError(
            f"{name} is {value}.", f"Give {least} or more.", code="out_of_range",
            name=name, given=value, allowed=f"{least} or more",
        )  # fmt: skip


def check_template(prompt: str, what: str) -> None:
    """Refuse a template without exactly one `{}`, which stands for `what`.

    Raises:
        UsageError: "invalid_prompt".
    """
    if prompt.count("{}") != 1:
        raise UsageError(
            f"The prompt {prompt!r} does not have exactly one {{}}.", f"Put {{}} where the {what} goes.",
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
