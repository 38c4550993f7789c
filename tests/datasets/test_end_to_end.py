"""Every set on small files of its form and small media, scored by a model from end to end, and again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

import vlret
from tests.evaluation.conftest import Counting
from vlret.datasets.base import TextSet
from vlret.datasets.registry import load, names
from vlret.evaluation.embeddings import decode_media
from vlret.evaluation.protocol.protocol import protocol_for
from vlret.evaluation.runner import run
from vlret.media.pool import DecodePool

from .small import write_annotations, write_media
from .test_small import IN_PART

SAMPLES = Path(vlret.__file__).parent / "assets/samples"


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """One for all sets: its processes stay."""
    with DecodePool(2) as opened:
        yield opened


@pytest.mark.parametrize("name", names())
def test_every_set_runs_end_to_end_and_again_without_looking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: DecodePool, name: str
):
    write_annotations(name, tmp_path / "annotations")
    found, data, cache = load(name, tmp_path / "annotations"), tmp_path / "data", tmp_path / "cache"
    write_media(found, data, SAMPLES / "videos/city_traffic.mp4", SAMPLES / "photos/coffee_cup.jpg")
    first, again = Counting(), Counting()
    monkeypatch.setattr(decode_media, "DecodePool", lambda *_: nullcontext(pool))
    protocol = protocol_for(found.card, allow_missing=name in IN_PART)
    document = run(found, data, [first], protocol, cache=cache)
    assert document.dataset.name == name
    assert document.missing == ()
    assert not [item for item in document.items if item.undecodable]
    whole = document.models[0].sections[0]
    assert all(0 <= figure.value <= 100 for key, figure in whole.figures.items() if "rank" not in key)
    assert bool(first.n_clips_seen) == (not isinstance(found, TextSet))
    monkeypatch.setattr(decode_media, "DecodePool", None)
    second = run(found, data, [again], protocol, cache=cache)
    assert (again.n_clips_seen, again.n_texts_seen) == (0, 0)
    assert second.models[0].sections == document.models[0].sections
