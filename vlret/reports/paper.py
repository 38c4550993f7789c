"""What of a result's protocol differs from that of the VL-JEPA paper, as far as that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_PAPER = "The paper (arXiv 2512.10942)"
_UNKNOWN = f"{_PAPER} states neither frames, crops, prompts nor candidate lists"
_HARNESS = (
    "Its baselines nearly agree with those of the Perception Encoder's public harness on MSR-VTT and Kinetics-400, "
    "from which this run differs in: {}"
)
_QUESTIONS = f"{_PAPER} states neither candidate answers nor crops: how far this run's agree with its own is not known."
_TEXTS = (
    f"{_PAPER} scores these texts by the same rule; whether its text encoder reads a prompt it does not state"
)
_SETS = {
    "ek100_anticipation": "The reported models were fine-tuned for this task, with what recipe and candidates the "
    "paper (arXiv 2512.10942) does not state; this run is zero-shot, the class text nearest to what comes before.",
    "worldprediction": f"{_PAPER} makes a state of the first and the last image, as this run does; how often it "
    "repeats each, and with what query, it does not state, and the owner's questions are not public.",
}
"""Sentences for sets of which another thing is known."""
_ALSO = {
    "msvd": "nor how several captions of a clip count",
    "vdc1k": "nor which of the five captions it took",
    "visla": "nor how the 12 spatial rows without a third caption count",
}


def paper_differences(document: Mapping[str, Any]) -> str:
    """What differs as far as that is known, and what is not known; "" where the set has no published figures."""
    if not document["dataset"]["published"]:
        return ""
    made_elsewhere = [model["name"] for model in document["models"] if model["cost"] is None]
    unknown = (
        [f"How the vectors of {', '.join(made_elsewhere)} were made is not known."] if made_elsewhere else []
    )
    return " ".join([*_sentences(document), *unknown])


def _sentences(document: Mapping[str, Any]) -> list[str]:
    name, task = document["dataset"]["name"], document["task"]
    if name in _SETS:
        return [_SETS[name]]
    if task == "vqa":
        return [_QUESTIONS]
    also = f", {_ALSO[name]}" if name in _ALSO else ""
    protocol = _protocol(document)
    if task == "text":
        cut = "; ".join(_of_copy(document, protocol))
        return [f"{_TEXTS}{also}.", *([f"This run differs in: {cut}."] if cut else [])]
    differences = "; ".join(_differences(document, protocol))
    if not differences and protocol["frames"] is None:
        return [f"{_UNKNOWN}{also}."]
    return [f"{_UNKNOWN}{also}.", _HARNESS.format(differences or "nothing that is known") + "."]


def protocol_line(document: Mapping[str, Any]) -> str:
    """The protocol of a result in one line, with the hash of what was scored."""
    protocol, card = _protocol(document), document["dataset"]
    stamp = document["models"][0]["stamp"]
    told = [f"{card['title']}, split {protocol['split'] or 'none'}"]
    told += [f"{name}: {value}" for name, value in protocol["choices"].items() if name != "split"]
    if all(model["cost"] is None for model in document["models"]):
        told.append("vectors made elsewhere")
    else:
        told += _looking(document, protocol)
    told += [f"ties: {protocol['ties']}", f"scored set {stamp['set']['hash'][:12]}"]
    told.append(f"vlret {stamp['versions']['vlret']}")
    return f"Protocol: {'; '.join(told)}. Intervals are 95% bootstrap intervals."


def _looking(document: Mapping[str, Any], protocol: Mapping[str, Any]) -> Iterator[str]:
    """How media were looked at and texts read."""
    if document["task"] != "text":
        yield f"frames a clip: {protocol['frames']} ({protocol['sampling']})"
        yield f"resize: {protocol['resize']}"
        yield f"undecodable: {protocol['undecodable']}"
    cut = protocol["text_tokens"]
    yield f"texts whole, and beside it cut to {cut} tokens of CLIP's" if cut else "texts whole"
    if document["task"] == "classification":
        prompts = protocol["prompts"] or ["those of each model"]
        yield f"prompts: {', '.join(prompts) if len(prompts) < 4 else f'{len(prompts)} templates'}"


def _protocol(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """That of the first model that looked at media: vectors made elsewhere do not say how they were made."""
    protocols: list[Mapping[str, Any]] = [model["stamp"]["protocol"] for model in document["models"]]
    return next((protocol for protocol in protocols if protocol["frames"] is not None), protocols[0])


def _differences(document: Mapping[str, Any], protocol: Mapping[str, Any]) -> Iterator[str]:
    """From the harness of the Perception Encoder; what is not known of vectors made elsewhere is left out."""
    card = document["dataset"]
    if protocol["frames"] not in (None, card["frames"]):
        yield f"{protocol['frames']} frames a clip, not {card['frames']}"
    if protocol["sampling"] == "midpoint" and card["frames"] > 1:
        yield "frames at the midpoints of equal spans, not evenly from the first to the last"
    if protocol["resize"] == "model":
        yield "each model's own resize, which may crop, not squashed to a square"
    if document["task"] == "retrieval":
        yield from _of_retrieval(document, protocol)
    if (
        "prompts" in card["choices"]
        and protocol["prompts"]
        and protocol["choices"].get("prompts") in (None, "name")
    ):
        yield "class names alone, not in templates" if protocol["prompts"] == ["{}"] else "other templates"
    yield from _of_copy(document, protocol)
    if document["models"][0]["stamp"]["set"]["undecodable"]:
        rule = {"wrong": "counted as wrong", "excluded": "left out"}[protocol["undecodable"]]
        replaced = ", not replaced by another" if document["task"] == "classification" else ""
        yield f"media that cannot be decoded {rule}{replaced}"


def _of_copy(document: Mapping[str, Any], protocol: Mapping[str, Any]) -> Iterator[str]:
    if document["missing"]:
        yield f"{len(document['missing'])} media missing"
    if "trimmed" in protocol["choices"]:
        yield "annotations that are not the owner's whole files"


def _of_retrieval(document: Mapping[str, Any], protocol: Mapping[str, Any]) -> Iterator[str]:
    if "pe_reweighting" in protocol["rerank"]:
        yield "plain cosine in all rows but those of pe_reweighting"
    else:
        yield "plain cosine, not re-weighted over the queries (pe_reweighting)"
    if document["dataset"]["name"] == "msvd" and protocol["choices"]["captions"] == "one":
        yield "one caption a clip, not all"
    owners = {(row["text"], row["item"]) for row in document["texts"]}
    if len(owners) > len({text for text, _ in owners}):
        yield "equal captions of several media right for their own medium only"
