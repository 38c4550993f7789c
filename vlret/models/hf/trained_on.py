"""What the models of the hub were trained on, by what their authors say."""

from __future__ import annotations

_CLIP = ("WIT-400M", "YFCC100M")
_X_CLIP = "microsoft/xclip-"
_TRAINED_ON = {
    "openai/clip-": _CLIP,
    "google/siglip": ("WebLI",),
    "google/videoprism-lvt-": ("WebLI", "InternVid", "VideoCC", "WTS-70M", "YT-Temporal-180M"),
    "facebook/metaclip-": ("MetaCLIP",),
}
_OF_X_CLIP = {"kinetics-600": "Kinetics-600", "hmdb": "HMDB51", "ucf": "UCF101", "": "Kinetics-400"}


def trained_on(repository: str) -> tuple[str, ...]:
    """Return the datasets, () where they are unknown."""
    if repository.startswith(_X_CLIP):
        return *_CLIP, next(name for part, name in _OF_X_CLIP.items() if part in repository)
    return next((sets for start, sets in _TRAINED_ON.items() if repository.startswith(start)), ())
