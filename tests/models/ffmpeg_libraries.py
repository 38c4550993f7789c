"""FFmpeg's shared libraries for torchcodec, without a system-wide FFmpeg."""

from __future__ import annotations

from pathlib import Path

import av


def environment(folder: Path) -> dict[str, str]:
    """The variable that lets torchcodec find the FFmpeg libraries in PyAV's Linux wheel.

    The wheel gives them names with a hash in it (libavcodec-1a2b3c4d.so.62.28.102): `folder` gets links with
    the names that torchcodec asks for (libavcodec.so.62).
    """
    libraries = Path(av.__file__).parent.parent / "av.libs"
    for library in libraries.glob("lib[as][vw]*-*.so.*"):
        name, _, version = library.name.partition(".so.")
        (folder / f"{name.rpartition('-')[0]}.so.{version.split('.')[0]}").symlink_to(library)
    return {"LD_LIBRARY_PATH": f"{folder}:{libraries}"}
