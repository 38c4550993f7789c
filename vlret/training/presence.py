"""Yes / no questions about things in photographs, as in POPE: random, popular and adversarial.

The rule: a photograph's things are those that its captions name (`vlret.training.questions.THINGS`); up to three
of them become questions with the answer yes, and as many others questions with the answer no. `random` draws the
absent things, `popular` takes those named most often in the split, `adversarial` those named most often
together with the present ones. People are never absent beside other people.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from vlret.datasets.tar_set import Item
from vlret.training.questions import THINGS, Question, may_be, presence_question, things_in

SETTINGS = ("random", "popular", "adversarial")
MOST_PRESENT = 3


def presence_questions(items: list[Item], setting: str, seed: int = 0) -> list[Question]:
    """Return questions about `items`, as many with the answer yes as with no for every photograph."""
    rng = random.Random(seed)
    present = [things_in(item.captions) for item in items]
    order = _order(setting, present, rng)
    questions = []
    for number, things in enumerate(present):
        absent = [t for t in order(things) if t not in things and not may_be(t, things)]
        count = min(MOST_PRESENT, len(things), len(absent))
        pairs = [(t, "yes") for t in rng.sample(sorted(things), count)] + [(t, "no") for t in absent[:count]]
        questions += [Question(number, presence_question(thing), answer) for thing, answer in pairs]
    return questions


def _order(setting: str, present: list[set[str]], rng: random.Random) -> Callable[[set[str]], list[str]]:
    names = [words[0] for words in THINGS]
    if setting == "random":
        return lambda things: rng.sample(names, len(names))
    often = Counter(thing for things in present for thing in things)
    if setting == "popular":
        return lambda things: sorted(names, key=lambda name: -often[name])
    together = Counter((a, b) for things in present for a in things for b in things)
    return lambda things: sorted(names, key=lambda name: -sum(together[name, thing] for thing in things))
