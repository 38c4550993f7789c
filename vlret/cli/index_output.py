"""What `vlret index --dry-run` prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlret.cli import output
from vlret.text import count_of

if TYPE_CHECKING:
    from vlret.index.estimate import Estimate


def show_estimate(sources: Sequence[str], out: Path | None, json: bool, **settings: Any) -> None:
    """Estimate the run and print the result; `settings` are further arguments of `estimate_index`."""
    from vlret.index.estimate import estimate_index

    estimate = estimate_index(sources, out, **settings)
    if json:
        output.print_json(estimate.to_dict())
    else:
        output.show_lines(_text(estimate))


def _text(estimate: Estimate) -> str:
    videos, images = count_of(estimate.videos, "video"), count_of(estimate.images, "image")
    lines = [
        f"{estimate.index}: {videos} ({output.length(estimate.hours * 3600)}) and {images} to encode, "
        f"{count_of(estimate.unchanged, 'file')} unchanged",
        f"about {count_of(estimate.clips, 'clip')}, {output.size(estimate.bytes)} on disk",
        _how_long(estimate),
    ]
    if estimate.unknown:
        lines.insert(1, f"{count_of(estimate.unknown, 'file')} of unknown length, not counted")
    return "\n".join(lines)


def _how_long(estimate: Estimate) -> str:
    if estimate.videos + estimate.images == 0:
        return "nothing to do"
    if estimate.seconds is None:
        return "no estimate of the time: none of the files tried could be encoded"
    speed = f", {estimate.speed:.1f}x real time" if estimate.speed else ""
    return (
        f"about {output.length(estimate.seconds)} on this machine "
        f"(estimate: {count_of(estimate.n_sampled, 'file')} encoded{speed})"
    )
