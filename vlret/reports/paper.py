"""How the protocol of a result differs from that of the VL-JEPA paper, as far as that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vlret.evaluation.results.result import BenchResult

_PAPER = "The paper (arXiv 2512.10942)"
_UNKNOWN = f"{_PAPER} states neither frames, crops, prompts nor candidate lists"
_HARNESS = (
    "Its baselines nearly agree with those of the Perception Encoder's public harness on MSR-VTT and Kinetics-400, "
    "from which this run differs in: {}"
)
_QUESTIONS = (
    f"{_PAPER} states neither candidate answers nor crops: it is unknown whether they agree with this run's."
)
_TEXTS = (
    f"{_PAPER} scores these texts by the same rule and does not state whether its text encoder uses a prompt"
)
_SETS = {
    "ek100_anticipation": f"{_PAPER} reports models fine-tuned for this task and does not state the recipe and the "
    "candidates; this run is zero-shot: the class text nearest to the clip before the action.",
    "worldprediction": f"{_PAPER} makes a state of the first and the last image, as this run does; how often it "
    "repeats each, and with what query, it does not state, and the owner's questions are not public.",
}
"""Sentences for datasets of which something else is known."""
_ALSO = {
    "msvd": "nor how several captions of a clip count",
    "vdc1k": "nor which of the five captions it took",
    "visla": "nor how the 12 spatial rows without a third caption count",
}


def paper_differences(result: BenchResult) -> str:
    """What differs as far as that is known, and what is not known; "" where the dataset has no published figures."""
    if not result.dataset.published:
        return ""
    precomputed = [model.name for model in result.models if model.is_precomputed]
    unknown = f"How the embeddings of {', '.join(precomputed)} were computed is not known."
    return " ".join([*_sentences(result), *([unknown] if precomputed else [])])


def _sentences(result: BenchResult) -> list[str]:
    name, task = result.dataset.name, result.task
    if name in _SETS:
        return [_SETS[name]]
    if task == "vqa":
        return [_QUESTIONS]
    also = f", {_ALSO[name]}" if name in _ALSO else ""
    protocol = _protocol(result)
    if task == "text":
        cut = "; ".join(_of_copy(result, protocol))
        return [f"{_TEXTS}{also}.", *([f"This run differs in: {cut}."] if cut else [])]
    differences = "; ".join(_differences(result, protocol))
    if not differences and protocol["frames"] is None:
        return [f"{_UNKNOWN}{also}."]
    return [f"{_UNKNOWN}{also}.", _HARNESS.format(differences or "nothing that is known") + "."]


def protocol_line(result: BenchResult) -> str:
    """The protocol of a result in one line, with the hash of what was scored."""
    protocol, stamp = _protocol(result), result.models[0].stamp
    facts = [f"{result.dataset.title}, split {protocol['split'] or 'none'}"]
    facts += [f"{name}: {value}" for name, value in protocol["choices"].items() if name != "split"]
    if all(model.is_precomputed for model in result.models):
        facts.append("precomputed embeddings")
    else:
        facts += _encoding(result, protocol)
    facts += [f"ties: {protocol['ties']}", f"scored set {stamp.set['hash'][:12]}"]
    facts.append(f"vlret {stamp.versions['vlret']}")
    return f"Protocol: {'; '.join(facts)}. Intervals are 95% bootstrap intervals."


def _encoding(result: BenchResult, protocol: Mapping[str, Any]) -> Iterator[str]:
    """How media and texts were encoded."""
    if result.task != "text":
        yield f"frames per clip: {protocol['frames']} ({protocol['sampling']})"
        yield f"resize: {protocol['resize']}"
        yield f"undecodable: {protocol['undecodable']}"
    cut = protocol["text_tokens"]
    yield f"texts whole, and also cut to {cut} CLIP tokens" if cut else "texts whole"
    if result.task == "classification":
        prompts = protocol["prompts"] or ["those of each model"]
        yield f"prompts: {', '.join(prompts) if len(prompts) < 4 else f'{len(prompts)} templates'}"


def _protocol(result: BenchResult) -> Mapping[str, Any]:
    """That of the first model that encoded media: of precomputed embeddings it is not known."""
    protocols = [model.stamp.protocol for model in result.models]
    return next((protocol for protocol in protocols if protocol["frames"] is not None), protocols[0])


def _differences(result: BenchResult, protocol: Mapping[str, Any]) -> Iterator[str]:
    """From the harness of the Perception Encoder; what is unknown for precomputed embeddings is left out."""
    card = result.dataset
    if protocol["frames"] not in (None, card.frames):
        yield f"{protocol['frames']} frames per clip, not {card.frames}"
    if protocol["sampling"] == "midpoint" and card.frames > 1:
        yield "frames at the midpoints of equal spans, not evenly from the first to the last"
    if protocol["resize"] == "model":
        yield "each model's own resize, which may crop, not squashed to a square"
    if result.task == "retrieval":
        yield from _of_retrieval(result, protocol)
    if (
        "prompts" in card.choices
        and protocol["prompts"]
        and protocol["choices"].get("prompts") in (None, "name")
    ):
        yield "class names alone, not in templates" if protocol["prompts"] == ["{}"] else "other templates"
    yield from _of_copy(result, protocol)
    if result.models[0].stamp.set["undecodable"]:
        rule = {"wrong": "counted as wrong", "excluded": "left out"}[protocol["undecodable"]]
        replaced = ", not replaced by another" if result.task == "classification" else ""
        yield f"items that cannot be decoded {rule}{replaced}"


def _of_copy(result: BenchResult, protocol: Mapping[str, Any]) -> Iterator[str]:
    if result.missing:
        yield f"{len(result.missing)} items missing"
    if "trimmed" in protocol["choices"]:
        yield "incomplete annotation files"


def _of_retrieval(result: BenchResult, protocol: Mapping[str, Any]) -> Iterator[str]:
    if "pe_reweighting" in protocol["rerank"]:
        yield "plain cosine in all rows but those of pe_reweighting"
    else:
        yield "plain cosine, not re-weighted over the queries (pe_reweighting)"
    if result.dataset.name == "msvd" and protocol["choices"]["captions"] == "one":
        yield "one caption per clip, not all"
    owners = {(row.text, row.item) for row in result.contents.texts}
    if len(owners) > len({text for text, _ in owners}):
        yield "equal captions of several items right for their own item only"
