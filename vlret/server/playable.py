"""What a media file holds, without reading it: and whether browsers play or show it as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.media.image.read_image import image_info
from vlret.media.video.container import open_container

_IMAGES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "avif": "image/avif",
}
_CONTAINERS = {
    "mov,mp4,m4a,3gp,3g2,mj2": ("video/mp4", {".mp4", ".m4v"}),
    "matroska,webm": ("video/webm", {".webm"}),
}
_CODECS = {
    "h264": {"yuv420p", "yuvj420p"},
    "vp8": {"yuv420p"},
    "vp9": {"yuv420p", "yuv420p10le"},
    "av1": {"yuv420p", "yuv420p10le"},
}


def probe(path: Path) -> dict[str, Any]:
    """Return width and height (pixels as stored), codec, and `media_type`: None where browsers do not play it.

    Raises:
        MediaError: it is not a media file.
    """
    image = image_info(path)
    if image:
        facts = {"width": image.width, "height": image.height, "codec": image.format}
        return {**facts, "media_type": _IMAGES.get(image.format)}
    container, stream = open_container(path)
    with container:
        codec = stream.codec_context
        media_type, suffixes = _CONTAINERS.get(container.format.name, (None, set()))
        plays = path.suffix.lower() in suffixes and codec.pix_fmt in _CODECS.get(codec.name, ())
        facts = {"width": codec.width, "height": codec.height, "codec": codec.name}
        return {**facts, "media_type": media_type if plays else None}
