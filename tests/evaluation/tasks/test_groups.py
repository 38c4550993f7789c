"""Parts of one video are drawn as a whole: intervals of every figure, and the paired test, against plain loops."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from tests.evaluation.conftest import Counting, CountingAsked
from tests.evaluation.sets import NAMES, card, classification_set, retrieval_set
from vlret.datasets.base import (
    ClassificationSet,
    Media,
    RetrievalSet,
    SetQuestion,
    StateChoice,
    StateSet,
    VqaSet,
)
from vlret.evaluation.metrics.accuracy import first_of_pairs, paired
from vlret.evaluation.metrics.statistics import (
    bootstrap_interval,
    class_mean_interval,
    median_interval,
    paired_test,
    statistic_interval,
)
from vlret.evaluation.protocol.protocol import protocol_for
from vlret.evaluation.results.compare import compare
from vlret.evaluation.runner import run
from vlret.evaluation.tasks.base import source_numbers

N_COPIES = 4


def result(made, painted, tmp_path, *models):
    return run(made, painted, models or [Counting()], protocol_for(made.card), cache=tmp_path / "c")


def over_groups(values, groups):
    """Percentiles of the mean when whole groups are drawn, by their sums and sizes."""
    names = list(dict.fromkeys(groups))
    sums = np.array([sum(v for v, g in zip(values, groups, strict=True) if g == name) for name in names])
    sizes = np.array([groups.count(name) for name in names])
    picks = np.random.default_rng(0).integers(0, len(names), (2000, len(names)))
    return tuple(np.quantile(sums[picks].sum(1) / sizes[picks].sum(1), [0.025, 0.975]))


def test_copies_within_a_group_leave_every_interval_as_wide_as_that_of_the_groups():
    rng = np.random.default_rng(0)
    values, others = (rng.random(40) < 0.6).astype(float), (rng.random(40) < 0.4).astype(float)
    classes = csr_array(np.eye(3, dtype=bool)[np.arange(40) % 3])
    groups = np.repeat(np.arange(40), N_COPIES)
    many, more = values[groups], others[groups]
    many_classes, columns = csr_array(classes[groups]), np.stack([values, others + 1], axis=1)
    assert bootstrap_interval(many, groups) == pytest.approx(bootstrap_interval(values))
    assert bootstrap_interval(many, groups) == pytest.approx(over_groups(values.tolist(), list(range(40))))
    assert class_mean_interval(many, many_classes, groups) == pytest.approx(
        class_mean_interval(values, classes)
    )
    assert median_interval(many, groups) == median_interval(values)
    ratio = lambda sums: sums[0] / sums[1]  # noqa: E731
    assert statistic_interval(ratio, columns[groups], groups) == pytest.approx(
        statistic_interval(ratio, columns)
    )
    found, expected = paired_test(many, more, groups), paired_test(values, others)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert (found.difference, found.p_value) == pytest.approx((expected.difference, expected.p_value))
    low, high = bootstrap_interval(many)
    assert high - low < 0.6 * np.diff(bootstrap_interval(values))[0]


def videos_in_parts(n_parts: int) -> ClassificationSet:
    """Each video in parts of equal length; of six videos two bear another's colour as label."""
    names, labels = (*NAMES, *NAMES[:2]), (0, 1, 2, 3, 2, 3)
    span = 2.0 / n_parts
    parts = [
        (Media(f"{i}/{part}", (f"{name}.mp4",), part * span, (part + 1) * span, f"video {i}"), (label,))
        for i, (name, label) in enumerate(zip(names, labels, strict=True))
        for part in range(n_parts)
    ]
    return ClassificationSet(
        card("classification"), [m for m, _ in parts], list(NAMES), [x for _, x in parts]
    )


def test_a_set_of_parts_has_the_intervals_of_its_videos(painted, tmp_path):
    whole, parts = (result(videos_in_parts(n), painted, tmp_path) for n in (1, 4))
    for name in ("top-1", "mean_class_accuracy"):
        one, four = (document.models[0].sections[0].figures[name] for document in (whole, parts))
        assert astuple(four) == pytest.approx(astuple(one)), name
        assert one.high - one.low > 30
    assert [item.group for item in parts.items] == [f"video {i}" for i in range(6) for _ in range(4)]


def states():
    pieces = [
        Media(f"{name} {i}", (f"{name}.mp4",), i * 0.5, i * 0.5 + 0.5) for name in NAMES for i in range(3)
    ]
    choices = [StateChoice(i, i + 1, (i + 2, (i + 4) % 12), 0, "ab"[i % 2]) for i in range(10)]
    return StateSet(card("vqa"), pieces, choices)


def wrongly_labelled():
    return replace(classification_set(), labels=[(0,), (1,), (2,), (3,), (2,), (0,)])


def questions():
    """Two halves of each video are asked for their colour; three of the answers are wrong."""
    pieces = [Media(f"{name} {i}", (f"{name}.mp4",), i, i + 1.0) for name in NAMES for i in range(2)]
    answers = ("red", "red", "red", "green", "blue", "blue", "red", "blue")
    asked = [
        SetQuestion(i, "", answer, ("red", "green", "blue", "grey"), "ab"[i % 2])
        for i, answer in enumerate(answers)
    ]
    return VqaSet(card("vqa"), pieces, asked, ())


def captioned():
    """The videos of `retrieval_set` in two halves, each with its captions; red and grey were cut from one film."""
    made = retrieval_set()
    halves = [
        Media(f"{m.id} {i}", m.files, i, i + 1.0, "film" if m.id in ("red", "grey") else "")
        for m in made.media
        for i in range(2)
    ]
    texts = [f"{text} {i}" for text in made.texts for i in range(2)]
    texts[0], texts[1], texts[5] = "grey 0", "grey 1", "blue 1"  # some captions are wrong
    return replace(made, media=halves, texts=texts, owner=[2 * o + i for o in made.owner for i in range(2)])


def yes_no_questions():
    """Is it red? of both halves of each video; some of the answers are wrong."""
    pieces = [Media(f"{name} {i}", (f"{name}.mp4",), i, i + 1.0) for name in NAMES for i in range(2)]
    answers = ("yes", "yes", "yes", "no", "no", "no", "no", "no")
    asked = [SetQuestion(i, "", answer, ("yes", "no"), "ab"[i % 2]) for i, answer in enumerate(answers)]
    return VqaSet(card("vqa"), pieces, asked, ())


def one_wrongly_captioned():
    return replace(retrieval_set(), texts=["red", "green", "blue", "red"], owner=[0, 1, 2, 3])


def four_times(made):
    """The set with each query four times, about the same media: as many sources as before, each four times as large."""
    if isinstance(made, RetrievalSet):
        return replace(made, texts=made.texts * 4, owner=made.owner * 4)
    return replace(made, questions=made.questions * 4)


GROUPS = {
    "texts": lambda d: [d.items[text.item].group for text in d.contents.texts],
    "items": lambda d: [item.group for item in d.items],
    "questions": lambda d: [
        *(d.items[question.medium].group for question in d.contents.questions),
        *(d.items[choice.before].group for choice in d.contents.state_choices),
    ],
}


@pytest.mark.parametrize("make", [captioned, wrongly_labelled, questions, states])
def test_every_figure_draws_whole_sources(painted, tmp_path, make):
    document = result(make(), painted, tmp_path)
    for part in document.models[0].sections:
        if not part.per_query:
            continue
        groups = GROUPS[part.queries_are](document)
        assert len(set(groups)) < len(groups)
        assert any(len(set(values)) > 1 for values in part.per_query.values.values())
        for name, values in part.per_query.values.items():
            figure = part.figures["mean_rank" if name == "rank" else name]
            scale = 1 if name == "rank" else 100
            expected = [scale * bound for bound in over_groups(values, groups)]
            assert [figure.low, figure.high] == pytest.approx(expected, abs=2e-4), (part.name, name)


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (one_wrongly_captioned, {"hit@1", "mAP", "nDCG@10", "median_rank", "mean_rank"}),
        (questions, {"accuracy", "macro_accuracy"}),
        (states, {"accuracy", "macro_accuracy"}),
        (yes_no_questions, {"accuracy", "macro_accuracy", "yes_rate", "precision", "recall", "f1"}),
    ],
)
def test_more_queries_about_the_same_sources_narrow_no_interval(painted, tmp_path, make, names):
    class Answers(Counting):
        """A text that names no colour is near to all; "yes" is red, "no" is blue."""

        def embed_texts(self, texts):
            return super().embed_texts([{"yes": "red", "no": "blue"}.get(text, text) for text in texts])

    once, often = (result(made, painted, tmp_path, Answers()) for made in (make(), four_times(make())))
    one, four = (document.models[0].sections[0].figures for document in (once, often))
    for name in names:
        assert four[name] == pytest.approx(one[name]), name
        assert one[name].low < one[name].high, name


@pytest.mark.parametrize("make", [captioned, wrongly_labelled, questions, states])
def test_the_paired_test_swaps_whole_sources(painted, tmp_path, make):
    class Wrong(CountingAsked):
        def __init__(self):
            super().__init__()
            self.card = replace(self.card, name="wrong", weights_hash="1" * 64)

        def predict(self, tokens, query=None):
            return super().predict(tokens, query)[:, [2, 1, 0, 3]]

    document = result(make(), painted, tmp_path, CountingAsked(), Wrong())
    parts = {part.name: [m.sections[i] for m in document.models]
             for i, part in enumerate(document.models[0].sections)}  # fmt: skip
    found = [c for c in compare(document, document) if not c.figure.endswith("rank")]
    assert found
    for one in found:
        groups = GROUPS[parts[one.part][0].queries_are](document)
        ours, theirs = (part.per_query.values[one.figure] for part in parts[one.part])
        differences = [100 * (a - b) for a, b in zip(ours, theirs, strict=True)]
        assert (one.paired.low, one.paired.high) == pytest.approx(over_groups(differences, groups))


def test_a_file_is_the_source_of_its_parts_unless_a_group_is_named():
    made = [Media("a/1", ("a.mp4", "x/a.mp4"), 0, 1), Media("a/2", ("a.mp4",), 1, 2), Media("b", ("b.mp4",)),
            Media("c", ("c.mp4",), group="film"), Media("d", ("d.mp4",), group="film")]  # fmt: skip
    assert source_numbers(made).tolist() == [0, 0, 1, 2, 2]


def test_pairs_about_one_photograph_are_drawn_together(painted, tmp_path):
    assert first_of_pairs(["b", "b", "x", "a", "a"]).tolist() == [0, 3]
    photographs = [Media(f"{name} {i}", (f"{name}.mp4",), i, i + 1.0) for name in NAMES[:3] for i in range(2)]
    asked = [
        SetQuestion(i, "", answer, ("red", "green"), f"pair {i}")
        for i, answer in enumerate(("red", "red", "green", "red", "red", "green"))
        for _ in range(2)
    ]
    made = VqaSet(card("vqa", metric="accuracy, paired accuracy"), photographs, asked, ())
    (part,) = result(made, painted, tmp_path).models[0].sections
    both = paired(part.per_query.values["accuracy"], [q.group for q in asked])
    expected = over_groups(both.tolist(), [i // 2 for i in range(6)])
    figure = part.figures["paired"]
    assert [figure.low, figure.high] == pytest.approx([100 * bound for bound in expected])
