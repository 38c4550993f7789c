"""benchmarks/time: a model that reads the order of frames is told from one that averages them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.time.__main__ import PUBLISHED, _rows
from benchmarks.time.arranged import arranged, orders_of, over_time
from benchmarks.time.clips import SourceClip, short_caption
from benchmarks.time.direction import direction
from benchmarks.time.movement import movement
from benchmarks.time.pairs import choose_pairs, join, order_rows
from benchmarks.time.probe import encode, level_rows
from benchmarks.time.rows import Row, accuracy, pair_accuracy, table
from benchmarks.time.vitatecs import vitatecs_row
from tests.conftest import COLOURS, ColourEmbedder

NAMES = ("red", "green", "blue")


class Ordered(ColourEmbedder):
    """Colours of the first half, then those of the second: in a text, what is said to come first stands first."""

    encodes_frames_alone = True

    def encode_pixels(self, clips):
        self.n_clips_seen += len(clips)
        return [(clip.mean((1, 2)) / 255).astype(np.float32) for clip in clips]

    def predict(self, tokens, query=None):
        return _unit([np.concatenate([half.mean(0) for half in np.array_split(t, 2)]) for t in tokens])

    def embed_texts(self, texts: Sequence[str]):
        return _unit([_in_order(text) for text in texts])


class Averaging(Ordered):
    """Blind to order."""

    def predict(self, tokens, query=None):
        return _unit([np.tile(t.mean(0), 2) for t in tokens])


def _in_order(text: str) -> np.ndarray:
    words = [word for word in re.findall(r"[a-z]+", text) if word in COLOURS]
    seen = (words[::-1] if "after" in text else words) * 2
    return np.concatenate([np.array(COLOURS[word]) / 255 for word in seen[:2]])


def _unit(rows):
    stacked = np.stack(rows)
    return (stacked / np.linalg.norm(stacked, axis=1, keepdims=True)).astype(np.float32)


def scene(name: str, colours: Sequence[str], caption: str = "") -> SourceClip:
    frames = [np.full((4, 4, 3), COLOURS[colour], np.uint8) for colour in colours]
    return SourceClip(f"{name}.mp4", name, caption or f"{colours[0]} thing", np.stack(frames))


@pytest.fixture
def scenes() -> list[SourceClip]:
    return [scene(name, [name] * 8) for name in NAMES]


PAIRS = np.array([[0, 1], [0, 2], [1, 2]])


def test_a_model_that_reads_order_finds_it_by_both_templates(scenes):
    rows = order_rows(Ordered(), scenes, join(Ordered(), scenes, PAIRS))
    assert [row.value for row in rows[:4]] == [100.0] * 4
    assert [row.count for row in rows] == [3] * 6


def test_a_model_that_averages_frames_is_at_chance_but_each_half_alone_is_not(scenes):
    rows = {row.name: row for row in order_rows(Averaging(), scenes, join(Averaging(), scenes, PAIRS))}
    assert [row.value for name, row in rows.items() if name.startswith('order, "')] == [50.0] * 4
    assert rows["order, each half embedded alone"].value == 100.0


def test_joined_clips_hold_every_second_frame_of_both_in_both_orders(scenes):
    made = join(Ordered(), scenes, PAIRS[:1])
    red, green = ([1, 0, 0], [0, 1, 0])
    np.testing.assert_allclose(made.joined[0], _unit([np.array(red + green), np.array(green + red)]))
    np.testing.assert_allclose(made.halves[0], _unit([np.array(red * 2), np.array(green * 2)]))


def test_pairs_are_of_other_sources_and_other_words_each_once():
    clips = [scene("a", ["red"] * 2, "a dog runs"), scene("b", ["red"] * 2, "a dog runs fast"),
             scene("c", ["red"] * 2, "two cars wait outside")]  # fmt: skip
    assert choose_pairs(clips).tolist() == [[0, 2], [1, 2]]
    assert choose_pairs([clips[0], clips[0]]).shape == (0, 2)


def test_tokens_of_frames_encoded_alone_are_rearranged_not_encoded_again():
    class Whole(Ordered):
        encodes_frames_alone = False

    clip, orders = scene("x", [*NAMES, "grey"]).pixels, list(orders_of(4, np.random.default_rng(0)).values())
    alone, whole = Ordered(), Whole()
    for one, other in zip(arranged(alone, clip, orders), arranged(whole, clip, orders), strict=True):
        np.testing.assert_array_equal(one, other)
    assert (alone.n_clips_seen, whole.n_clips_seen) == (1, 5)


def test_shuffled_frames_are_neither_as_filmed_nor_reversed():
    for seed in range(20):
        orders = orders_of(3, np.random.default_rng(seed))
        assert orders["shuffled"].tolist() not in ([0, 1, 2], [2, 1, 0])
        assert sorted(orders["shuffled"]) == [0, 1, 2]


def test_movement_is_a_share_of_the_distance_to_clips_of_other_sources():
    clips = np.eye(3, dtype=np.float32)
    row = movement("moved", clips, clips[[1, 0, 2]], clips, ["a", "b", "c"])
    assert row.value == pytest.approx(100 * 2 / 3)
    assert row.low < row.value < row.high
    same = np.array([[1, 0], [1, 0], [0, 1]], np.float32)  # the first two of one source
    assert movement("none", same, same, same, ["a", "a", "b"]).value == 0


def test_the_probe_finds_a_direction_that_is_there_and_none_in_zeros():
    rng = np.random.default_rng(0)
    differences = rng.normal(0, 1, (60, 8)).astype(np.float32)
    differences[:, 3] += 5
    sources = [str(number) for number in range(60)]
    found = direction("there", differences[:40], sources[:40], differences[40:], sources[40:])
    assert found.value == 100.0
    none = np.zeros((60, 8), np.float32)
    assert direction("none", none[:40], sources[:40], none[40:], sources[40:]).value == 50.0


def test_levels_of_an_averaging_model_do_not_move_and_its_tokens_do():
    clips = [scene(str(n), [NAMES[n % 3]] * 3 + [NAMES[(n + 1) % 3]] * 5) for n in range(12)]
    seen = encode(Averaging(), clips)
    rows = [level_rows(level, seen.sources, vectors, seen.sources, vectors)
            for level, vectors in (("tokens", seen.tokens), ("embeddings", seen.embeddings))]  # fmt: skip
    tokens, embeddings = ({row.name.split(": ")[1]: row.value for row in level} for level in rows)
    assert tokens["moved by reversal"] > 20
    assert embeddings["moved by reversal"] == pytest.approx(0, abs=1e-4)


def test_intervals_of_pairs_draw_clips():
    pairs = np.array([[0, 1], [2, 3], [4, 5], [6, 7]])
    row = pair_accuracy("pairs", [1, 1, 0, 0], pairs)
    assert (row.value, row.low, row.high, row.chance) == (50.0, 0.0, 100.0, 50.0)
    sure = pair_accuracy("sure", [1, 1, 1, 1], pairs)
    assert (sure.low, sure.high) == (100.0, 100.0)


def test_over_time_keeps_a_mean_for_each_part():
    tokens = np.arange(8, dtype=np.float32).reshape(4, 2)
    assert over_time(tokens, 2).tolist() == [1, 2, 5, 6]
    assert over_time(tokens, 1).tolist() == [3, 4]


def test_short_captions():
    assert short_caption({"captions": ["word " * 30, "a dog runs."]}) == "a dog runs"
    assert short_caption({"captions": ["word " * 30], "first_sentence": "A dog."}) == "A dog"
    assert short_caption({"captions": ["word " * 30]}) == ""


def test_vitatecs_uses_the_clips_that_are_there(tmp_path):
    (tmp_path / "Direction.jsonl").write_text(
        '{"src_dataset": "MSRVTT", "video_name": "a.mp4", "caption": "red, then green", "counterfactual": '
        '"green, then red", "aspect": "Direction"}\n'
        '{"src_dataset": "VATEX", "video_name": "a.mp4", "caption": "x", "counterfactual": "y", "aspect": "Type"}\n'
    )
    clips = [scene("a", ["red"] * 4 + ["green"] * 4)]
    assert vitatecs_row(Ordered(), tmp_path, clips).value == 100.0
    assert vitatecs_row(Averaging(), tmp_path, clips).value == 50.0


def test_a_table_has_a_column_for_each_model():
    rows = {
        "one": [Row("a", 3, 50, 40, 60, 50.0)],
        "two": [Row("a", 3, 51, 41, 61, 50.0), Row("b", 2, 1, 0, 2)],
    }
    assert table(rows).split("\n")[2:] == [
        "| a | 3 | 50 | 50.0 (40.0 to 60.0) | 51.0 (41.0 to 61.0) |",
        "| b | 2 |  |  | 1.0 (0.0 to 2.0) |",
    ]
    assert accuracy("x", [1, 0], ["a", "b"]).value == 50.0


def test_a_model_is_measured_once(tmp_path, monkeypatch):
    loaded = []
    monkeypatch.setattr("benchmarks.time.__main__.load_model", loaded.append)
    monkeypatch.setattr(
        "benchmarks.time.__main__.figures",
        lambda model, data, tokens_only: [Row(str(tokens_only), 1, 2, 1, 3)],
    )
    rows = [_rows(name, tmp_path, tmp_path) for name in ("vljepa-mini", "vljepa-mini", PUBLISHED)]
    assert [row[0].name for row in rows] == ["False", "False", "True"]
    assert loaded == ["vljepa-mini", PUBLISHED]
