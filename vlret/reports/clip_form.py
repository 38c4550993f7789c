"""`ClipForm`: the container and encoders of a clip that is saved as a file."""

from __future__ import annotations

from dataclasses import dataclass

from vlret.errors import UsageError


@dataclass(frozen=True, slots=True)
class ClipForm:
    """A container with its encoders.

    Attributes:
        name, suffix: of the form, and of a file in it.
        muxer_options: of FFmpeg.
        encoder, sound_encoder: names of FFmpeg.
        quality, preview: options of `encoder`: for a file to keep, and for one to be looked at, made faster.
        copied, copied_sound: codecs whose packets can be taken as they are.
    """

    name: str
    suffix: str
    muxer_options: dict[str, str]
    encoder: str
    sound_encoder: str
    quality: dict[str, str]
    preview: dict[str, str]
    copied: frozenset[str]
    copied_sound: frozenset[str]


_ALL = (
    ClipForm(
        "mp4", ".mp4", {"movflags": "faststart"}, "libx264", "aac",
        quality={"crf": "18", "bf": "0"}, preview={"crf": "23", "bf": "0", "preset": "veryfast"},
        copied=frozenset({"h264", "hevc", "av1"}), copied_sound=frozenset({"aac"}),
    ),
    ClipForm(
        "webm", ".webm", {}, "libvpx-vp9", "libopus",
        quality={"crf": "24", "b": "0", "cpu-used": "3"}, preview={"crf": "34", "b": "0", "cpu-used": "6"},
        copied=frozenset({"vp8", "vp9", "av1"}), copied_sound=frozenset({"opus", "vorbis"}),
    ),
)  # fmt: skip
FORMS = {form.name: form for form in _ALL}


def find_form(name: str) -> ClipForm:
    """Return a form by its name.

    Raises:
        UsageError: there is none ("unknown_clip_form").
    """
    if name not in FORMS:
        raise UsageError(
            f"{name!r} is not a known form of clips.",
            f"Give {' or '.join(FORMS)}.",
            code="unknown_clip_form",
            given=name,
            allowed=list(FORMS),
        )
    return FORMS[name]
