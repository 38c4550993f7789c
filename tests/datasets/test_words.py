from __future__ import annotations

import pytest

from vlret.datasets.words import camel_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("PutOnHairExtensions", "put on hair extensions"),
        ("ApplyEyeMakeup", "apply eye makeup"),
        ("UseATM", "use ATM"),
        ("YoYo", "yo yo"),
        ("MakeRJ45Cable", "make RJ 45 cable"),
        ("SkyDiving", "sky diving"),
        ("PCRTest", "PCR test"),
    ],
)
def test_camel_words(name: str, words: str):
    assert camel_words(name) == words
