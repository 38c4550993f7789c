"""What of a result's protocol differs from that of the VL-JEPA paper, as far as that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_UNKNOWN = "The paper (arXiv 2512.10942) states neither frames, crops, prompts nor candidate lists"
_HARNESS = (
    f"{_UNKNOWN}. Its baselines nearly agree with the public harness of the Perception Encoder, from which this "
    "run differs in: {}."
)


def paper_differences(document: Mapping[str, Any]) -> str:
    """One sentence that names them; "" where the set has no published figures or no media."""
    if not document["dataset"]["published"] or document["task"] == "text":
        return ""
    if document["task"] == "vqa":
        return f"{_UNKNOWN}: how far this run's agree with its own is not known."
    return _HARNESS.format("; ".join(_differences(document)) or "nothing that is known")


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


def _differences(document: Mapping[str, Any]) -> Iterator[str]:
    protocol, card = _protocol(document), document["dataset"]
    if protocol["frames"] not in (None, card["frames"]):
        yield f"{protocol['frames']} frames a clip, not {card['frames']}"
    if protocol["sampling"] == "midpoint" and card["frames"] > 1:
        yield "frames at the midpoints of equal spans, not evenly from the first to the last"
    if protocol["resize"] == "model":
        yield "each model's own resize, which may crop, not squashed to a square"
    if document["task"] == "retrieval":
        yield "plain cosine, not re-weighted over the queries (pe_reweighting)"
    if protocol["choices"].get("prompts") == "name":
        yield "class names alone, not in templates"
    if document["missing"]:
        yield f"{len(document['missing'])} media missing"
    if protocol["undecodable"] == "excluded" and document["models"][0]["stamp"]["set"]["undecodable"]:
        yield "media that cannot be decoded left out"
