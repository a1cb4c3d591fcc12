import os

import numpy as np
import pandas as pd
import psutil
import pytest

from skinage.errors import SettingError, SlideError
from skinage.slides.reading.batches import read_pixels, read_tiles
from skinage.slides.reading.pool import _idle, close_idle
from skinage.slides.slide import open_slide


@pytest.mark.parametrize("batch_size", [1, 7, 51, 1000])
def test_every_tile_once_with_its_own_pixels(tiles, batch_size):
    batches = list(read_tiles(tiles, batch_size=batch_size))
    rows = np.concatenate([rows for rows, _ in batches])
    assert [len(rows) for rows, _ in batches[:-1]] == [batch_size] * (len(batches) - 1)
    assert sorted(rows) == list(range(len(tiles)))
    ids = tiles["slide_id"].to_numpy()[rows]
    assert list(pd.unique(ids)) == list(pd.unique(tiles["slide_id"]))
    assert (np.diff(rows)[ids[1:] == ids[:-1]] > 0).all()
    # Compared at the end: a batch is the caller's, later reading does not change it.
    for rows, pixels in batches:
        for row, found in zip(rows, pixels, strict=True):
            tile = tiles.iloc[row]
            corner = np.array([[tile["x"], tile["y"]]])
            expected = open_slide(tile["path"]).read_tiles(corner, tile["extent_px"], 32)
            np.testing.assert_array_equal(found, expected[0])


@pytest.mark.parametrize("batch_size", [5, 20, 100])
def test_a_slide_that_fails_costs_no_other(tiles, tile_table, damaged_slide, batch_size):
    bad = tile_table(damaged_slide[0], "bad", 9, extent_px=32).assign(x=0, y=0)
    gone = tile_table("/none.svs", "gone", 11)
    mixed = pd.concat([bad, tiles, gone], ignore_index=True)
    failures = {}
    batches = read_tiles(mixed, batch_size=batch_size, failures=failures)
    rows = [row for rows, _ in batches for row in rows]
    assert sorted(rows) == list(range(9, 9 + len(tiles)))
    assert set(failures) == {"bad", "gone"}
    assert "JPEG" in failures["bad"]
    assert "no such file" in failures["gone"]
    with pytest.raises(SlideError, match=r"damaged\.tiff"):
        list(read_tiles(mixed, batch_size=batch_size))


def open_files_and_processes():
    return len(os.listdir("/proc/self/fd")), psutil.Process().children()


def test_stopping_half_way_leaves_nothing(tiles):
    close_idle()
    before = open_files_and_processes()
    batches = read_tiles(tiles, batch_size=4)
    next(batches)
    batches.close()
    close_idle()
    assert open_files_and_processes() == before


def test_processes_are_used_again_and_memory_is_given_back(tiles):
    expected = read_pixels(tiles)
    before = open_files_and_processes()
    for _ in range(3):
        np.testing.assert_array_equal(read_pixels(tiles), expected)
    assert open_files_and_processes() == before
    (pool,) = _idle
    assert os.fstat(pool.memory.fd).st_size == 0
    for process in before[1]:
        assert process.is_running()


def test_relative_paths_start_where_the_caller_is_now(tiles, tmp_path, monkeypatch):
    expected = read_pixels(tiles)
    monkeypatch.chdir(tmp_path)  # the reader processes were started elsewhere
    relative = tiles.assign(path=[os.path.basename(path) for path in tiles["path"]])
    np.testing.assert_array_equal(read_pixels(relative), expected)


def test_two_readings_at_once(tiles):
    expected = read_pixels(tiles)
    pairs = zip(read_tiles(tiles, batch_size=7), read_tiles(tiles, batch_size=7), strict=True)
    for (rows, one), (other_rows, other) in pairs:
        np.testing.assert_array_equal(rows, other_rows)
        np.testing.assert_array_equal(one, expected[rows])
        np.testing.assert_array_equal(other, expected[rows])
    assert len(_idle) == 1


def test_a_forked_process_has_readers_of_its_own(tiles):
    expected = read_pixels(tiles)
    pid = os.fork()
    if pid == 0:
        try:
            same = np.array_equal(read_pixels(tiles), expected)
            close_idle()
            os._exit(0 if same else 1)
        finally:
            os._exit(2)
    assert os.waitpid(pid, 0)[1] == 0
    np.testing.assert_array_equal(read_pixels(tiles), expected)


@pytest.mark.parametrize("when", [0, 2])
def test_readers_killed_in_mid_batch_lose_no_tile(tiles, when):
    expected = dict(zip(range(len(tiles)), read_pixels(tiles), strict=True))
    (pool,) = _idle
    found = {}
    for number, (rows, pixels) in enumerate(read_tiles(tiles, batch_size=7)):
        if number == when:
            for reader in pool.readers:
                reader._process.process.kill()
        found |= dict(zip(rows.tolist(), pixels, strict=True))
    assert sorted(found) == sorted(expected)
    for row, pixels in found.items():
        np.testing.assert_array_equal(pixels, expected[row])


@pytest.mark.slow
def test_a_slide_that_hangs_is_reported_and_the_rest_goes_on(tiles, write_slide, monkeypatch):
    path, _ = write_slide("hangs.tiff")
    bad = tiles.iloc[:20].assign(slide_id="hangs", path=path)
    hang = (
        "import sys; sys.path[:] = {path!r};"
        "import time; import skinage.slides.reading.server as server;"
        "which = server.which_reader;"
        "server.which_reader = lambda p: time.sleep(99) if p.endswith('hangs.tiff') else which(p);"
        "server.serve{arguments}"
    )
    monkeypatch.setattr("skinage.slides.reading.process.START", hang)
    monkeypatch.setattr("skinage.slides.reading.pool.TIME_LIMIT_S", 6.0)
    close_idle()
    failures = {}
    mixed = pd.concat([bad, tiles], ignore_index=True)
    batches = read_tiles(mixed, batch_size=7, failures=failures)
    rows = [row for rows, _ in batches for row in rows]
    assert list(failures) == ["hangs"]
    assert sorted(rows) == list(range(20, 20 + len(tiles)))
    assert "no answer within 6 s" in failures["hangs"]
    close_idle()


def test_no_tiles_and_mixed_sizes(tiles):
    with pytest.raises(SettingError, match="batch_size is -1; expected 1 at least"):
        list(read_tiles(tiles, batch_size=-1))
    assert list(read_tiles(tiles.iloc[:0])) == []
    with pytest.raises(SlideError, match=r"found tile_px \[16, 32\]"):
        list(read_tiles(tiles.assign(tile_px=[16] + [32] * (len(tiles) - 1))))
