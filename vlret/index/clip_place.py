"""Where a clip that a user names stands among the clips of an index."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from vlret.errors import UsageError
from vlret.types import Ids, type_name


def clip_place(clip_ids: Ids, clip_id: object, index: str) -> int:
    """The position of `clip_id` in `clip_ids`, int64, ascending; `index` is their place, for messages.

    Raises:
        UsageError: it is no integer, or not there.
    """
    if not isinstance(clip_id, Integral):
        raise UsageError(
            f"A clip_id was given as {type_name(clip_id)}.",
            "Give an integer.",
            code="wrong_type",
            given=clip_id,
        )
    place = int(np.searchsorted(clip_ids, int(clip_id)))
    if place == len(clip_ids) or clip_ids[place] != clip_id:
        raise UsageError(
            f"The index {index} has no clip {clip_id}.", "See rows() for the clips it has.",
            code="no_such_clip", given=clip_id, index=index,
        )  # fmt: skip
    return place
