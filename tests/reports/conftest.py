"""A video whose frames carry their number."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.evaluation.conftest import painted  # noqa: F401
from tests.reports.bench_documents import contaminated_document, documents


def write_counted(path: Path, n_frames: int = 30, size: int = 64, gop: int = 12, sound: bool = False) -> Path:
    """Frame i of the 10 fps video has the grey level 8 * i; the sound is a tone that grows louder."""
    with av.open(str(path), "w") as out:
        video = out.add_stream(
            "libx264", rate=10, options={"crf": "1", "g": str(gop), "keyint_min": str(gop)}
        )
        video.width, video.height, video.pix_fmt = size, size, "yuv420p"
        audio = out.add_stream("aac", rate=48_000, layout="mono") if sound else None
        for i in range(n_frames):
            frame = av.VideoFrame.from_ndarray(np.full((size, size, 3), 8 * i, np.uint8), format="rgb24")
            out.mux(video.encode(frame))
        out.mux(video.encode())
        if audio:
            for i in range(n_frames):
                times = (np.arange(4800) + i * 4800) / 48_000
                wave = (np.sin(2 * np.pi * 440 * times) * i / n_frames).astype(np.float32)[None]
                piece = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
                piece.rate, piece.pts, piece.time_base = 48_000, i * 4800, Fraction(1, 48_000)
                out.mux(audio.encode(piece))
            out.mux(audio.encode())
    return path


@pytest.fixture
def counted_video(tmp_path) -> Path:
    return write_counted(tmp_path / "counted.mp4")


@pytest.fixture(scope="session")
def contaminated(tmp_path_factory):
    """A retrieval result with marked and unmarked published rows."""
    return contaminated_document(tmp_path_factory.mktemp("contaminated"))


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Results of `vlret.evaluation.runner` by task."""
    return documents(tmp_path_factory.mktemp("results"))
