"""A local HTTP server with MPEG-TS of numbered frames, and what else a stream is read from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.media.make import video

TS = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "5", "-pix_fmt", "yuv420p", "-f", "mpegts")


def transport_stream(path: Path, n: int = 40) -> Path:
    """`n` numbered frames at 10 a second, with a keyframe every half second."""
    return video(path, *TS, n=n)


@contextmanager
def serving(
    data: bytes, pause_s: float = 0.0, length: bool = False, port: int = 0, kind: str = "video/mp2t"
) -> Iterator[str]:
    """The address of a server that sends `data` in 20 parts with pauses, then closes the connection."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            if length:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            for first in range(0, len(data), len(data) // 20 + 1):
                self.wfile.write(data[first : first + len(data) // 20 + 1])
                time.sleep(pause_s)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = True

        def handle_error(self, *_: object) -> None:
            pass  # the client has gone

    server = Server(("127.0.0.1", port), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://me:secret@127.0.0.1:{server.server_address[1]}/live"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def in_thread(work: Callable[[], object]) -> Thread:
    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread
