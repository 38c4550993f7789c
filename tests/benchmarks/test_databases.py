from __future__ import annotations

import numpy as np
import pytest

from benchmarks.databases import K, _better, main
from vlret.errors import UsageError


def test_the_table_has_a_line_for_each_effort(tmp_path, capsys):
    address = f"qdrant:{tmp_path}"
    main(address, clips=500)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    efforts = ["exact", "32", "64", "128", "256", "512", "1024"]
    measured = [line for line in lines if line[0] in efforts]
    assert [line[0] for line in measured] == efforts
    assert all(line[1:3] == ["1.000", "1.000"] for line in measured)  # so few clips get no graph
    with pytest.raises(UsageError):
        main(address, clips=500)


def test_the_nearest_of_all_parts_are_kept():
    random = np.random.default_rng(0)
    scores, found = random.random((3, 40)), (np.empty((3, 0)), np.empty((3, 0), np.int64))
    for start in range(0, 40, 15):
        found = _better(*found, scores[:, start : start + 15], np.arange(start, min(start + 15, 40)))
    assert np.array_equal(found[1], np.argsort(-scores, axis=1)[:, :K])
