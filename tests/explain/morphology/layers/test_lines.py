import numpy as np
import pytest

from skinage.explain.morphology.layers.lines import outline

UP = (np.array([-1.0, 0.0])[:, None, None] * np.ones((2, 80, 120))).astype(np.float32)
EVERYWHERE = np.ones((80, 120), bool)


def test_a_straight_edge_is_as_long_as_it_was_drawn():
    mask = np.zeros((80, 120), bool)
    mask[30:] = True
    (line,) = outline(mask, EVERYWHERE, UP, sigma_um=2, unit_um=2)
    assert line.length_um == pytest.approx(2 * 119)
    assert line.chord_um == pytest.approx(2 * 119)
    assert line.points_um[:, 0] == pytest.approx(2 * 30)


def test_a_circle_is_long_and_leads_nowhere():
    rows, columns = np.indices((80, 120))
    mask = np.hypot(rows - 40, columns - 60) < 30
    (line,) = outline(mask, EVERYWHERE, UP, sigma_um=1, unit_um=1)
    assert line.length_um == pytest.approx(2 * np.pi * 29.9, rel=0.02)
    assert line.chord_um == pytest.approx(0, abs=0.1)


def test_only_the_wanted_part_is_kept_and_a_closed_outline_is_not_cut_at_its_start():
    rows, columns = np.indices((80, 120))
    mask = np.hypot(rows - 40, columns - 60) < 30
    lines = outline(mask, rows < 40, UP, sigma_um=1, unit_um=1)
    assert len(lines) == 1
    assert lines[0].length_um == pytest.approx(np.pi * 29.9, rel=0.03)
    assert lines[0].chord_um == pytest.approx(2 * 29.9, rel=0.03)


def test_short_runs_are_dropped():
    mask = np.zeros((80, 120), bool)
    mask[20:26, 20:26] = True
    assert outline(mask, EVERYWHERE, UP, sigma_um=1, unit_um=1) == []
    assert outline(mask, ~EVERYWHERE, UP, sigma_um=1, unit_um=1) == []


def test_values_are_read_between_pixels():
    mask = np.zeros((80, 120), bool)
    mask[30:] = True
    (line,) = outline(mask, EVERYWHERE, UP, sigma_um=2, unit_um=2)
    ramp = np.arange(80, dtype=np.float32)[:, None].repeat(120, axis=1)
    assert line.values(ramp, 2) == pytest.approx(29.5)
