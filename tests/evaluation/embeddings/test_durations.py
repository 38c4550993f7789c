"""What a run from the cache still knows: how long the media are, and what encoding them cost."""

from __future__ import annotations

import json
import os
import shutil
import signal
from dataclasses import replace

import pytest

from tests.evaluation.conftest import Counting, CountingAsked, result
from tests.evaluation.sets import NAMES, card, picture, retrieval_set, vqa_set
from vlret.datasets.base import ClassificationSet, Media
from vlret.evaluation.embeddings import array_cache as cache_module
from vlret.evaluation.embeddings import decode_media


def test_cost_is_what_encoding_took_now_and_what_it_took_before(painted, cache):
    made = retrieval_set()
    one = replace(made, media=made.media[:1], texts=made.texts[:2], owner=[0, 0])
    before = result(one, painted, cache, Counting()).models[0].cost
    cost = result(made, painted, cache, Counting()).models[0].cost
    assert (before.clips, cost.clips, cost.cached_clips) == (1, 3, 1)
    assert cost.cached_seconds == pytest.approx(before.seconds, abs=2e-3)


def test_cost_on_another_device_is_not_told_as_this_ones(painted, cache, monkeypatch):
    result(retrieval_set(), painted, cache, Counting())
    again = Counting()
    monkeypatch.setattr(Counting, "device", "meta")
    assert result(retrieval_set(), painted, cache, again).models[0].cost.cached_clips == 0
    assert again.n_clips_seen == 0


def test_lengths_are_those_of_what_was_decoded_and_stay_known(painted, cache, tmp_path, monkeypatch):
    """Whole videos, a part to the end, a part that ends past the end, an undecodable file, and an image."""
    folder = shutil.copytree(painted, tmp_path / "odd")
    (folder / "broken.mp4").write_bytes(b"\x00" * 2000)
    picture(folder / "picture.png", "red")
    shown = [
        Media("whole", ("turn.mp4",)), Media("rest", ("turn.mp4",), 1.5), Media("past", ("turn.mp4",), 3.0, 9.0),
        Media("part", ("turn.mp4",), 0.5, 2.0), Media("broken", ("broken.mp4",)), Media("picture", ("picture.png",)),
    ]  # fmt: skip
    made = ClassificationSet(card("classification"), shown, list(NAMES), [(0,)] * len(shown))
    document = result(made, folder, cache)
    lengths = [item.seconds for item in document.items]
    assert lengths == [
        pytest.approx(4.0),
        pytest.approx(2.5),
        pytest.approx(1.0),
        pytest.approx(1.5),
        None,
        None,
    ]
    monkeypatch.setattr(decode_media, "DecodePool", None)
    kept = replace(made, media=[m for m in shown if m.id != "broken"], labels=[(0,)] * 5)
    again = result(kept, folder, cache)
    assert [item.seconds for item in again.items] == [n for i, n in enumerate(lengths) if i != 4]


def test_what_cannot_be_decoded_has_no_length(painted, cache, tmp_path):
    """Though its start and end are given; neither has what lies past the end of its file."""
    (tmp_path / "broken.mp4").write_bytes(b"\x00" * 2000)
    shutil.copy(painted / "turn.mp4", tmp_path)
    shown = [
        Media("broken", ("broken.mp4",), 0.5, 2.0), Media("late", ("turn.mp4",), 50.0, 60.0),
        Media("good", ("turn.mp4",), 0.5, 2.0),
    ]  # fmt: skip
    made = ClassificationSet(card("classification"), shown, list(NAMES), [(0,)] * 3)
    document = result(made, tmp_path, cache)
    assert [item.seconds for item in document.items] == [None, None, 1.5]
    assert [bool(item.undecodable) for item in document.items] == [True, True, False]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")
@pytest.mark.parametrize(
    ("make", "model", "kind"), [(retrieval_set, Counting, "vectors"), (vqa_set, CountingAsked, "tokens")]
)
def test_a_kill_loses_no_length_of_what_is_not_decoded_again(painted, cache, monkeypatch, make, model, kind):
    """The run dies when its first vectors, or visual tokens, are on disk: they are written at once, a length is not."""
    monkeypatch.setattr(cache_module, "_SHARD_BYTES", 12)
    monkeypatch.setattr(model, "batch_size", 1)
    write = cache_module.replace_file

    def write_and_die(path, content):
        write(path, content)
        if (
            path.suffix == ".safetensors"
            and json.loads((path.parent / "recipe.json").read_text())["kind"] == kind
        ):
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        cache_module.replace_file = write_and_die
        result(make(), painted, cache, model())
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    again = model()
    document = result(make(), painted, cache, again)
    assert again.n_clips_seen == 3
    assert [item.seconds for item in document.items] == [2.0] * 4
