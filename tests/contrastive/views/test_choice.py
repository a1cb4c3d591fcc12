import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from skinage.contrastive.views.choice import NAMED, HistologyViews, one_switch_each, views_named
from skinage.contrastive.views.stains import STAINS
from skinage.errors import SettingError

STILL = replace(NAMED["none"], share=1.0)


@pytest.fixture
def pixels():
    drawn = torch.randint(0, 256, (64, 3, 16, 16), generator=torch.Generator().manual_seed(1))
    return drawn.to(torch.uint8)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def stained(*amounts):
    """Tiles of one colour: so much haematoxylin, eosin and residual in optical density."""
    light = 255 * torch.exp(-torch.tensor(amounts) @ STAINS)
    return light.round().to(torch.uint8).view(1, 3, 1, 1).expand(256, 3, 4, 4)


def test_with_everything_off_a_view_is_the_tile(pixels):
    torch.testing.assert_close(STILL(pixels, seeded()) * 255, pixels.float(), atol=0.01, rtol=0)


def test_turns_and_mirrors_are_the_eight_exact_ones(pixels):
    views = replace(STILL, turns=True)(pixels, seeded()) * 255
    seen = set()
    for tile, view in zip(pixels.float(), views, strict=True):
        turned = [
            torch.rot90(flipped, k, (1, 2)) for flipped in (tile, tile.flip(2)) for k in range(4)
        ]
        gaps = [(view - candidate).abs().max().item() for candidate in turned]
        assert min(gaps) < 0.01
        seen.add(gaps.index(min(gaps)))
    assert seen == set(range(8))


def test_zoom_stays_within_its_factor_both_ways():
    """A ramp's slope tells the scale of each view, its middle the place."""
    ramp = torch.arange(0, 240, 5, dtype=torch.uint8)
    tiles = ramp.repeat(256, 3, 48, 1)
    views = replace(STILL, share=0.5, zoom=1.25, anywhere=True)(tiles, seeded()) * 255
    assert views.shape == (256, 3, 24, 24)
    scale = (views[:, 0, 12, 20] - views[:, 0, 12, 4]) / 16 / 5
    assert 1 / 1.25 - 0.01 < scale.min() < 0.82
    assert 1.22 < scale.max() < 1.25 + 0.01
    left, right = views[:, 0, 12, 0] / 5, views[:, 0, 12, -1] / 5  # in pixels of the tile
    assert left.min() < 1
    assert right.max() > 46
    assert (right - left).max() < 1.25 * 24


def test_a_crop_without_zoom_has_the_tiles_own_pixels(pixels):
    views = replace(STILL, share=0.5, anywhere=True)(pixels, seeded()) * 255
    corners = set()
    for tile, view in zip(pixels.float(), views, strict=True):
        parts = tile.unfold(1, 8, 1).unfold(2, 8, 1)  # (3, 9, 9, 8, 8)
        gaps = (parts - view[:, None, None]).abs().amax((0, 3, 4))
        assert gaps.min() < 0.01
        corners.add(divmod(int(gaps.argmin()), 9))
    assert {row for row, _ in corners} == {column for _, column in corners} == set(range(9))


@pytest.mark.parametrize("stain", ["haematoxylin", "eosin", "residual"])
def test_each_strength_acts_on_its_own_stain_only(stain):
    names = ["haematoxylin", "eosin", "residual"]
    for other in names:
        amounts = [0.6 * (name == other) for name in names]
        views = replace(STILL, **{stain: 0.3})(stained(*amounts), seeded())
        density = -torch.log(views[:, :, 0, 0])
        direction = density / density.norm(dim=1, keepdim=True)
        expected = STAINS[names.index(other)] / STAINS[names.index(other)].norm()
        assert (direction - expected).abs().max() < 0.025  # eight bits, and stains made stronger
        spread = density.norm(dim=1).log().std().item()
        assert spread == pytest.approx(0.3 if other == stain else 0, abs=0.04)


def test_mixing_turns_the_stain_vectors_and_leaves_white():
    views = replace(STILL, stain_mixing=0.05)(stained(0.6, 0.0, 0.0), seeded())
    amounts = -torch.log(views[:, :, 0, 0]) @ torch.linalg.inv(STAINS) / 0.6
    assert amounts.std(0).tolist() == pytest.approx([0.05] * 3, abs=0.01)
    white = replace(STILL, stain_mixing=0.05)(stained(0.0, 0.0, 0.0), seeded())
    torch.testing.assert_close(white, torch.ones_like(white))


def test_white_balance_is_an_offset_of_each_channel():
    views = replace(STILL, background=0.03)(stained(0.6, 0.6, 0.6), seeded())
    density = -torch.log(views[:, :, 0, 0])
    assert density.std(0).tolist() == pytest.approx([0.03] * 3, abs=0.005)
    assert (torch.corrcoef(density.T) - torch.eye(3)).abs().max() < 0.2


def test_focus_blurs_and_sharpens_but_keeps_flat_areas():
    """An edge gets flatter in some views and steeper in others; far from it nothing changes."""
    tiles = torch.full((64, 3, 16, 16), 200, dtype=torch.uint8)
    tiles[..., 8:] = 100
    views = replace(STILL, focus=0.8)(tiles, seeded()) * 255
    step = views[:, 0, 8, 7] - views[:, 0, 8, 8]
    assert 46 < step.min() < 60  # a mean of 3 px leaves 33
    assert 140 < step.max() < 154
    torch.testing.assert_close(views[..., :6], tiles[..., :6].float(), atol=0.01, rtol=0)


def test_noise_is_drawn_up_to_its_largest_deviation():
    grey = torch.full((256, 3, 24, 24), 128, dtype=torch.uint8)
    deviation = replace(STILL, noise=0.02)(grey, seeded()).std((1, 2, 3))
    assert deviation.max().item() == pytest.approx(0.02, rel=0.06)
    assert deviation.mean().item() == pytest.approx(0.01, rel=0.1)


def test_jpeg_is_for_its_share_of_the_views(pixels):
    views = replace(STILL, jpeg=0.25)(pixels, seeded(), copies=8)
    changed = (views * 255 - pixels.repeat(8, 1, 1, 1)).abs().amax((1, 2, 3)) > 1
    assert changed.float().mean().item() == pytest.approx(0.25, abs=0.06)


def test_one_switch_changes_nothing_of_the_draws_of_another(pixels):
    """Views with noise are those without it, and noise."""
    quiet, noisy = (HistologyViews(noise=noise, jpeg=0.0)(pixels, seeded()) for noise in (0, 0.001))
    assert 0 < (quiet - noisy).abs().max() < 0.006


def test_copies_are_views_of_the_same_tiles_one_after_the_other():
    tiles = torch.arange(0, 200, 2, dtype=torch.uint8).view(100, 1, 1, 1).expand(100, 3, 9, 9)
    views = replace(STILL, background=0.001)(tiles, seeded(), copies=3).view(3, 100, 3, 9, 9)
    assert (views * 255 - tiles).abs().max() < 1.5
    assert not torch.equal(views[0], views[1])


def test_tiles_made_some_at_a_time_are_the_same(pixels, monkeypatch):
    together = HistologyViews()(pixels, seeded(), copies=2)
    monkeypatch.setattr("skinage.contrastive.views.histology.BYTES_AT_ONCE", 12 * 16 * 16 * 7)
    torch.testing.assert_close(HistologyViews()(pixels, seeded(), copies=2), together)


def test_the_same_seed_draws_the_same_views(pixels):
    first, again = (HistologyViews()(pixels, seeded(3)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, HistologyViews()(pixels, seeded(4)))


def test_half_precision_of_the_network_does_not_reach_the_views(pixels):
    with torch.autocast("cpu", torch.bfloat16):
        views = HistologyViews()(pixels, seeded())
    assert torch.equal(views, HistologyViews()(pixels, seeded()))


@pytest.mark.parametrize("size_px", [(33, 33), (17, 50), (5, 4)])
def test_any_size_and_layout(size_px):
    tiles = torch.randint(256, (5, *size_px, 3), dtype=torch.uint8).permute(0, 3, 1, 2)
    side = max(1, round(min(size_px) / 2))
    views = HistologyViews(haematoxylin=1.0, jpeg=0.5)(tiles, seeded(), copies=2)
    assert views.shape == (10, 3, side, side)
    assert views.dtype == torch.float32
    assert 0 <= views.min() <= views.max() <= 1
    assert torch.isfinite(views).all()


def test_none_is_the_middle_of_the_tile(pixels):
    views = views_named("none")(pixels, seeded(), copies=2) * 255
    middle = pixels[:, :, 4:12, 4:12].float().repeat(2, 1, 1, 1)
    torch.testing.assert_close(views, middle, atol=0.01, rtol=0)


@pytest.mark.parametrize("name", NAMED)
def test_views_by_name_can_be_described_and_made_smaller(name, pixels):
    views = views_named(name)
    assert json.loads(json.dumps(views.describe()))["share"] == 0.5
    assert views.smaller()(pixels[:2], seeded()).shape == (2, 3, 4, 4)
    assert views_named(views) is views


def test_descriptions_differ_where_views_do():
    described = [json.dumps(views.describe()) for views in NAMED.values()]
    assert len({*described, json.dumps(HistologyViews(noise=0.02).describe())}) == 3


def test_an_unknown_name_is_refused_with_the_names_there_are():
    with pytest.raises(SettingError, match=r"found 'SimCLR'; expected one of histology, none"):
        views_named("SimCLR")


class OwnViews:
    """What the protocol asks for, and nothing else."""

    def __call__(self, pixels, generator, copies=1):
        return (pixels / 255).repeat(copies, 1, 1, 1)

    def smaller(self):
        return self

    def describe(self):
        return {"made_by": "OwnViews"}


def test_an_object_of_ones_own_is_taken_if_it_has_the_three_methods():
    own = OwnViews()
    assert views_named(own) is own
    for wrong in (OwnViews, lambda pixels, generator, copies=1: pixels):
        with pytest.raises(SettingError, match="methods __call__, smaller and describe"):
            views_named(wrong)


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"zoom": 0.8}, {"noise": -1.0}, {"jpeg": 2.0}])
def test_settings_that_no_view_can_have_are_refused(wrong):
    with pytest.raises(SettingError, match=next(iter(wrong))):
        HistologyViews(**wrong)


def test_every_switch_is_shown_alone_and_does_something():
    tiles = np.random.default_rng(0).integers(60, 200, (4, 32, 32, 3), dtype=np.uint8)
    pictures = one_switch_each(tiles)
    assert list(pictures)[-2:] == ["histology", "none"]
    assert {picture.shape for picture in pictures.values()} == {(4, 16, 16, 3)}
    for name, picture in pictures.items():
        assert np.allclose(picture, pictures["none"]) == (name == "none")
