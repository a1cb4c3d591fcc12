import pytest
import torch

from skinage.contrastive.views.geometry import resampled

TILE = torch.arange(5.0 * 7).view(1, 1, 5, 7).repeat(1, 3, 1, 1)


def cut(middle, step, turned, side):
    return resampled(
        TILE, torch.tensor([middle]), torch.tensor([step]), torch.tensor([turned]), side
    )[0, 0]


def test_a_part_at_whole_pixels_is_the_tiles_own_pixels():
    part = cut([4.0, 3.0], [1.0, 1.0], 0, 2)
    torch.testing.assert_close(part, TILE[0, 0, 2:4, 3:5], atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("step", "turned", "expected"),
    [
        ([-1.0, 1.0], 0, lambda part: part.flip(1)),
        ([1.0, -1.0], 0, lambda part: part.flip(0)),
        ([1.0, 1.0], 1, lambda part: part.T),
        ([-1.0, 1.0], 1, lambda part: part.T.flip(0)),
    ],
)
def test_mirrors_and_turns(step, turned, expected):
    part = cut([3.5, 2.5], step, turned, 3)
    torch.testing.assert_close(part, expected(TILE[0, 0, 1:4, 2:5]), atol=1e-4, rtol=0)


def test_steps_are_tile_pixels():
    """Columns differ by 1 and rows by 7 from one pixel of the tile to the next."""
    part = cut([3.5, 2.5], [1.5, 0.5], 0, 3)
    torch.testing.assert_close(part[1, 1], TILE[0, 0, 2, 3])
    torch.testing.assert_close(part.diff(dim=1), torch.full((3, 2), 1.5))
    torch.testing.assert_close(part.diff(dim=0), torch.full((2, 3), 3.5))


def test_beyond_the_tile_its_outermost_pixels_go_on():
    part = cut([0.0, 2.5], [1.0, 1.0], 0, 4)
    torch.testing.assert_close(part[:, 0], part[:, 2], atol=1e-4, rtol=0)
