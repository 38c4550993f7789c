"""What the label formats share: clips with their files, of one kind of media; scores, JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

from vlret.reports.exports.clip import ExportClip
from vlret.reports.exports.timeline import Source, read_sources

log = logging.getLogger(__name__)


def of_one_kind(clips: Sequence[ExportClip], tool: str) -> list[tuple[ExportClip, Source]]:
    """Return the clips of videos, or those of images if there is no video: a dataset of `tool` is of one kind.

    Raises:
        MediaError: no file can be read.
    """
    readable, sources = read_sources(clips)
    labelled = [(clip, sources[clip.path]) for clip in readable]
    videos = [(clip, source) for clip, source in labelled if source.time]
    if videos and len(videos) < len(labelled):
        n_images = len(labelled) - len(videos)
        log.warning(
            "A dataset of %s is of videos or of images: labels of images left out: %d", tool, n_images
        )
    return videos or labelled


def score_of(clip: ExportClip) -> float | None:
    """Return the probability of a label, or its score where there is none."""
    return clip.score if clip.probability is None else clip.probability


def json_bytes(document: object) -> bytes:
    """Return a document as JSON."""
    return json.dumps(document, indent=2).encode()
