from __future__ import annotations

from vlret.index.roots import RootNumbers


def test_roots_are_numbered_in_their_order_and_new_ones_at_the_end():
    numbers = RootNumbers(["/b", "/a"])
    assert [numbers.number(root) for root in ("/a", "/c", "/b", "/c", "/d")] == [1, 2, 0, 2, 3]
    assert numbers.roots == ["/b", "/a", "/c", "/d"]


def test_of_two_equal_roots_the_first_counts_and_both_stay():
    numbers = RootNumbers(["/a", "/b", "/a"])  # two directories that were moved into one
    assert (numbers.number("/a"), numbers.number("/c")) == (0, 3)
    assert numbers.roots == ["/a", "/b", "/a", "/c"]
