"""A decoding child process: requests are lines of JSON, answers JSON and raw pixels; it can be killed.

It is started by module name and not by `multiprocessing`, which would run the user's main script again in every
child: with its imports, and endlessly if it has no `__main__` guard.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from io import BufferedReader
from typing import IO, Any, cast

from vlret.errors import VlretError
from vlret.media.pool.messages import Message, read_message, write_message

_PIPE_BYTES = 1 << 20
_CRASHES = ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL", "SIGTRAP")
_WINDOWS_CRASH = 0xC0000000  # exit codes from here on


class ChildDied(Exception):  # noqa: N818 - an event: the reason for a skipped file
    """The child crashed, was killed, or was silent for too long; the text says which.

    `retry`: the file is not the cause, for instance when the system was out of memory and killed a process.
    """

    def __init__(self, reason: str, retry: bool = False) -> None:
        super().__init__(reason)
        self.retry = retry


class Child:
    """One decoding process, limited to `memory_bytes` where the system allows it.

    It runs the module `program` (`child_main.serve`), and inherits the file descriptors `pass_fds`.

    Raises:
        VlretError: the system cannot start one now ("no_process").
    """

    def __init__(
        self,
        memory_bytes: int,
        pass_fds: tuple[int, ...] = (),
        program: str = "vlret.media.pool.child_main",
    ) -> None:
        # -P: a file in the working directory must not shadow a module.
        command = [sys.executable, "-P", "-m", program, str(memory_bytes)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, pipesize=_PIPE_BYTES,
                pass_fds=pass_fds,
                process_group=0,  # out of reach of the terminal's Ctrl-C, which would end it with a traceback
            )  # fmt: skip
        except OSError as error:  # no memory, processes or file descriptors left
            raise VlretError(
                f"No decoding process can be started: {error.strerror}.",
                "Close other programs, raise the limit (ulimit -a shows it), or use fewer workers.",
                code="no_process",
            ) from error
        self._requests = cast(IO[bytes], self._process.stdin)
        self._messages = cast(BufferedReader, self._process.stdout)
        self._was_silent_s: float | None = None

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it accepts requests."""
        return self._process.poll() is None

    def send(self, request: dict[str, Any]) -> None:
        """Send a request. Raises ChildDied."""
        try:
            write_message(self._requests, request)
        except (OSError, ValueError) as error:
            raise self._death() from error

    def receive(self, limit_s: float) -> Message:
        """Return the next message. A child that is silent for `limit_s` is killed. Raises ChildDied."""
        timer = threading.Timer(limit_s, self._give_up, [limit_s])
        timer.daemon = True
        timer.start()
        try:
            return read_message(self._messages)
        except (EOFError, OSError, ValueError) as error:
            raise self._death() from error
        finally:
            timer.cancel()

    def kill(self) -> None:
        """End the process at once and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        with suppress(OSError):  # a request that was never sent
            self._requests.close()
        self._messages.close()

    def _give_up(self, limit_s: float) -> None:
        self._was_silent_s = limit_s
        self._process.kill()

    def _death(self) -> ChildDied:
        self._process.kill()
        code = self._process.wait()
        if self._was_silent_s is not None:
            return ChildDied(f"the decoder did not answer for {self._was_silent_s:g} s and was stopped")
        name = next((sign.name for sign in signal.Signals if sign == -code), f"signal {-code}")
        if code < 0:
            return ChildDied(f"the decoder crashed or was killed ({name})", retry=name not in _CRASHES)
        return ChildDied(f"the decoder ended (exit code {code})", retry=code < _WINDOWS_CRASH)
