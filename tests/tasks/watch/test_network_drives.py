"""Network drives by the kernel's list of mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlret.tasks.watch import network_drives
from vlret.tasks.watch.network_drives import is_network_drive

MOUNTS = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /mnt/nas rw,relatime shared:2 master:1 - cifs //nas/films rw
31 22 0:41 / /mnt/my\040films rw - nfs4 nas:/films rw
32 22 0:42 / /mnt/cloud rw - fuse.rclone remote: rw
33 22 0:43 / /mnt/usb rw - fuseblk /dev/sdb1 rw
34 30 8:2 / /mnt/nas/local rw - xfs /dev/sdc1 rw
35 22 0:44 / /mnt/twice rw - nfs nas:/a rw
36 35 8:3 / /mnt/twice rw - ext4 /dev/sdd1 rw
"""


@pytest.fixture(autouse=True)
def mounts(tmp_path, monkeypatch):
    (tmp_path / "mountinfo").write_text(MOUNTS)
    monkeypatch.setattr(network_drives, "_MOUNTS", tmp_path / "mountinfo")


@pytest.mark.parametrize(
    ("folder", "is_network"),
    [
        ("/home/me", False),
        ("/mnt/nas", True),
        ("/mnt/nas/2024/beach", True),
        ("/mnt/nasty", False),
        ("/mnt/nas/local/x", False),
        ("/mnt/my films/x", True),
        ("/mnt/cloud", True),
        ("/mnt/usb", False),
        ("/mnt/twice/x", False),
    ],
)
def test_the_longest_mount_decides_and_the_last_of_several(folder, is_network):
    assert is_network_drive(Path(folder)) is is_network


def test_a_link_to_a_network_drive_is_one(tmp_path):
    (tmp_path / "films").symlink_to("/mnt/nas/films")
    assert is_network_drive(tmp_path / "films")


def test_where_the_kernel_says_nothing_it_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(network_drives, "_MOUNTS", tmp_path / "nothing")
    assert not is_network_drive(Path("/mnt/nas"))
