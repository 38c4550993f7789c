"""Captions of stand-ins for videos, written to a directory."""

from __future__ import annotations

from pathlib import Path

from tests.index.stand_in import CircleEmbedder
from vlret.models.captioners.bank import embed_bank
from vlret.models.captioners.retrieval import RetrievalCaptioner
from vlret.reports.caption_folder import CaptionFolder
from vlret.tasks.caption import FileCaptions, caption_files
from vlret.tasks.media_clips import MediaClips


def caption_job(library: Path, folder: Path) -> None:
    model = CircleEmbedder()
    captioner = RetrievalCaptioner(embed_bank(["0", "40", "100"], model, "angles"))
    source = MediaClips([library], model)
    out = CaptionFolder(folder, "srt", source, "")
    for file in caption_files(source, captioner, out.unfinished(), progress=False):
        if isinstance(file, FileCaptions):
            out.write(file.path, file.items)
