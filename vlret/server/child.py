"""The program of a child process of the service: it decodes one clip for a picture, for playback or for a model.

Each kind of request names a clip (path, start, end) and is answered by one message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vlret.media.decode import read_clip
from vlret.media.pool.child_main import serve
from vlret.media.pool.messages import Message
from vlret.reports.contact_sheet import contact_sheet
from vlret.reports.encode_clip import encode_clip
from vlret.reports.sprite import sprite
from vlret.reports.thumbnails import thumbnail
from vlret.server.playable import probe
from vlret.types import Clip

Request = dict[str, Any]


def _clip(request: Request) -> Clip:
    return Clip.from_row(request["path"], request["start"], request["end"])


def _jpeg(picture: Callable[[Clip], bytes]) -> Callable[[Request, object], Iterator[Message]]:
    def answer(request: Request, _: object) -> Iterator[Message]:
        yield {"kind": "done"}, np.frombuffer(picture(_clip(request)), np.uint8)

    return answer


def _contact_sheet(request: Request, _: object) -> Iterator[Message]:
    sheet = contact_sheet(_clip(request), request["n_frames"])
    yield {"kind": "done", "times": sheet.times}, np.frombuffer(sheet.jpeg, np.uint8)


def _frames(request: Request, _: object) -> Iterator[Message]:
    size = request["size"] and tuple(request["size"])
    frames = read_clip(_clip(request), request["n_frames"], size=size)
    yield {"kind": "done", "times": frames.times.tolist()}, frames.pixels


def _play(request: Request, _: object) -> Iterator[Message]:
    encode_clip(_clip(request), Path(request["target"]), max_height=480, max_s=30)
    yield {"kind": "done"}, None


def _probe(request: Request, _: object) -> Iterator[Message]:
    yield {"kind": "done", **probe(Path(request["path"]))}, None


def _export(request: Request, _: object) -> Iterator[Message]:
    from vlret.reports.exports.clip import ExportClip  # here, so that the first picture comes sooner
    from vlret.reports.exports.write_export import write_export

    clips = [ExportClip(Path(clip.pop("path")), **clip) for clip in request["clips"]]
    document = write_export(clips, request["format"], request["title"])
    yield {"kind": "done"}, np.frombuffer(document, np.uint8)


if __name__ == "__main__":
    pictures = {"thumbnail": _jpeg(thumbnail), "sprite": _jpeg(sprite), "contact_sheet": _contact_sheet}
    serve({**pictures, "frames": _frames, "play": _play, "probe": _probe, "export": _export})
