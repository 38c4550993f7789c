"""An uploaded image or clip: kept as a file while it is decoded in a child process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from vlret.errors import MediaError
from vlret.media.sources import MEDIA_SUFFIXES
from vlret.models.base import ModelCard
from vlret.server.answers import frames_of
from vlret.server.service import Service
from vlret.types import Clip, Frames


def uploaded_frames(service: Service, file: BinaryIO, name: str, card: ModelCard) -> Frames:
    """Return the frames of an uploaded file that the model of `card` takes. Of its `name` only the suffix counts.

    Raises:
        MediaError: it is not an image or video that can be read within the limits.
    """
    with _on_disk(file, name) as path:
        try:
            return frames_of(service, Clip(path), card)
        except MediaError as error:
            reason = error.fields.get("reason", "it cannot be read")
            raise MediaError(f"The uploaded file: {reason}.", error.hint, code=error.code) from error


@contextmanager
def _on_disk(file: BinaryIO, name: str) -> Iterator[Path]:
    suffix = PurePosixPath(name).suffix.lower()
    with NamedTemporaryFile(prefix="vlret-", suffix=suffix if suffix in MEDIA_SUFFIXES else "") as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy)
        copy.flush()
        yield Path(copy.name)
