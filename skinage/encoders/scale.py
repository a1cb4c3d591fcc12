"""A check that tiles have the scale that an encoder was made for."""

from typing import Any

import numpy as np
import pandas as pd

from skinage.errors import StageError

TOLERANCE = 0.02


def check_scale(metadata: dict[str, Any], tiles: pd.DataFrame, doing: str) -> None:
    """Refuse tiles of a scale that the encoder was not made for.

    Parameters
    ----------
    metadata
        The encoder's metadata; ``mpp`` is a number or several. Without it any scale is accepted.
    tiles
        The tile table.
    doing
        The name of the stage, with which the message begins.

    Raises
    ------
    StageError
        If the mpp of a tile differs by more than 2 % from every scale in the metadata.
    """
    if "mpp" not in metadata or "mpp" not in tiles:
        return
    known = np.atleast_1d(metadata["mpp"]).astype(float)
    found = np.unique(tiles["mpp"].to_numpy(float))
    wrong = [one for one in found if np.abs(known / one - 1).min() > TOLERANCE]
    if wrong:
        raise StageError(
            f"{doing}: tiles of {_listed(wrong)} um/px for an encoder of {_listed(known)} um/px; "
            "cells would look larger or smaller than it knows them. Make the tiles again with "
            f"mpp={known[0]:g}, or take another encoder."
        )


def _listed(scales: Any) -> str:
    return " and ".join(f"{one:g}" for one in scales)
