"""DAQUAR: questions about rooms, answered by the nearest of the training answers; and who answers blindly."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from vlret.datasets.tar_set import Item, read_items
from vlret.models.base import Embedder
from vlret.types import Tokens

STEPS = 300

Asked = tuple[int, str, tuple[str, ...]]
"""Number of the photograph, question, right answers."""


def daquar(data: Path, split: str) -> tuple[list[Item], list[Asked]]:
    """The photographs of a split, and its questions."""
    items = read_items(data / "photos" / "daquar", "qa.jsonl", split)
    return items, [
        (n, question, answers) for n, item in enumerate(items) for question, answers in item.questions
    ]


def blind_model(embedder: Embedder, train: list[Asked], asked: list[str]) -> list[str]:
    """Answers of a linear softmax over the embedding of the question, trained on questions alone."""
    answers = sorted({right[0] for _, _, right in train})
    number = {answer: n for n, answer in enumerate(answers)}
    x = torch.from_numpy(embedder.embed_texts([question for _, question, _ in train]))
    y = torch.tensor([number[right[0]] for _, _, right in train])
    torch.manual_seed(0)
    layer = torch.nn.Linear(x.shape[1], len(answers))
    optimiser = torch.optim.AdamW(layer.parameters(), lr=0.05, weight_decay=0.01)
    for _ in range(STEPS):
        loss = functional.cross_entropy(layer(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.inference_mode():
        best = layer(torch.from_numpy(embedder.embed_texts(asked))).argmax(1)
    return [answers[n] for n in best]


def most_frequent(train: list[Asked]) -> str:
    """The answer given most often in training."""
    return Counter(right[0] for _, _, right in train).most_common(1)[0][0]


def nearest_answers(
    embedder: Embedder,
    tokens: list[Tokens],
    questions: list[Asked],
    answers: list[str],
) -> list[str]:
    """The answer nearest to the prediction for each photograph and question."""
    table = embedder.embed_texts(answers)
    found = [""] * len(questions)
    for question in sorted({q for _, q, _ in questions}):
        chosen = [n for n, (_, q, _) in enumerate(questions) if q == question]
        scores = embedder.predict([tokens[questions[n][0]] for n in chosen], question) @ table.T
        for n, best in zip(chosen, np.argmax(scores, 1), strict=True):
            found[n] = answers[best]
    return found
