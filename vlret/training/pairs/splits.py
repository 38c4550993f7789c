"""Which split a clip belongs to: as its dataset says, or by a hash of its file's name."""

from __future__ import annotations

from vlret.training.pairs.clip_media import stable_id

TRAIN, DEV, TEST = "train", "dev", "test"
DEV_PART = 20
"""Where a dataset has no splits, one file of so many is for dev."""
_NAMES = {"training": TRAIN, "extra": TRAIN, "val": DEV, "valid": DEV, "validation": DEV}


def split_of(given: str, name: str) -> str:
    """Return the split of a clip: `given` in the words of vlret, or one by the name of its file where it is "".

    All clips of a file are on the same side, and files that are added later move none.
    """
    if given:
        return _NAMES.get(given.lower(), given.lower())
    return DEV if stable_id(name) % DEV_PART == 0 else TRAIN
