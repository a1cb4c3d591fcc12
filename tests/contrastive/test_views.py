import pytest
import torch

from skinage.contrastive.views import STAINS, HistologyViews, optical_density

STILL = {
    "share": 1.0,
    "zoom": 1.0,
    "stain_strength": 0.0,
    "stain_mixing": 0.0,
    "background": 0.0,
    "focus": 0.0,
    "turns": False,
}


@pytest.fixture
def pixels():
    return torch.randint(1, 256, (64, 3, 16, 16), generator=torch.Generator().manual_seed(1)).to(
        torch.uint8
    )


def test_with_everything_off_a_view_is_the_tile(pixels):
    view = HistologyViews(**STILL)(pixels, torch.Generator())
    torch.testing.assert_close(view * 255, pixels.float(), atol=0.01, rtol=0)


def test_turns_and_mirrors_are_the_eight_exact_ones(pixels):
    views = (
        HistologyViews(**STILL | {"turns": True})(pixels, torch.Generator().manual_seed(0)) * 255
    )
    seen = set()
    for tile, view in zip(pixels.float(), views, strict=True):
        turned = [
            torch.rot90(flipped, k, (1, 2)) for flipped in (tile, tile.flip(2)) for k in range(4)
        ]
        gaps = [(view - candidate).abs().max().item() for candidate in turned]
        assert min(gaps) < 0.1
        seen.add(gaps.index(min(gaps)))
    assert seen == set(range(8))


def test_zoom_stays_within_its_factor_both_ways():
    """A ramp's slope in optical density tells the scale of each view, its middle the place."""
    ramp = (255 * torch.exp(-torch.linspace(0.2, 1.4, 48))).round().to(torch.uint8)
    tiles = ramp.repeat(256, 3, 48, 1)
    views = HistologyViews(**STILL | {"share": 0.5, "zoom": 1.25})(
        tiles, torch.Generator().manual_seed(0)
    )
    assert views.shape == (256, 3, 24, 24)
    density = -torch.log(views[:, 0, 12])
    scale = (density[:, 20] - density[:, 4]) / (16 * 1.2 / 47)
    assert 1 / 1.25 - 0.02 < scale.min() < 0.85
    assert 1.17 < scale.max() < 1.25 + 0.02
    assert density[:, 12].std() > 0.1


def test_stain_strength_acts_on_one_stain_at_a_time():
    """Pure haematoxylin stays a multiple of haematoxylin, whatever the strengths drawn."""
    tile = (255 * torch.exp(-0.8 * STAINS[0])).view(1, 3, 1, 1).expand(32, 3, 4, 4)
    views = HistologyViews(**STILL | {"stain_strength": 0.3})(
        tile.round().to(torch.uint8), torch.Generator().manual_seed(0)
    )
    density = -torch.log(views[:, :, 0, 0])
    share = density / density.norm(dim=1, keepdim=True)
    expected = STAINS[0] / STAINS[0].norm()
    assert (share - expected).abs().max() < 0.01
    assert density.norm(dim=1).log().std() == pytest.approx(0.3, abs=0.08)


def test_focus_blurs_and_sharpens_but_keeps_flat_areas():
    """An edge gets flatter in some views and steeper in others; far from it nothing changes."""
    tiles = torch.full((64, 3, 16, 16), 200, dtype=torch.uint8)
    tiles[..., 8:] = 100
    views = HistologyViews(**STILL | {"focus": 0.8})(tiles, torch.Generator().manual_seed(0)) * 255
    step = views[:, 0, 8, 7] - views[:, 0, 8, 8]
    assert step.min() < 60
    assert step.max() > 140
    torch.testing.assert_close(views[..., :6], tiles[..., :6].float(), atol=0.1, rtol=0)


def test_the_same_seed_draws_the_same_views(pixels):
    first, again = (HistologyViews()(pixels, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, HistologyViews()(pixels, torch.Generator().manual_seed(4)))


def test_views_stay_light(pixels):
    views = HistologyViews(stain_strength=1.0)(pixels, torch.Generator().manual_seed(0))
    assert 0 <= views.min() < views.max() <= 1


def test_optical_density_of_white_is_zero_and_black_is_finite():
    density = optical_density(torch.tensor([255, 0], dtype=torch.uint8).view(1, 1, 1, 2))
    assert density[0, 0, 0, 0] == 0
    assert torch.isfinite(density).all()
