from __future__ import annotations

from collections import Counter

from benchmarks.serve_load import SENTENCES, Measured, _print


def test_the_report_has_times_statuses_and_memory(capsys):
    seconds = {"search": [0.1] * 98 + [0.5, 0.9], "thumbnail": []}
    _print(Measured(seconds, Counter({200: 99, 503: 1}), [(50, 401.4), (100, 402.6)]), 10.0)
    assert capsys.readouterr().out.splitlines() == [
        "100 requests in 10 s, 10 a second; statuses {200: 99, 503: 1}",
        "search         100 requests   p50    100 ms   p99    504 ms",
        "after      50 requests     401 MB",
        "after     100 requests     403 MB",
    ]


def test_users_ask_for_many_different_things():
    assert len(set(SENTENCES)) == 560
