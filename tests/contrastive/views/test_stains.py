import math

import pytest
import torch

from skinage.contrastive.views.stains import STAINS, restained, stain_change

NO_MIXING = torch.zeros(1, 3, 3)


def light_of(*density):
    """Light behind so much haematoxylin, eosin and residual."""
    return (255 * torch.exp(-torch.tensor(density) @ STAINS)).view(1, 3, 1, 1)


def density_of(light):
    return -torch.log(light).flatten()


@pytest.mark.parametrize("stain", range(3))
def test_strength_multiplies_one_stain_and_leaves_the_others(stain):
    strength = torch.ones(1, 3)
    strength[0, stain] = 1.7
    amounts = [0.3, 0.4, 0.1]
    changed = restained(light_of(*amounts), stain_change(strength, NO_MIXING), torch.zeros(1, 3))
    amounts[stain] *= 1.7
    torch.testing.assert_close(density_of(changed), torch.tensor(amounts) @ STAINS)


def test_mixing_adds_one_stains_colour_to_another():
    mixing = NO_MIXING.clone()
    mixing[0, 0, 1] = 0.2  # haematoxylin takes a fifth of eosin's colour
    changed = restained(
        light_of(0.5, 0.3, 0.0), stain_change(torch.ones(1, 3), mixing), torch.zeros(1, 3)
    )
    torch.testing.assert_close(density_of(changed), torch.tensor([0.5, 0.4, 0.0]) @ STAINS)


def test_the_offset_is_added_to_each_channel_of_white_too():
    offset = torch.tensor([[0.1, 0.0, -0.1]])
    changed = restained(
        torch.full((1, 3, 2, 2), 255.0), stain_change(torch.ones(1, 3), NO_MIXING), offset
    )
    torch.testing.assert_close(-torch.log(changed[0, :, 1, 1]), offset[0], atol=2e-6, rtol=0)


def test_black_is_finite():
    changed = restained(
        torch.zeros(1, 3, 1, 1), stain_change(torch.ones(1, 3), NO_MIXING), torch.zeros(1, 3)
    )
    assert density_of(changed).tolist() == pytest.approx([math.log(255)] * 3, rel=1e-4)
