"""Stands in for decord in a decoding child: what the file's name says, it does."""

import os
import re
import signal

import numpy as np


class DECORDError(Exception):
    pass


class logging:  # noqa: N801
    QUIET = 0

    @staticmethod
    def set_level(level):
        pass


class Batch:
    def __init__(self, n):
        self.n = n

    def asnumpy(self):
        return np.zeros((self.n, 2, 2, 3), np.uint8)


class VideoReader:
    def __init__(self, path, width, height, num_threads):
        self.n_batches, self.path = 0, os.path.basename(path)
        if "hang" in self.path:
            re.match(r"(a+)+$", "a" * 64 + "b")  # for good, holding the interpreter as decord does
        if "greedy" in self.path:
            bytearray(64 << 30)

    def __len__(self):
        return 40

    def get_frame_timestamp(self, numbers):
        return np.stack([np.array(numbers) / 10, np.array(numbers) / 10 + 0.1], 1)

    def get_avg_fps(self):
        return 10.0

    def get_batch(self, numbers):
        self.n_batches += 1
        if "crash" in self.path and self.n_batches == 2:
            os.kill(os.getpid(), signal.SIGSEGV)
        if "strange" in self.path:
            raise ZeroDivisionError("odd")
        return Batch(len(numbers))
