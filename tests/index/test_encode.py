from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.index.stand_in import CircleEmbedder, clip_decoded, media_info
from vlret.index.encode import BatchEncoded, Encoder, FileEncoded
from vlret.media.pool import DecodeJob, Event, FileDone, FileFailed

A, B = (DecodeJob(Path(name), "auto", 2) for name in ("a.mp4", "b.mp4"))


def done(job: DecodeJob, n_clips: int, warning: str | None = None) -> FileDone:
    return FileDone(job, media_info(4.0), n_clips, warning)


def run(events: Iterable[Event], model: CircleEmbedder | None = None) -> list:
    results = list(Encoder(model or CircleEmbedder(), 1).run(events))
    return [result for result in results if not isinstance(result, BatchEncoded)]


class BusyEmbedder(CircleEmbedder):
    """Its first batch takes until `go`."""

    def __init__(self) -> None:
        super().__init__(batch_size=3)
        self.go = threading.Event()

    def encode_pixels(self, clips):
        assert self.go.wait(10)
        return super().encode_pixels(clips)


def test_a_batch_holds_what_came_of_several_files_while_the_last_was_encoded() -> None:
    model = BusyEmbedder()

    def events() -> Iterator[Event]:
        yield from (clip_decoded(A, 0, 1), clip_decoded(B, 0, 11), clip_decoded(A, 1, 2), done(A, 2))
        model.go.set()
        yield from (clip_decoded(B, 1, 12), clip_decoded(B, 2, 13), done(B, 3))

    a, b = run(events(), model)
    assert sum(model.batches) == 5
    assert max(model.batches) >= 2
    assert [a.job.path.name, b.job.path.name] == ["a.mp4", "b.mp4"]
    np.testing.assert_allclose(a.vectors, [model.vector(1), model.vector(2)], atol=1e-6)
    np.testing.assert_allclose(b.vectors, [model.vector(11), model.vector(12), model.vector(13)], atol=1e-6)
    assert [clip.start for clip in b.clips] == [0.0, 2.0, 4.0]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 10])
def test_a_file_that_fails_takes_all_of_its_clips_along(batch_size: int) -> None:
    model = CircleEmbedder(batch_size=batch_size)
    events = [
        clip_decoded(A, 0, 1), clip_decoded(B, 0, 11), clip_decoded(A, 1, 2), clip_decoded(A, 2, 3),
        FileFailed(A, "hangs"), clip_decoded(B, 1, 12), done(B, 2),
    ]  # fmt: skip
    failed, b = run(events, model)
    assert failed == FileFailed(A, "hangs")
    np.testing.assert_allclose(b.vectors, [model.vector(11), model.vector(12)], atol=1e-6)


def test_vectors_come_out_with_unit_length(monkeypatch: pytest.MonkeyPatch) -> None:
    model = CircleEmbedder()
    monkeypatch.setattr(model, "predict", lambda tokens: np.full((len(tokens), 2), 3.0, np.float32))
    (file,) = run([clip_decoded(A, 0, 1), done(A, 1)], model)
    np.testing.assert_allclose(file.vectors, [[0.5**0.5, 0.5**0.5]], atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_a_file_with_a_vector_without_direction_is_skipped(bad: float, monkeypatch) -> None:
    model = CircleEmbedder()
    monkeypatch.setattr(model, "predict", lambda tokens: np.full((len(tokens), 2), bad, np.float32))
    assert run([clip_decoded(A, 3, 1), done(A, 1)], model) == [
        FileFailed(A, "the model gave no vector at 6.0 s")
    ]


def test_a_file_without_clips_is_skipped() -> None:
    assert run([done(A, 0)]) == [FileFailed(A, "holds no clips")]


def test_a_warning_travels_with_the_file() -> None:
    (file,) = run([clip_decoded(A, 0, 1), done(A, 1, "damaged after 3.2 s")])
    assert isinstance(file, FileEncoded)
    assert file.warning == "damaged after 3.2 s"
    assert file.duration_s == 4.0


def test_decoding_goes_on_while_a_batch_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    model = CircleEmbedder(batch_size=1)
    next_is_decoded = threading.Event()
    encode = model.encode_pixels

    def waiting(clips: list) -> list:
        if model.n_clips_seen == 0:
            assert next_is_decoded.wait(10)
        return encode(clips)

    def events() -> list[Event]:
        yield clip_decoded(A, 0, 1)
        next_is_decoded.set()
        yield clip_decoded(A, 1, 2)
        yield done(A, 2)

    monkeypatch.setattr(model, "encode_pixels", waiting)
    assert len(run(events(), model)) == 1


def test_an_error_of_the_model_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    model = CircleEmbedder()

    def fail(clips: list) -> list:
        raise MemoryError

    monkeypatch.setattr(model, "encode_pixels", fail)
    with pytest.raises(MemoryError):
        run([clip_decoded(A, 0, 1), done(A, 1)], model)
