"""Models for the tests of the command line: a folder named `colour` or `asked` loads one of them.

`colour` is the ColourEmbedder; `asked` has a predictor, which sees the opposite when asked for it.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from tests.conftest import ColourEmbedder


class AskedColour(ColourEmbedder):
    def __init__(self) -> None:
        super().__init__("asked")
        self.card = replace(self.card, takes_query=True, weights_hash="1" * 64)

    def predict(self, tokens, query=None):
        seen = super().predict(tokens)
        return seen[:, [2, 1, 0, 3]] if query and "opposite" in query else seen


class SlowColour(ColourEmbedder):
    """Takes a minute for a batch; before it, writes `encoding` into its folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__("slow")
        self._folder = folder

    def encode_pixels(self, clips):
        (self._folder / "encoding").touch()
        time.sleep(60)
        return super().encode_pixels(clips)


def load_folder(folder: Path, device: str, dtype: str) -> ColourEmbedder:
    if folder.name == "slow":
        return SlowColour(folder)
    return {"colour": ColourEmbedder, "asked": AskedColour}[folder.name]()


if __name__ == "__main__":
    from vlret.cli.app import main
    from vlret.models import registry

    registry._load_folder = load_folder
    main()
