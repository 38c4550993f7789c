"""The rule of `EventDetector` written again: it keeps the whole stream and computes every figure from the start."""

from __future__ import annotations

import numpy as np

from vlret.segmentation.event_settings import EventSettings
from vlret.types import Vectors

Found = tuple[int, float, float, int | None, np.ndarray]


def naive_events(times: list[float], rows: list[Vectors], settings: EventSettings) -> list[Found]:
    found: list[Found] = []
    current: list[tuple[int, float]] = []  # (row, seconds of the average) in the event going on
    candidate: list[tuple[int, float]] = []
    errors: list[float] = []

    def average(run: list[tuple[int, float]]) -> np.ndarray:
        weights = np.ones(len(run))
        for place in range(1, len(run)):
            share = 1 - np.exp(-(times[run[place][0]] - times[run[place - 1][0]]) / run[place][1])
            weights[:place] *= 1 - share
            weights[place] = share
        mean = sum(weight * rows[row].astype(float) for weight, (row, _) in zip(weights, run, strict=True))
        return mean / np.linalg.norm(mean)

    def error_to(row: int, run: list[tuple[int, float]]) -> float:
        return (1 - rows[row] @ average(run)) / 2

    def threshold() -> float:
        seen = errors[-settings.memory :] or [-1.0]
        return max(np.mean(seen) + settings.deviations * np.std(seen), settings.least_error)

    def is_new(now: int) -> bool:
        silent = current and times[now] - times[current[0][0]] >= settings.max_silence_s
        return not current or silent or error_to(now, current) > threshold()

    def announce(now: int) -> None:
        nonlocal current, candidate
        vector = average(candidate)
        described = [e for e in found if e[3] is None][-settings.described :]
        cosines = [e[4] @ vector for e in described]
        best = int(np.argmax(cosines)) if cosines else 0
        reuses = described[best][0] if cosines and cosines[best] >= settings.reuse_cosine else None
        found.append((len(found), times[candidate[0][0]], times[now], reuses, vector))
        for place, (row, _) in enumerate(candidate):
            errors.append(error_to(row, candidate[: max(place, 1)]))
        current, candidate = candidate, []

    def dwelled() -> bool:
        return times[candidate[-1][0]] - times[candidate[0][0]] >= settings.min_dwell_s

    for now, time in enumerate(times):
        if candidate and time - times[candidate[0][0]] > settings.delay_s:
            candidate = []
        novel, n_before = is_new(now), len(found)
        if candidate and not novel:
            if dwelled():
                announce(now)
                novel = is_new(now)
            candidate = []
        if not novel:
            errors.append(error_to(now, current))
            current.append((now, settings.average_s))
            continue
        candidate.append((now, 1.0))
        step = time - times[now - 1] if now else 0.0
        if time + step > times[candidate[0][0]] + settings.delay_s and len(found) == n_before:
            announce(now)
    if candidate and (not current or dwelled()):
        announce(len(times) - 1)
    return found
