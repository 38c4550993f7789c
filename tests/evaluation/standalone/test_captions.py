"""Written captions are paired with the references of their own media, and compared on the same media."""

from __future__ import annotations

import pytest

from vlret.datasets.base import Media, RetrievalSet, SetCard
from vlret.errors import UsageError
from vlret.evaluation.metrics.cider import cider
from vlret.evaluation.results.json_codec import encode
from vlret.evaluation.standalone.captions import paired_captions, score_captions

CARD = SetCard("own", "own", "retrieval", "all", "", "", ("own.csv",), "R@1")
DOG, CAT = Media("dog", ("dog.mp4", "videos/dog.mp4")), Media("cat", ("cat.mp4",))
KNOWN = RetrievalSet(CARD, [DOG, CAT], ["a dog runs", "a cat", "the dog"], [0, 1, 0])


def written(*rows: tuple[str, str]) -> RetrievalSet:
    media = {name: Media(name, (name,)) for name, _ in rows}
    owner = [list(media).index(name) for name, _ in rows]
    return RetrievalSet(CARD, list(media.values()), [text for _, text in rows], owner)


def test_captions_are_paired_by_id_and_by_file():
    found = paired_captions("m.csv", written(("videos/dog.mp4", "one"), ("cat", "two")), KNOWN)
    assert found == (["one", "two"], [["a dog runs", "the dog"], ["a cat"]])


def test_the_order_of_the_rows_is_nothing():
    found = paired_captions("m.csv", written(("cat.mp4", "two"), ("dog", "one")), KNOWN)
    assert found[0] == ["one", "two"]


def test_a_file_of_two_parts_tells_neither():
    parts = [Media("v/1", ("v.mp4",), 0, 5), Media("v/2", ("v.mp4",), 5, 9)]
    known = RetrievalSet(CARD, parts, ["a", "b"], [0, 1])
    assert paired_captions("m.csv", written(("v/2", "y"), ("v/1", "x")), known)[0] == ["x", "y"]
    with pytest.raises(UsageError, match=r"v\.mp4 of m\.csv is not in own\. Allowed: .* such as v/1"):
        paired_captions("m.csv", written(("v.mp4", "x"), ("v/1", "x")), known)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("dog", "x"), ("cow", "y")], "cow of m.csv is not in own"),
        ([("dog", "x"), ("cat", "y"), ("cat", "z")], "two captions of cat"),
        ([("dog", "x"), ("dog.mp4", "x"), ("cat", "y")], "two captions of dog.mp4"),
        ([("dog", "x")], "no caption for 1 of 2 items, cat first"),
    ],
)
def test_what_does_not_fit_is_named(rows, message):
    with pytest.raises(UsageError, match=message):
        paired_captions("m.csv", written(*rows), KNOWN)


def test_one_medium_is_refused():
    with pytest.raises(UsageError, match="own has only one item"):
        score_captions({"m.csv": written(("dog", "x"))}, RetrievalSet(CARD, [DOG], ["a dog"], [0]))


def test_the_second_is_compared_with_the_first():
    rows = {
        "bad": written(("dog", "a cow"), ("cat", "a cow")),
        "good": written(("dog", "a dog"), ("cat", "a cat")),
    }
    bad, good = score_captions(rows, KNOWN)
    assert list(good.per_item) == cider(["a dog", "a cat"], [["a dog runs", "the dog"], ["a cat"]]).tolist()
    assert good.cider.value == pytest.approx(sum(good.per_item) / 2)
    assert good.minus_first.value == pytest.approx(good.cider.value - bad.cider.value)
    assert bad.minus_first is None
    assert list(encode(good)) == ["name", "items", "references", "CIDEr", "minus_first", "per_item"]
    assert list(encode(bad)) == ["name", "items", "references", "CIDEr", "per_item"]
