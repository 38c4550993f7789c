"""Questions by rule: balanced, never a "no" about people who may be meant, numbers and colours as said."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from vlret.datasets.tar_set import Item, read_items
from vlret.training.questions import (
    Question,
    brought_questions,
    make_questions,
    presence_question,
    things_in,
)


def item(*captions: str) -> Item:
    return Item("x.webp", Path("x.tar"), "train", captions)


def test_things_are_found_under_their_everyday_name() -> None:
    assert things_in(("Two puppies and a cyclist.", "A LADY on the shore")) == {
        "dog",
        "bicycle",
        "woman",
        "beach",
    }


def test_every_thing_has_as_many_no_as_yes() -> None:
    items = [
        item("a dog on grass", *["a dog"] * 2),
        item("a cat", "the cat", "a cat"),
        item("a tree", "tree", "tree"),
    ]
    counts = Counter((q.question, q.answer) for q in make_questions(items) if q.answer in ("yes", "no"))
    for thing in ("dog", "cat", "grass"):
        question = presence_question(thing)
        assert counts[question, "yes"] == counts[question, "no"] == 1


def test_people_are_never_the_reason_for_a_no_about_people() -> None:
    items = [item(*["a child plays"] * 3), item(*["a man runs"] * 3), item(*["a boat"] * 3)]
    no = [(q.item, q.question) for q in make_questions(items) if q.answer == "no"]
    assert (0, "is there a man?") not in no
    assert (2, "is there a man?") in no


def test_a_photograph_without_captions_is_no_reason_for_a_no() -> None:
    no = {q.item for q in make_questions([item("a dog"), item("a cat"), item()]) if q.answer == "no"}
    assert no == {0, 1}


def test_numbers_and_colours_where_captions_agree() -> None:
    pairs = {
        (q.question, q.answer) for q in make_questions([item("two black dogs", "two dogs run", "black dogs")])
    }
    assert ("how many dogs are there?", "two") in pairs
    assert ("what color is the dog?", "black") in pairs
    unsure = {q.question for q in make_questions([item("two white dogs", "three black dogs")])}
    assert not unsure & {"how many dogs are there?", "what color is the dog?"}


def test_articles() -> None:
    assert presence_question("umbrella") == "is there an umbrella?"
    assert presence_question("snow") == "is there snow?"


def test_questions_that_items_bring_along_are_kept() -> None:
    asked = Item("x.webp", Path("x.tar"), "train", questions=(("what is on the desk?", ("book", "lamp")),))
    assert brought_questions([asked]) == [Question(0, "what is on the desk?", "book", brought=True)]


def test_reads_a_set(tmp_path: Path) -> None:
    (tmp_path / "captions.jsonl").write_text(
        '{"image": "a.webp", "captions": ["a dog"], "split": "train", "shard": "s.tar"}\n'
        '{"image": "b.webp", "captions": ["a cat"], "split": "test", "shard": "s.tar"}\n'
    )
    assert [i.name for i in read_items(tmp_path)] == ["a.webp", "b.webp"]
    assert [i.captions for i in read_items(tmp_path, split="test")] == [("a cat",)]
