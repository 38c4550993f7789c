"""Texts are truncated at whole words, at a number of CLIP's tokens."""

from __future__ import annotations

import pytest

from vlret.evaluation.embeddings.truncated_texts import truncate


@pytest.mark.parametrize(
    ("text", "n", "expected"),
    [
        ("a red wall", 5, "a red wall"),
        ("a red wall", 4, "a red"),
        ("a  red\twall", 5, "a  red\twall"),
        ("a  red\twall", 4, "a red"),
        ("a red wall", 2, ""),
        ("", 10, ""),
    ],
)
def test_whole_words_within_the_tokens(text, n, expected):
    assert truncate(text, n) == expected


def test_the_truncated_text_fits_and_one_word_more_does_not():
    from open_clip.tokenizer import SimpleTokenizer

    tokenizer = SimpleTokenizer()
    text = "An antidisestablishmentarian photographs, hurriedly; 1024 otherworldly chrysanthemums... " * 9
    cut = truncate(text, 64)
    more = " ".join(text.split()[: len(cut.split()) + 1])
    assert text.split()[: len(cut.split())] == cut.split()
    assert len(tokenizer.encode(cut)) + 2 <= 64 < len(tokenizer.encode(more)) + 2
