"""What every task does alike: hashes, subsets, sources; and a new task is one class and one entry."""

from __future__ import annotations

from dataclasses import replace

from tests.evaluation.sets import classification_set, retrieval_set, text_set, vqa_set
from vlret.evaluation.tasks.registry import task_of


def set_hash(dataset) -> str:
    return task_of(dataset).set_hash()


def test_the_hash_sees_ids_texts_and_what_belongs_together():
    sets = [retrieval_set(), classification_set(), vqa_set(), text_set()]
    hashes = {set_hash(one) for one in sets}
    assert {set_hash(one) for one in sets} == hashes
    assert len(hashes) == 4
    whole = retrieval_set()
    changed = [
        replace(whole, texts=["a red wall!", *whole.texts[1:]]),
        replace(whole, owner=[1, *whole.owner[1:]]),
        replace(whole, media=[replace(whole.media[0], end=1.0), *whole.media[1:]]),
    ]
    assert len({set_hash(one) for one in [whole, *changed]}) == 4
