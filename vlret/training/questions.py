"""Questions generated from captions and labels by rule, from which the predictor learns to use its query.

The rule: a thing named by any caption of a photograph is present, one named by none is absent, except that people
are never absent beside other people. Numbers and colours are read from "two dogs" and "black dog". With one caption
only, "no" is less certain; without such photographs the model would learn "no" from Flickr8k's people and dogs alone,
and see people in a heap of coins.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from itertools import pairwise

from vlret.datasets.tar_set import Item

# each line: words for one thing, its everyday name first
THINGS = tuple(
    tuple(line.split())
    for line in """
    dog dogs puppy puppies
    cat cats kitten
    horse horses pony
    bird birds duck ducks seagull
    cow cows cattle bull
    elephant elephants
    man men guy guys gentleman
    woman women lady ladies
    boy boys
    girl girls
    child children kid kids toddler
    baby babies infant
    ball balls basketball football soccer baseball tennis
    bicycle bicycles bike bikes cyclist cyclists biker
    motorcycle motorcycles motorbike
    car cars vehicle vehicles truck
    bus buses
    train trains
    boat boats canoe kayak ship sailboat
    airplane plane jet aircraft
    skateboard skateboarder skateboarding
    snowboard snowboarder snowboarding
    skier skiing skis ski
    surfer surfing surfboard surfboards
    guitar guitars guitarist
    hat hats cap helmet
    tree trees forest woods
    flower flowers
    beach shore seashore
    water ocean sea lake river pool waves wave
    snow snowy
    grass grassy lawn field
    mountain mountains hill cliff
    street road sidewalk
    building buildings house houses tower
    table tables
    chair chairs couch sofa bench
    food cake pizza salad meal
    camera cameras
    umbrella umbrellas
    """.strip().splitlines()
)
KINDS = {
    "what animal is this?": ("dog", "cat", "horse", "bird", "cow", "elephant"),
    "what vehicle is this?": ("bicycle", "motorcycle", "car", "bus", "train", "boat", "airplane"),
    "who is in the picture?": ("man", "woman", "boy", "girl", "child", "baby"),
    "where is this?": ("beach", "water", "snow", "street", "mountain", "grass"),
}
NUMBERS = {"one": 1, "a": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
COLOURS = (
    "black",
    "white",
    "brown",
    "red",
    "blue",
    "green",
    "yellow",
    "orange",
    "pink",
    "purple",
    "gray",
    "grey",
)
NAME_OF = {word: words[0] for words in THINGS for word in words}
PEOPLE = ("man", "woman", "boy", "girl", "child", "baby")
MASS = ("water", "snow", "grass", "food")


@dataclass(frozen=True, slots=True)
class Question:
    """A question about item number `item` and its answer; `brought` if it comes with the dataset."""

    item: int
    question: str
    answer: str
    brought: bool = False


def make_questions(items: list[Item], seed: int = 0) -> list[Question]:
    """Return all questions that the rule generates for `items`.

    Every thing has as many answers "no" as "yes", and "one" is no more frequent than "two", so that the
    question alone does not predict the answer.
    """
    rng = random.Random(seed)
    present = [things_in(item.captions) for item in items]
    questions = _presence(items, present, rng)
    for number, item in enumerate(items):
        pairs = _kinds(present[number]) + _numbers(item.captions) + _colours(item.captions)
        questions += [Question(number, *pair) for pair in pairs]
    return _thin_out("one", "two", questions, rng)


def brought_questions(items: list[Item]) -> list[Question]:
    """Return the questions that come with the dataset, each with the first of its answers."""
    return [
        Question(number, question, answers[0], brought=True)
        for number, item in enumerate(items)
        for question, answers in item.questions
    ]


def things_in(captions: tuple[str, ...]) -> set[str]:
    """Return the everyday names of the things that any of the captions names."""
    return {NAME_OF[word] for caption in captions for word in _words(caption) if word in NAME_OF}


def presence_question(thing: str) -> str:
    """Return the question whether `thing` is there."""
    article = "" if thing in MASS else "an " if thing[0] in "aeiou" else "a "
    return f"is there {article}{thing}?"


def _presence(items: list[Item], present: list[set[str]], rng: random.Random) -> list[Question]:
    answerable = [n for n, item in enumerate(items) if item.captions]
    questions: list[Question] = []
    for thing in sorted({words[0] for words in THINGS}):
        yes = [n for n in range(len(items)) if thing in present[n]]
        no = [n for n in answerable if thing not in present[n] and not may_be(thing, present[n])]
        pairs = [(n, "yes") for n in yes] + [(n, "no") for n in rng.sample(no, min(len(yes), len(no)))]
        questions += [Question(n, presence_question(thing), answer) for n, answer in pairs]
    return questions


def _thin_out(often: str, seldom: str, questions: list[Question], rng: random.Random) -> list[Question]:
    drop = [n for n, q in enumerate(questions) if q.answer == often]
    keep = sum(q.answer == seldom for q in questions)
    dropped = set(rng.sample(drop, max(0, len(drop) - keep)))
    return [q for n, q in enumerate(questions) if n not in dropped]


def _kinds(present: set[str]) -> list[tuple[str, str]]:
    found = {question: [kind for kind in kinds if kind in present] for question, kinds in KINDS.items()}
    return [(question, kinds[0]) for question, kinds in found.items() if len(kinds) == 1]


def may_be(thing: str, present: set[str]) -> bool:
    """A "child" in a caption may be a boy: people are never the reason for a "no" about other people."""
    return thing in PEOPLE and bool(present & set(PEOPLE))


def _numbers(captions: tuple[str, ...]) -> list[tuple[str, str]]:
    """ "how many dogs are there?" where all captions that count the dogs agree."""
    counts: dict[str, set[str]] = {}
    for caption in captions:
        words = _words(caption)
        for number, noun in pairwise(words):
            if number in NUMBERS and noun in NAME_OF and (NUMBERS[number] > 1) == noun.endswith(("s", "men")):
                counts.setdefault(NAME_OF[noun], set()).add("one" if number == "a" else number)
    return [
        (f"how many {_plural(n)} are there?", found.pop()) for n, found in counts.items() if len(found) == 1
    ]


def _colours(captions: tuple[str, ...]) -> list[tuple[str, str]]:
    """ "what colour is the dog?" where all captions that colour the dog agree."""
    colours: dict[str, set[str]] = {}
    for caption in captions:
        words = _words(caption)
        for colour, noun in pairwise(words):
            if colour in COLOURS and noun in NAME_OF:
                colours.setdefault(NAME_OF[noun], set()).add(colour.replace("grey", "gray"))
    return [(f"what color is the {noun}?", found.pop()) for noun, found in colours.items() if len(found) == 1]


def _plural(noun: str) -> str:
    irregular = {"man": "men", "woman": "women", "child": "children", "baby": "babies", "bus": "buses"}
    return irregular.get(noun, f"{noun}s")


def _words(caption: str) -> list[str]:
    return re.findall(r"[a-z]+", caption.lower())
