"""Saves a clip as a file: exactly its frames, with sound, never over an existing file."""

from __future__ import annotations

import errno
import shutil
from functools import partial
from pathlib import Path

import av

from vlret.errors import MediaError
from vlret.media.image.still import Still
from vlret.media.open_media import open_media
from vlret.media.sources import IMAGE_SUFFIXES
from vlret.media.video.video import Video
from vlret.reports.clip_form import ClipForm, find_form
from vlret.reports.copy_clip import copy_clip
from vlret.reports.encode_clip import check_start, encode
from vlret.reports.free_name import safe_stem, write_new
from vlret.reports.timecode import timecode
from vlret.types import Clip

_OUTPUT_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO}


def save_clip(clip: Clip, folder: Path, form: str = "mp4") -> Path:
    """Save `clip` in `folder` (created if needed): "mp4" (H.264 and AAC) or "webm" (VP9 and Opus); an image is copied.

    All frames are kept with their timestamps, from the one shown at `clip.start` to the last one that begins before
    `clip.end`. Where the clip begins with a keyframe and its codec fits, packets are copied, with no loss; otherwise
    it is encoded again. The name is the file's with the time code; `_2`, `_3`... is appended if it exists.

    Returns:
        the new file.

    Raises:
        UsageError: `form` is unknown.
        MediaError: the file cannot be read, or ends before `clip.start`.
        OutputError: the new file cannot be written.
    """
    written_as, stem = find_form(form), safe_stem(clip.path.stem)
    with open_media(clip.path) as media:
        if not isinstance(media, Video):
            return write_new(
                folder, stem, _image_suffix(clip.path, media), partial(shutil.copyfile, media.path)
            )
        check_start(clip, media)
        stem += f"_{timecode(clip.start).replace(':', '-')}"
        return write_new(folder, stem, written_as.suffix, partial(_write, clip, media, written_as))


def _image_suffix(path: Path, image: Still) -> str:
    """Return the suffix of an image; it follows from its content if the name has none."""
    suffix = path.suffix.lower()
    return suffix if suffix in IMAGE_SUFFIXES else f".{image.info.codec}"


def _write(clip: Clip, media: Video, form: ClipForm, target: Path) -> None:
    try:
        if not copy_clip(clip, media, target, form):
            encode(clip, media, target, form)
    except av.FFmpegError as error:
        if error.errno in _OUTPUT_ERRORS:
            raise OSError(error.errno, error.strerror) from error
        raise MediaError(
            f"{clip.path} could not be saved as a clip: {error.strerror}.",
            code="clip_not_saved",
            path=clip.path,
        ) from error
