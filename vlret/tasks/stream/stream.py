"""A stream described as it happens: a text for each event, and only for what is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from numbers import Real
from pathlib import Path
from typing import Any

from vlret.errors import UsageError
from vlret.media.live.reader import StreamReader
from vlret.media.live.source import StreamSource, stream_source
from vlret.models.base import Embedder
from vlret.models.captioners.base import Captioner
from vlret.models.captioners.registry import load_captioner
from vlret.models.registry import load_model
from vlret.segmentation.event_settings import EventSettings
from vlret.segmentation.events import Event, EventDetector
from vlret.tasks.label import UNKNOWN
from vlret.tasks.stream.windows import StreamWindows
from vlret.types import Caption, Vectors

LENGTH_S = 2.0
_FRAMES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """Something new in a stream, in words. Seconds count from its first frame.

    Attributes:
        number: counts from 0.
        start_s: when it began: the middle of the first window that was new.
        decided_s: up to when the stream had been seen when it was described.
        text: "unknown" where it looks like nothing that the model knows.
        score: cosine of text and event.
        reuses: number of the earlier event whose text this is, because it looked alike; or None.
    """

    number: int
    start_s: float
    decided_s: float
    text: str
    score: float
    reuses: int | None

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return asdict(self)


class EventStream:
    """A stream that is described while it is iterated over, once; made by `stream`.

    Attributes:
        name: of the source, without user, password and query of an address.
        n_events, n_reused: events so far, and those of them that took the text of an earlier one.
    """

    def __init__(
        self,
        source: StreamSource,
        embedder: Embedder,
        captioner: Captioner,
        settings: EventSettings,
        rate_hz: float,
    ) -> None:
        self._embedder, self._captioner, self._settings = embedder, captioner, settings
        self._windows = StreamWindows(embedder, rate_hz, LENGTH_S)
        self._reader = StreamReader(source, self._windows.frames_hz, embedder.card.decode_size)
        self._texts: dict[int, str] = {}  # of the events that can be reused
        self.name = source.name
        self.n_events = self.n_reused = 0

    @property
    def n_dropped(self) -> int:
        """Frames dropped so far because the model was slower than the source."""
        return self._reader.n_dropped

    def __iter__(self) -> Iterator[StreamEvent]:
        detector = EventDetector(self._settings)
        with self._reader:
            for end_s, vector in self._vectors():
                if event := detector.push(end_s, vector):
                    yield self._described(event)
            if event := detector.flush():
                yield self._described(event)

    def _vectors(self) -> Iterator[tuple[float, Vectors]]:
        """The end in seconds and the vector of each window."""
        for frames in self._reader.batches(_FRAMES_AT_ONCE):
            yield from self._windows.push(frames)
        yield from self._windows.flush()

    def _described(self, event: Event) -> StreamEvent:
        caption = self._caption(event)
        self.n_events += 1
        self.n_reused += event.reuses is not None
        start_s = max(event.start_s - LENGTH_S / 2, 0.0)
        return StreamEvent(event.number, start_s, event.decided_s, caption.text, caption.score, event.reuses)

    def _caption(self, event: Event) -> Caption:
        caption = self._made(event) if event.reuses is None else self._reused(event, event.reuses)
        return caption if self._captioner.knows(caption) else replace(caption, text=UNKNOWN)

    def _made(self, event: Event) -> Caption:
        (caption,) = self._captioner.caption(event.vector[None])
        self._texts[event.number] = caption.text
        if len(self._texts) > self._settings.described:
            del self._texts[next(iter(self._texts))]
        return caption

    def _reused(self, event: Event, number: int) -> Caption:
        text = self._texts[number]
        return Caption(text, float(self._embedder.embed_texts([text])[0] @ event.vector))


def stream(
    source: str | Path,
    captioner: Captioner | str | Path = "auto",
    *,
    model: Embedder | str | Path = "vljepa-mini",
    rate_hz: float = 2.0,
    delay_s: float = 3.0,
    min_dwell_s: float = 1.0,
    max_silence_s: float = 60.0,
    device: str = "auto",
    dtype: str = "auto",
    engine: str = "auto",
) -> EventStream:
    """Return the events of a stream, each with a text, to iterate over as they happen.

    A file or a pipe is read without loss, as fast as the model is. A camera or an endless address does not wait:
    frames for which the model is too slow are dropped, a lost connection is tried again.

    Args:
        source: a video file, "-" (standard input) or another pipe, an rtsp or http address, or a camera such as
            /dev/video0.
        captioner: what `load_captioner` takes.
        model: an embedder or its name.
        rate_hz: windows a second that are compared; each shows the last 2 s.
        delay_s: an event is described at most so many seconds of the stream after its start.
        min_dwell_s: what is gone before is no event.
        max_silence_s: without any change, an event starts after so many seconds.
        device, dtype, engine: as `load_model`.

    Raises:
        UsageError: an argument is of the wrong type or out of bounds.
        MediaError: the source cannot be read, or the connection is lost for good.
        ModelError: the model comes without that captioner, or is damaged.
    """
    settings = _settings(rate_hz, delay_s, min_dwell_s, max_silence_s)
    found = stream_source(source)
    embedder = model if isinstance(model, Embedder) else load_model(model, device, dtype, engine)
    embedder.check_clips()
    embedder.load()
    return EventStream(found, embedder, load_captioner(captioner, embedder), settings, rate_hz)


def _settings(rate_hz: float, delay_s: float, min_dwell_s: float, max_silence_s: float) -> EventSettings:
    """The detector's: it sees windows, whose ends are half a window later than what they show."""
    given = EventSettings(delay_s=delay_s, min_dwell_s=min_dwell_s, max_silence_s=max_silence_s)
    if not isinstance(rate_hz, Real) or not 0 < rate_hz <= 30:
        raise UsageError(
            f"The rate was given as {rate_hz!r}.",
            "Give windows a second, up to 30.",
            code="invalid_rate",
            given=rate_hz,
        )
    least_s = LENGTH_S / 2 + min_dwell_s
    if delay_s < least_s:
        raise UsageError(
            f"The delay was given as {delay_s!r} s.",
            f"Give {least_s:g} s or more: half a window and the shortest event.",
            code="delay_too_short",
            given=delay_s,
        )
    return replace(given, delay_s=delay_s - LENGTH_S / 2)
