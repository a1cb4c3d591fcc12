"""What a faithful map must not look like: encoders without their training, clocks without ages."""

import copy
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import nn

from skinage.cohort.people import by_person, first_visits
from skinage.encoders.encoder import Encoder
from skinage.errors import SettingError

MOST_OF_IT = 0.8
AGE_COLUMNS = ("age_years", "age_low", "age_high")


def randomise(
    encoder: Encoder, *, n_stages: int = 5, seed: int = 0
) -> Iterator[tuple[str, Encoder]]:
    """Yield copies of an encoder whose weights are random from the output down to a layer.

    The cascade of Adebayo et al. 2018 (arXiv 1810.03292): the last layers first, in the end all.
    The weights of each tensor are shuffled, not drawn anew, so that activations keep their size.

    Parameters
    ----------
    encoder
        The encoder of the clock; it stays as it is.
    n_stages
        The most copies to make; layers are put together where there are more.
    seed
        Seed of the shuffles.

    Yields
    ------
    str
        The layers whose weights are random, such as "weights random down to layer3".
    Encoder
        With these weights; the clock takes it for its own.

    Raises
    ------
    SettingError
        If there is no stage to make.
    """
    if n_stages < 1:
        raise SettingError(f"randomise: n_stages is {n_stages}; expected 1 or more")
    module = copy.deepcopy(encoder.module)
    layers = _layers(module)
    generator = torch.Generator().manual_seed(seed)
    stages = np.array_split(np.arange(len(layers)), min(n_stages, len(layers)))
    for stage in stages[::-1]:
        for number in stage[::-1]:
            _shuffle(layers[number][1], generator)
        name = f"weights random down to {layers[stage[0]][0]}"
        yield name, replace(encoder, module=copy.deepcopy(module))


def shuffle_ages(cohort: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Return first visits with the ages of people exchanged: clocks fitted on it know no age.

    Parameters
    ----------
    cohort
        A row per slide, with ``person_id`` and ``age_years``; brackets move with their age.
    seed
        Seed of the shuffle.

    Returns
    -------
    pandas.DataFrame
        The rows of first visits. Slides of one person still share one age.
    """
    names = [name for name in AGE_COLUMNS if name in cohort]
    known = by_person(cohort, names)
    order = np.random.default_rng(seed).permutation(len(known))
    exchanged = known.take(order).set_axis(known.index)
    slides = first_visits(cohort)
    ages = exchanged.loc[slides["person_id"]].set_axis(slides.index)
    return slides.assign(**{name: ages[name] for name in names})


def _layers(module: nn.Module, prefix: str = "") -> list[tuple[str, nn.Module]]:
    """Return the layers that hold weights, first to last, one level down."""
    children = [
        (f"{prefix}{name}", child)
        for name, child in module.named_children()
        if any(True for _ in child.parameters())
    ]
    if not children:
        return [(prefix.rstrip(".") or type(module).__name__, module)]
    sizes = [sum(weight.numel() for weight in child.parameters()) for _, child in children]
    largest = int(np.argmax(sizes))
    # Where nearly all weights are in one child, such as the blocks of a transformer, open it.
    if sizes[largest] > MOST_OF_IT * sum(sizes) and [*children[largest][1].children()]:
        name, child = children[largest]
        children[largest : largest + 1] = _layers(child, f"{name}.")
    return children


def _shuffle(layer: nn.Module, generator: torch.Generator) -> None:
    with torch.no_grad():
        for weight in layer.parameters():
            order = torch.randperm(weight.numel(), generator=generator).to(weight.device)
            weight.copy_(weight.flatten()[order].view_as(weight))
