"""A vision-language model that knows colours, and counts what it is asked."""

from __future__ import annotations

import numpy as np

from tests.conftest import COLOURS
from vlret.models.vlm.base import Likelihoods, VisionLanguageModel, WrittenAnswer


class Painter(VisionLanguageModel):
    """Answers "is it red?" in a sentence and other questions with the colour; -1 is the likelihood of what it sees."""

    name, prompt, side = "painter", "{} One word.", 12

    def __init__(self, prompt=prompt, weights="1"):
        self.prompt, self._weights = prompt, weights
        self.written, self.weighed, self.shapes = [], [], []

    @property
    def recipe(self):
        return {"weights_hash": self._weights, "prompt": self.prompt}

    def about(self, n_frames):
        return {
            **self.recipe,
            "name": self.name,
            "frames_as": "images",
            "prompts": [self.prompt],
            "trained_on": [],
        }

    def check_frames(self, n_frames):
        pass

    def write_answer(self, frames, question):
        self.written.append(question)
        self.shapes.append(frames.pixels.shape)
        seen = _colour(frames)
        if question != "is it red?":
            return WrittenAnswer(f"A {seen.capitalize()}.", 10, 3)
        return WrittenAnswer("Yes, it is." if seen == "red" else "It is not. Yes.", 10, 5)

    def likelihoods(self, frames, question, candidates):
        self.weighed.append((question, tuple(candidates)))
        seen = _colour(frames)
        right = ("yes" if seen == "red" else "no") if "yes" in candidates else seen
        return Likelihoods([-1.0 if one == right else -2.0 for one in candidates], 10, len(candidates))


def _colour(frames):
    mean = frames.pixels.mean((0, 1, 2))
    return min(COLOURS, key=lambda name: float(np.abs(mean - COLOURS[name]).sum()))
