"""Packet tables kept in memory, so that a long file opened again is not read again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from vlret.media.limits import KEPT_TABLES_BYTES
from vlret.media.video.packets import PacketTable, read_packets

_Key = tuple[Path, int, int]

_kept: OrderedDict[_Key, PacketTable] = OrderedDict()  # the one used last comes last
_lock = threading.Lock()


def packet_table(path: Path, on_progress: Callable[[], None]) -> PacketTable:
    """`read_packets`, or what it said before of the same path, size and time of change.

    Raises:
        MediaError: as `read_packets`.
    """
    status = path.stat()
    key = (path, status.st_size, status.st_mtime_ns)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    table = read_packets(path, on_progress)
    _keep(key, table)
    return table


def _keep(key: _Key, table: PacketTable) -> None:
    with _lock:
        _kept[key] = table
        while sum(kept.n_bytes for kept in _kept.values()) > KEPT_TABLES_BYTES:
            _kept.popitem(last=False)
