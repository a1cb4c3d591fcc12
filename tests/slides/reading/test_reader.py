import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing

import numpy as np
import psutil
import pytest

from skinage.errors import SlideError
from skinage.slides.reading.reader import Reader, default_reader
from skinage.slides.slide import open_slide


def request(path, corner=(0, 0), offset=0):
    return {
        "path": path,
        "corners": np.array([corner], float),
        "extent": (64.0, 64.0),
        "size": (64, 64),
        "offset": offset,
    }


@pytest.fixture
def reader():
    with closing(Reader(time_limit_s=20)) as reader:
        yield reader


def test_a_reader_killed_from_outside_loses_nothing(reader, write_slide):
    path, levels = write_slide()
    reader.read(request(path))
    reader._process.process.send_signal(signal.SIGSTOP)
    for corner in ((0, 0), (64, 0), (128, 0)):
        reader.ask(request(path, corner, offset=corner[0] * 64 * 3))
    reader._process.process.kill()
    for x in (0, 64, 128):
        reader.wait_for_next()
        found = reader.pixels.array(x * 64 * 3, (64, 64, 3))
        np.testing.assert_array_equal(found, levels[0][:64, x : x + 64])


def test_a_reader_that_is_killed_again_is_one_failed_slide(reader, write_slide):
    path, other = write_slide()[0], write_slide("other.tiff")
    for corner in ((0, 0), (64, 0)):
        reader.ask(request(path, corner))
    reader.ask(request(other[0], (64, 0)))
    reader._process.process.send_signal(signal.SIGSTOP)
    reader.waiting[0]["killed"] = True
    reader._process.process.kill()
    for right in (64, 128):  # what else is asked of that slide fails with it, at once
        with pytest.raises(SlideError, match=rf"slide\.tiff: x \d+ to {right}, .*\(code -9\)"):
            reader.wait_for_next()
    reader.wait_for_next()
    found = reader.pixels.array(0, (64, 64, 3))
    np.testing.assert_array_equal(found, other[1][0][:64, 64:128])


def test_a_reader_killed_between_requests_is_not_noticed(reader, write_slide):
    path, _ = write_slide()
    reader.read(request(path))
    reader._process.process.kill()
    reader._process.process.wait()
    assert reader.read(request(path)).shape == (1, 64, 64, 3)


def test_a_crash_of_native_code_is_reported(reader, write_slide, monkeypatch):
    path, _ = write_slide()
    crash = "import faulthandler; faulthandler._sigsegv()"
    monkeypatch.setattr("skinage.slides.reading.process.START", crash + " # {path} {arguments}")
    with pytest.raises(SlideError, match=r"slide\.tiff: the reader process ended \(code -11\)"):
        reader.header_of(path)
    monkeypatch.undo()
    assert reader.header_of(path)["reader"] == "cuCIM"


def test_a_hang_is_ended(write_slide):
    path, _ = write_slide()
    with closing(Reader(time_limit_s=0.5)) as reader:
        reader.time_limit_s = 20
        reader.read(request(path))
        reader.time_limit_s = 0.5
        reader._process.process.send_signal(signal.SIGSTOP)
        with pytest.raises(SlideError, match=r"no answer within 0\.5 s"):
            reader.read(request(path))
        reader.time_limit_s = 20
        assert reader.read(request(path)).shape == (1, 64, 64, 3)


@pytest.fixture
def ctrl_c():
    """Let SIGINT interrupt: a suite in the background of a shell has inherited that it does not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_an_interrupted_wait_does_not_mix_up_answers(reader, write_slide):
    path, levels = write_slide()
    reader.read(request(path))
    reader._process.process.send_signal(signal.SIGSTOP)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        reader.read(request(path))
    timer.join()
    found = reader.read(request(path, (128, 64)))[0]
    np.testing.assert_array_equal(found, levels[0][64:128, 128:192])


def test_threads_take_turns(write_slide):
    path, levels = write_slide()
    slide, wrong = open_slide(path), []

    def read(x):
        for _ in range(10):
            if not np.array_equal(slide.read_region(x, 0, 64, 64), levels[0][:64, x : x + 64]):
                wrong.append(x)

    threads = [threading.Thread(target=read, args=(x,)) for x in (0, 64, 256)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_forked_process_has_a_reader_of_its_own(write_slide):
    path, levels = write_slide()
    open_slide(path)
    pid = os.fork()
    if pid == 0:
        try:
            same = np.array_equal(open_slide(path).read_region(0, 0, 9, 9), levels[0][:9, :9])
            default_reader().close()
            os._exit(0 if same else 1)
        finally:
            os._exit(2)
    assert os.waitpid(pid, 0)[1] == 0
    assert open_slide(path).read_region(0, 0, 9, 9).shape == (9, 9, 3)


def test_closing_leaves_no_process_and_no_file():
    before = os.listdir("/proc/self/fd"), psutil.Process().children()
    with closing(Reader()) as reader:
        with pytest.raises(SlideError):
            reader.header_of("/none.svs")
        assert len(psutil.Process().children()) == len(before[1]) + 1
    del reader
    assert len(os.listdir("/proc/self/fd")) == len(before[0])
    assert psutil.Process().children() == before[1]


def test_the_reader_dies_with_its_parent_and_imports_no_torch(write_slide):
    path, _ = write_slide()
    code = f"""
import os, signal, psutil, skinage.slides.slide as s
s.open_slide({path!r}).read_region(0, 0, 9, 9)
child = psutil.Process().children()[0]
print(child.pid, any("libtorch" in m.path for m in child.memory_maps()), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    pid, torch_loaded = done.stdout.split()
    assert torch_loaded == "False"
    for _ in range(50):
        if not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == "zombie":
            return
        time.sleep(0.1)
    pytest.fail("the reader process outlived its parent")
