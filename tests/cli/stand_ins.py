"""Models for the tests of the command line: a folder named `colour`, `asked` or `hanging` loads one of them.

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


class HangingColour(ColourEmbedder):
    """After eight clips it writes `hangs` into its folder and hangs for ten minutes; it hangs only once."""

    def __init__(self, folder: Path) -> None:
        super().__init__("hanging")
        self._file = folder / "hangs"

    def encode_pixels(self, clips):
        if self.n_clips_seen >= 8 and not self._file.exists():
            self._file.touch()
            time.sleep(600)
        return super().encode_pixels(clips)


def load_folder(folder: Path, *_: str) -> ColourEmbedder:
    if folder.name == "hanging":
        return HangingColour(folder)
    return {"colour": ColourEmbedder, "asked": AskedColour}[folder.name]()


if __name__ == "__main__":
    from vlret.cli.app import main
    from vlret.models import registry

    registry._load_folder = load_folder
    main()
