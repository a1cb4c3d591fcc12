"""The settings of attention, apart from the net, which needs PyTorch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AttentionSettings:
    """How attention is trained; the defaults were chosen on phantoms.

    Attributes
    ----------
    hidden
        Number of hidden units that weigh a tile.
    n_epochs
        Largest number of epochs.
    learning_rate
        Learning rate of AdamW.
    weight_decay
        Weight decay of the layers that weigh tiles; the head keeps the penalty that ridge chose.
    n_tiles
        Number of tiles drawn of each person at each step, so that no tile is memorised.
    n_people
        Approximate number of people at each step.
    """

    hidden: int = 64
    n_epochs: int = 60
    learning_rate: float = 6e-3
    weight_decay: float = 1e-2
    n_tiles: int = 20
    n_people: int = 20
