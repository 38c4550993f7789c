"""Arguments of wrong types: whatever is given to a public function, the answer is a VlretError that says so."""

from __future__ import annotations

import numpy as np
import pytest

import vlret
from tests.conftest import ColourEmbedder
from vlret.errors import VlretError

WRONG = [5, 2.5, b"x", {}, object(), np.zeros(3), float("nan")]
CALLS = {
    "search index": lambda i, p, x: vlret.search(x, "a"),
    "search query": lambda i, p, x: vlret.search(i, x, model=ColourEmbedder()),
    "search plus": lambda i, p, x: vlret.search(i, "a", plus=[x], model=ColourEmbedder()),
    "search only": lambda i, p, x: vlret.search(i, "a", only=x, model=ColourEmbedder()),
    "search model": lambda i, p, x: vlret.search(i, "a", model=x),
    "classify source": lambda i, p, x: vlret.classify([x], ["a"], model=ColourEmbedder()),
    "classify model": lambda i, p, x: vlret.classify(p, ["a"], model=x),
    "classify labels": lambda i, p, x: vlret.classify(i, [x], model=ColourEmbedder()),
    "answer model": lambda i, p, x: vlret.answer(x, p, "which?", ["a"]),
    "answer clip": lambda i, p, x: vlret.answer(ColourEmbedder(), x, "which?", ["a"]),
    "answer question": lambda i, p, x: vlret.answer(ColourEmbedder(), p, x, ["a"]),
    "load_model": lambda i, p, x: vlret.load_model(x),
    "load_model device": lambda i, p, x: vlret.load_model("vljepa-mini", device=x),
    "load_model dtype": lambda i, p, x: vlret.load_model("vljepa-mini", dtype=x),
    "Index.open": lambda i, p, x: vlret.Index.open(x),
    "decode path": lambda i, p, x: vlret.decode(x, [0.0]),
    "decode times": lambda i, p, x: vlret.decode(p, [x]),
    "decode size": lambda i, p, x: vlret.decode(p, [0.0], size=x),
    "build_index sources": lambda i, p, x: vlret.build_index([x], out="never"),
    "build_index clips": lambda i, p, x: vlret.build_index(p, out="never", clips=x, model=ColourEmbedder()),
    "Clip": lambda i, p, x: vlret.Clip(x),
    "Clip end": lambda i, p, x: vlret.Clip("a.mp4", 6.0, x),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_wrong_type_is_told(painted_index, painted, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for wrong in WRONG:
        if call == "decode times" and isinstance(wrong, (int, float)) and wrong == wrong:
            continue  # those are times
        with pytest.raises(VlretError):
            CALLS[call](painted_index, painted / "red.png", wrong)
