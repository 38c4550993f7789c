"""A small RTSP server: one client, MPEG-TS in RTP over the same connection (RFC 2326, RFC 3551 payload type 33)."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 33\r\na=control:track\r\n"
)
_TS_BYTES = 188 * 7  # transport packets that fit into one RTP packet


@contextmanager
def rtsp_serving(data: bytes, seconds: float) -> Iterator[str]:
    """The address of a server that plays `data` to each client within `seconds`, then closes the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=[listener, data, seconds], daemon=True).start()
        yield f"rtsp://me:secret@127.0.0.1:{listener.getsockname()[1]}/live"


def _accept(listener: socket.socket, data: bytes, seconds: float) -> None:
    with suppress(OSError):  # the listener was closed
        while True:
            client, _ = listener.accept()
            with client, suppress(OSError):
                _serve(client, data, seconds)


def _serve(client: socket.socket, data: bytes, seconds: float) -> None:
    requests = client.makefile("rb")
    while line := requests.readline():
        method, headers = line.split()[0].decode(), line
        while (line := requests.readline()).strip():
            headers += line
        number = re.search(rb"(?i)cseq: *(\d+)", headers)[1].decode()
        client.sendall(_answer(method, number).encode())
        if method == "PLAY":
            return _play(client, data, seconds)


def _answer(method: str, number: str) -> str:
    head = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n"
    if method == "DESCRIBE":
        return f"{head}Content-Type: application/sdp\r\nContent-Length: {len(_SDP)}\r\n\r\n{_SDP}"
    extra = {
        "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY\r\n",
        "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n",
        "PLAY": "Session: 1\r\n",
    }
    return f"{head}{extra[method]}\r\n"


def _play(client: socket.socket, data: bytes, seconds: float) -> None:
    n_packets = len(data) // _TS_BYTES + 1
    for number in range(n_packets):
        part = data[number * _TS_BYTES : (number + 1) * _TS_BYTES]
        clock = int(number / n_packets * seconds * 90_000)
        packet = struct.pack(">BBHII", 0x80, 33, number, clock, 7) + part
        client.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
        time.sleep(seconds / n_packets)
