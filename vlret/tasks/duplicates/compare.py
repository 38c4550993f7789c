"""Do two files hold the same footage? Decided on their frames, second by second, never on one of them.

In each second the mean picture must be alike, and so must what moves in front of it: two recordings of one camera, two
black starts or two title cards have the same picture, but not the same motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlret.tasks.duplicates.signature import IMAGE_SIDE, RATE_HZ, Signature

LEAST_MOTION, LEAST_PICTURE = 0.6, 0.6
"""Mean correlation that copies have at least; see docs/duplicates.md for the measurement."""
LEAST_MOVING_S = 3
"""Seconds with motion that must agree."""
LEAST_COVER = 0.8
"""Share of the shorter file that the footage in common makes up at least: less is an intro, or an excerpt."""
LEAST_IMAGE = 0.997
"""Correlation of two pictures that are the same image."""
_MOTION_OF_A_SECOND, _STILL_PICTURE = 0.4, 0.9
_MOVING, _FLAT = 1.0, 2.0  # grey values of 255, root mean square
Seconds = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Match:
    """`[start_a, end_a)` seconds of one file are `[start_b, end_b)` of the other; all 0 for images."""

    start_a: float
    end_a: float
    start_b: float
    end_b: float
    mirrored: bool


@dataclass(frozen=True, slots=True)
class _Agreement:
    """How each second of two files agrees: float32 [n] each.

    `motion` and `picture` are correlations, `movement` is the root mean square of what moves in the stiller of the
    two files; `agrees` is bool [n].
    """

    motion: Seconds
    picture: Seconds
    movement: Seconds
    agrees: NDArray[np.bool_]

    @property
    def score(self) -> float:
        return float(self.motion[self.movement >= _MOVING].sum())

    def part(self, first: int, last: int) -> _Agreement:
        rows = slice(first, last)
        return _Agreement(self.motion[rows], self.picture[rows], self.movement[rows], self.agrees[rows])

    def is_copy(self) -> bool:
        moving = self.movement >= _MOVING
        return bool(
            moving.sum() >= LEAST_MOVING_S
            and self.motion[moving].mean() >= LEAST_MOTION
            and self.picture[moving].mean() >= LEAST_PICTURE
        )


def compare(a: Signature, b: Signature, shifts: tuple[float, float] = (-np.inf, np.inf)) -> Match | None:
    """Return what the files of two signatures have in common; None if they are no copies.

    Args:
        shifts: the least and greatest seconds that `b`'s time may be ahead of `a`'s.
    """
    if a.shape[1:] != b.shape[1:]:  # an image and a video
        return None
    pairs = ((mirrored, b[:, :, ::-1] if mirrored else b) for mirrored in (False, True))
    if a.shape[1] == IMAGE_SIDE:
        return next((Match(0, 0, 0, 0, mirrored) for mirrored, other in pairs if _same_image(a, other)), None)
    tries = [(_best_shift(a, other, shifts), mirrored) for mirrored, other in pairs]
    found = [(best, mirrored) for best, mirrored in tries if best is not None]
    if not found:
        return None
    (agreement, shift), mirrored = max(found, key=lambda item: item[0][0].score)
    return _match(agreement, shift, min(len(a), len(b)) // RATE_HZ, mirrored)


def _same_image(a: Signature, b: Signature) -> bool:
    return bool(_correlation(_contrast(a), _contrast(b))[0] >= LEAST_IMAGE)


def _best_shift(a: Signature, b: Signature, shifts: tuple[float, float]) -> tuple[_Agreement, int] | None:
    """The agreement at the shift (frames that `b` is ahead) where most motion agrees; None: none is long enough."""
    least = max(RATE_HZ * LEAST_MOVING_S, LEAST_COVER * min(len(a), len(b)))
    first = max(int(least) - len(a), shifts[0] * RATE_HZ)
    last = min(len(b) - int(least), shifts[1] * RATE_HZ)
    if first > last or min(len(a), len(b)) < least:
        return None
    a, b = _smooth(a), _smooth(b)
    tries = (
        (_agreement(a[max(0, -shift) :], b[max(0, shift) :]), shift)
        for shift in range(int(first), int(last) + 1)
    )
    return max(tries, key=lambda item: item[0].score)


def _match(agreement: _Agreement, shift: int, shorter_s: int, mirrored: bool) -> Match | None:
    first, last = _longest_stretch(agreement.agrees)
    if last - first < LEAST_COVER * shorter_s or not agreement.part(first, last).is_copy():
        return None
    start_a, start_b = max(0, -shift) / RATE_HZ, max(0, shift) / RATE_HZ
    return Match(start_a + first, start_a + last, start_b + first, start_b + last, mirrored)


def _longest_stretch(agrees: NDArray[np.bool_]) -> tuple[int, int]:
    """The stretch [first, last) with the most seconds that agree; one that does not costs two."""
    total = np.concatenate([[0], np.cumsum(np.where(agrees, 1, -2))])
    lows = np.minimum.accumulate(total)
    last = int(np.argmax(total - lows))
    first = int(np.flatnonzero(total[: last + 1] == lows[last])[-1])
    return first, last


def _agreement(a: Signature, b: Signature) -> _Agreement:
    n = min(len(a), len(b)) // RATE_HZ
    seconds = [part[: n * RATE_HZ].reshape(n, RATE_HZ, -1) for part in (a, b)]
    means = [part.mean(axis=1) for part in seconds]
    moves = [part - mean[:, None] for part, mean in zip(seconds, means, strict=True)]
    motion, picture = _correlation(*moves), _correlation(*means)
    movements, contrasts = [_rms(part) for part in moves], [_rms(part) for part in means]
    is_still = np.maximum(*movements) < _MOVING
    is_flat = np.maximum(*contrasts) < _FLAT
    alike = np.where(is_still, is_flat | (picture >= _STILL_PICTURE), motion >= _MOTION_OF_A_SECOND)
    agrees = alike & (is_flat | (picture >= LEAST_PICTURE))
    return _Agreement(motion, picture, np.minimum(*movements), agrees)


def _smooth(signature: Signature) -> Signature:
    """Contrast, and each frame mixed with its neighbours: copies begin between two frames."""
    padded = np.concatenate([signature[:1], signature, signature[-1:]])
    return _contrast((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4)


def _contrast(signature: Signature) -> Signature:
    """Each frame float32 [n, pixels] less its mean: brightness does not count."""
    flat = signature.reshape(len(signature), -1)
    contrast: Signature = flat - flat.mean(axis=1, keepdims=True)
    return contrast


def _correlation(a: Signature, b: Signature) -> Seconds:
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosines: Seconds = np.einsum("nd,nd->n", a, b) / np.maximum(norms, 1e-6)
    return cosines


def _rms(part: Signature) -> Seconds:
    rms: Seconds = np.sqrt((part.reshape(len(part), -1) ** 2).mean(axis=1))
    return rms
