from __future__ import annotations

import os
import subprocess

import numpy as np

from benchmarks.stream_memory import _print, children_of, resident_mb


def test_the_table_has_the_largest_of_each_tenth(capsys):
    _print(np.array([(10, 100, 50), (359, 120, 40), (360, 90, 60)]), 3600)
    assert [line.split() for line in capsys.readouterr().out.splitlines()[1:]] == [
        ["0.0", "to", "6.0", "2", "120", "50"],
        ["6.0", "to", "12.0", "1", "90", "60"],
    ]


def test_memory_and_children_of_a_process():
    with subprocess.Popen(["sleep", "60"]) as child:
        assert child.pid in children_of(os.getpid())
        assert 0 < resident_mb(child.pid) < 100
        child.kill()
