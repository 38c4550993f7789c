from __future__ import annotations

import errno
import io
import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from tests.media.make import H264, number_of, video
from tests.refusal import refused
from vlret.errors import UsageError, VlretError
from vlret.media.decode import read_clip
from vlret.media.pool import ClipDecoded, DecodeJob, DecodePool, FileDone, FileFailed, child_main
from vlret.media.pool import pool as pool_module

Odd = Callable[[str], Path]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")


def job(path: Path, clips: str = "window:1", n_frames: int = 2, **options: object) -> DecodeJob:
    return DecodeJob(path, clips, n_frames, **options)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


@pytest.fixture
def copy(odd: Odd, tmp_path: Path) -> Callable[[str], Path]:
    def copied(name: str) -> Path:
        return Path(shutil.copy(odd("constant.mp4"), tmp_path / name))

    return copied


def test_clips_come_in_order_and_equal_read_clip(odd: Odd):
    names = ["constant.mp4", "stream.ts", "vfr.mkv", "exif.jpg", "open_gop.mp4"]
    with DecodePool(workers=2) as pool:
        events = list(pool.run(job(odd(name), "window:2:1", 3, size=(64, 48)) for name in names))
    for name in names:
        *clips, done = [event for event in events if event.job.path == odd(name)]
        assert isinstance(done, FileDone)
        assert done.n_clips == len(clips) > 0
        assert done.warning is None
        starts = [event.clip.start for event in clips]
        assert starts == sorted(starts)
        for event in clips:
            alone = read_clip(event.clip, 3, size=(64, 48))
            np.testing.assert_array_equal(event.frames.pixels, alone.pixels)
            np.testing.assert_array_equal(event.frames.times, alone.times)
            assert event.frames.pixels.flags.writeable


def test_bad_files_cost_one_row_each(odd: Odd):
    with DecodePool() as pool:
        events = list(
            pool.run(job(odd(name)) for name in ("empty.mp4", "sound.mp4", "one_frame.mp4", "cut.png"))
        )
    assert [getattr(event, "reason", type(event).__name__) for event in events] == [
        "empty file",
        "no video stream: audio only",
        "ClipDecoded",
        "FileDone",
        "the image cannot be read (image file is truncated)",
    ]


def test_damage_gives_the_good_clips_and_a_warning(odd: Odd, tmp_path: Path):
    path = video(tmp_path / "tail.mp4", *H264[:4], "-pix_fmt", "yuv420p", "-bf", 0, "-g", 1000)
    import av

    with av.open(str(path)) as container:
        spots = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    for position, size in spots[20:]:
        data[position : position + size] = b"\xff" * size
    path.write_bytes(bytes(data))
    with DecodePool() as pool:
        *clips, done = pool.run([job(path)])
        last = list(pool.run([job(odd("damaged.mp4"))]))[-1]
    assert [[number_of(p) for p in event.frames.pixels] for event in clips] == [[2, 7], [12, 17]]
    assert isinstance(done, FileDone)
    assert (done.n_clips, done.warning) == (2, "damaged after 1.9 s")
    assert isinstance(last, FileDone)
    assert (last.n_clips, last.warning) == (4, "damaged after 2.2 s")


@pytest.mark.usefixtures("fake_decord")
def test_a_decoder_that_hangs_costs_its_file_only(copy: Callable[[str], Path]):
    with DecodePool(limit_s=1.0) as pool:
        (failed,) = pool.run([job(copy("hang.mp4"), decoder="decord")])
        pool._limit_s = 60.0
        *_, done = pool.run([job(copy("good.mp4"), decoder="decord")])
    assert isinstance(failed, FileFailed)
    assert failed.reason == "the decoder did not answer for 1 s and was stopped"
    assert isinstance(done, FileDone)


@pytest.mark.usefixtures("fake_decord")
def test_a_decoder_that_crashes_or_takes_all_memory_costs_its_file_only(copy: Callable[[str], Path]):
    names = ["crash.mp4", "greedy.mp4", "strange.mp4", "good.mp4"]
    with DecodePool() as pool:
        events = list(pool.run(job(copy(name), decoder="decord") for name in names))
    reasons = {event.job.path.name: event.reason for event in events if isinstance(event, FileFailed)}
    assert reasons == {
        "crash.mp4": "the decoder crashed or was killed (SIGSEGV)",
        "greedy.mp4": "needs more memory than a decoder may take",
        "strange.mp4": "ZeroDivisionError: odd",
    }
    assert [type(event) for event in events if event.job.path.name == "good.mp4"] == [ClipDecoded] * 4 + [
        FileDone
    ]
    # The crash came after a clip was out: the failure still follows, and the consumer drops that clip.
    assert [type(e) for e in events if e.job.path.name == "crash.mp4"] == [ClipDecoded, FileFailed]


@pytest.mark.parametrize(
    ("sent", "reason", "retry"),
    [
        (signal.SIGKILL, "crashed or was killed (SIGKILL)", True),
        (signal.SIGTERM, "crashed or was killed (SIGTERM)", True),
        (40, "crashed or was killed (signal 40)", True),
        (signal.SIGSEGV, "crashed or was killed (SIGSEGV)", False),
        (signal.SIGSTOP, "did not answer for 8 s", False),
    ],
)
def test_a_child_killed_or_stopped_from_outside(sent: int, reason: str, retry: bool, odd: Odd):
    with DecodePool(limit_s=8.0 if sent == signal.SIGSTOP else 60.0) as pool:
        names, size = ("constant.mp4", "one_frame.mp4"), (1600, 1200)  # slow: it is killed before it is done
        run = pool.run(job(odd(name), "window:0.2", 1, size=size) for name in names)
        next(run)
        os.kill(pool.pids[0], sent)
        events = list(run)
    (failed,) = [event for event in events if isinstance(event, FileFailed)]
    assert reason in failed.reason
    assert failed.retry == retry
    assert isinstance(events[-1], FileDone)


@pytest.mark.parametrize("error", [errno.ENOMEM, errno.EAGAIN, errno.EMFILE])
def test_a_process_that_cannot_be_started_is_no_fault_of_the_file(odd: Odd, monkeypatch, error: int):
    def full(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(subprocess, "Popen", full)
    with (
        DecodePool() as pool,
        pytest.raises(VlretError, match=f"No decoding process can be started: {os.strerror(error)}"),
    ):
        list(pool.run([job(odd("constant.mp4"))]))


def test_a_child_without_stderr(odd: Odd):
    """As after `2>&-`: nothing may be printed into a file that gets its number."""
    script = "import sys; from pathlib import Path; from vlret.media.pool import *\n"
    script += (
        "with DecodePool() as pool: print(list(pool.run([DecodeJob(Path(sys.argv[1]), 'whole', 1)]))[-1])"
    )
    command = f'"{sys.executable}" -c "$1" "$2" 2>&-'
    done = subprocess.run(
        ["sh", "-c", command, "sh", script, odd("constant.mp4")], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("FileDone")


def test_the_memory_limit_holds(odd: Odd, tmp_path: Path):
    """An image of 300 MB of pixels in 16 KB of file, where 700 MB of address space are allowed."""
    Image.new("1", (12_000, 8_400)).save(tmp_path / "vast.png")
    with DecodePool(memory_bytes=700 << 20) as pool:
        events = list(pool.run([job(tmp_path / "vast.png"), job(odd("one_frame.mp4"))]))
    assert isinstance(events[0], FileFailed)
    assert events[0].reason == "needs more memory than a decoder may take"
    assert [type(event) for event in events[1:]] == [ClipDecoded, FileDone]


def test_a_slow_consumer_is_waited_for_and_not_taken_for_a_hang(odd: Odd, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pool_module, "QUEUE_BYTES", 1)
    asked = 0

    def jobs() -> Iterator[DecodeJob]:
        nonlocal asked
        for _ in range(30):
            asked += 1
            yield job(odd("one_frame.mp4"))

    with DecodePool() as pool:
        run = pool.run(jobs())
        next(run)
        pool._limit_s = 5.0
        time.sleep(6.0)
        assert asked <= 4
        events = list(run)
    assert len(events) == 59
    assert not any(isinstance(event, FileFailed) for event in events)


def test_a_child_at_work_reports_progress(monkeypatch: pytest.MonkeyPatch):
    """Calls 0.2 s apart: a report after more than a second each time."""
    now_s = (0.2 * n for n in itertools.count())
    clock = SimpleNamespace(monotonic=lambda: next(now_s), process_time=lambda: 0.0)
    monkeypatch.setattr(child_main, "time", clock)

    def slow(
        request: dict[str, object], on_progress: Callable[[], None]
    ) -> Iterator[tuple[dict[str, object], None]]:
        for _ in range(14):
            on_progress()
        yield {"kind": "done"}, None

    monkeypatch.setitem(child_main.KINDS, "slow", slow)
    out = io.BytesIO()
    child_main._answer(child_main.KINDS, {"kind": "slow", "path": "none"}, out)
    lines = out.getvalue().decode().splitlines()
    assert lines.count('{"kind": "alive"}') == 2
    assert lines[-1] == '{"kind": "done"}'


def test_bad_jobs_are_refused_when_made(tmp_path: Path):
    for options in (
        {"clips": "halves"},
        {"sampling": "all"},
        {"decoder": "x"},
        {"n_frames": 0},
        {"size": (0, 1)},
    ):
        with pytest.raises(UsageError):
            DecodeJob(**{"path": tmp_path, "clips": "whole", "n_frames": 1, **options})
    with pytest.raises(UsageError):
        DecodePool(workers=0)


def test_a_missing_package_stops_the_run(odd: Odd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "scenedetect.py").write_text("raise ImportError")
    monkeypatch.syspath_prepend(tmp_path)
    with DecodePool() as pool, refused("missing_package"):
        list(pool.run([job(odd("constant.mp4"), "shots")]))


def test_an_error_in_the_jobs_reaches_the_consumer(odd: Odd):
    def jobs() -> Iterator[DecodeJob]:
        yield job(odd("constant.mp4"))
        raise KeyError("jobs")

    with DecodePool() as pool, pytest.raises(KeyError, match="jobs"):
        list(pool.run(jobs()))


def test_leaving_ends_the_children_even_in_the_middle_of_a_file(odd: Odd):
    with DecodePool(workers=2) as pool:
        run = pool.run([job(odd("constant.mp4"), "window:0.2", 1)] * 5)
        next(run)
        pids = pool.pids
        assert all(map(is_running, pids))
        assert os.getpgrp() not in map(os.getpgid, pids)  # where Ctrl-C of a terminal goes
        before = time.monotonic()
        run.close()
        assert not any(map(is_running, pids))
        assert time.monotonic() - before < 5
        assert len(list(pool.run([job(odd("one_frame.mp4"))]))) == 2
        pids = pool.pids
    assert pids
    assert not any(map(is_running, pids))


# No `if __name__ == "__main__"`: the children must not run the script again.
# A shell that starts its jobs in the background has them ignore Ctrl-C, and so would this script.
SCRIPT = """
import signal
import sys
from pathlib import Path
from vlret.media.pool import DecodeJob, DecodePool
signal.signal(signal.SIGINT, signal.default_int_handler)
with DecodePool(workers=1, limit_s=100) as pool:
    for event in pool.run(DecodeJob(Path(p), "whole", 1, decoder="decord") for p in sys.argv[1:]):
        print(*pool.pids, flush=True)
"""


@pytest.mark.usefixtures("fake_decord")
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_no_orphans(sent: int, copy: Callable[[str], Path], tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    paths = [copy("a.mp4"), copy("b.mp4")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen(
        [sys.executable, script, *paths, *[copy("c.mp4")] * 10_000], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_running(pid)
    (os.kill if sent == signal.SIGKILL else os.killpg)(parent.pid, sent)  # Ctrl-C goes to the whole group
    _, errors = parent.communicate(timeout=100)
    assert errors.count("Traceback") == (sent == signal.SIGINT)  # the parent's own KeyboardInterrupt
    assert wait_until(lambda: not is_running(pid))


def test_children_are_light():
    heavy = "torch cv2 scenedetect transformers timm pandas decord"
    code = f"import vlret.media.pool.child_main, sys; print([name for name in {heavy.split()} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
