"""Which folders lie on network drives, where the system reports no changes that other machines make."""

from __future__ import annotations

import os
import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "virtiofs", "ceph", "glusterfs", "lustre",
     "beegfs", "gpfs", "davfs", "vboxsf", "prl_fs", "vmhgfs")
)  # fmt: skip


def is_network_drive(folder: Path) -> bool:
    """Whether `folder` lies on a network or FUSE file system; False where that is not known (outside Linux)."""
    kind = _file_system(os.path.realpath(folder))
    return kind in _NETWORK or kind.startswith("fuse.")


def _file_system(path: str) -> str:
    """The type of the file system at `path` as the kernel names it; "" where it does not say."""
    try:
        lines = _MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), before.split(" ")[4])
        if len(point) >= len(best) and Path(path).is_relative_to(
            point
        ):  # of two at one point, the later is seen
            best, kind = point, after.split(" ")[0]
    return kind
