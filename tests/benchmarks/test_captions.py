from __future__ import annotations

from pathlib import Path

from benchmarks.captions import invented_objects, table
from vlret.datasets.tar_set import Item

DOG = Item(
    "0.jpg", Path("s.tar"), "test", ("A dog runs on grass .", "A puppy on a lawn .", "A boy and his dog .")
)
CAT = Item("1.jpg", Path("s.tar"), "test", ("A cat sleeps .", "A kitten on a chair ."))


def test_an_object_that_no_reference_names_is_invented():
    assert invented_objects("a dog with a ball in the snow", DOG) == {"ball", "snow"}
    assert invented_objects("a puppy on a field", DOG) == set()


def test_a_child_for_a_boy_is_not_invented_but_people_without_people_are():
    assert invented_objects("a child and a dog", DOG) == set()
    assert invented_objects("a child and a cat", CAT) == {"child"}


def test_the_first_captioner_is_compared_with_itself_by_nothing():
    lines = table(
        {"a": ["a dog runs on grass", "a cat"], "b": ["a car", "a cat sleeps"]}, [DOG, CAT]
    ).splitlines()
    assert [line.split(" | ")[0] for line in lines[1:]] == ["a", "b"]
    assert lines[1].split(" | ")[2] == ""
    assert lines[2].split(" | ")[3].startswith("0.50")
