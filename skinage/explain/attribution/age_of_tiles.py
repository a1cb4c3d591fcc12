"""A person's predicted age as one module, from the pixels of a tile to years."""

import numpy as np
import torch
from torch import Tensor, nn

from skinage.clock.clock import Clock
from skinage.encoders.encoder import Encoder
from skinage.errors import StageError
from skinage.explain.attribution.tile_terms import tile_terms

BATCH = 64
"""Tiles that pass the encoder at once."""


class AgeOfTiles(nn.Module):
    """The age that a clock predicts for a person, as a function of one of the person's tiles.

    The tile goes through the encoder and is pooled with the person's other tiles, which stay as
    they are; the pooled features go through the clock. Gradients follow that way back where the
    clock is a sum of features, or attention; any other clock (trees) is predicted only.

    Parameters
    ----------
    encoder
        The encoder that the clock's features were embedded with. The age is computed on its
        device, and its weights stay its own.
    clock
        A clock on the mean and the std of tiles, or of attention.
    others
        All tiles of the person but the one to exchange: ``(n, h, w, 3)`` uint8 RGB, or their
        embeddings ``(n, dim)``, such as rows of ``atlas.X``.
    sex
        "F", "M" or None, for a clock that uses it.

    Attributes
    ----------
    n_tiles
        The number of the person's tiles, the exchanged one included.
    differentiable
        Whether gradients pass through the clock.

    Raises
    ------
    StageError
        If the clock was fitted on features of another encoder, or on other ones than the mean and
        std of tiles.
    """

    sum_of_others: Tensor

    def __init__(
        self, encoder: Encoder, clock: Clock, others: np.ndarray, *, sex: str | None = None
    ) -> None:
        super().__init__()
        _refuse_other_encoder(encoder, clock)
        embeddings = embed_tiles(encoder, others)
        n_others, dim = embeddings.shape
        centre = embeddings.mean(dim=0) if n_others else torch.zeros(dim, dtype=torch.float64)
        self.encoder, self.module = encoder, encoder.module
        device = next(encoder.module.parameters()).device
        self.tile_terms = tile_terms(clock, centre, sex).to(device)
        self.clock_model = str(clock.metadata.get("model", type(clock.model).__name__))
        self.n_tiles, self.differentiable = n_others + 1, self.tile_terms.differentiable
        with torch.no_grad():
            terms = self.tile_terms.terms(embeddings.to(device))
        self.register_buffer("sum_of_others", terms.sum(dim=0))
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Compute the person's age with each of the images in place of the tile.

        Parameters
        ----------
        images
            ``(n, 3, h, w)``, as `prepare` makes them.

        Returns
        -------
        torch.Tensor
            ``(n,)`` years, float64.
        """
        return self.of_embeddings(self.module(images))

    def of_embeddings(self, embeddings: Tensor) -> Tensor:
        """Compute the person's age with each of the embeddings as that of the tile.

        Parameters
        ----------
        embeddings
            ``(n, dim)``, on the device of the encoder.

        Returns
        -------
        torch.Tensor
            ``(n,)`` years, float64.
        """
        terms = self.tile_terms.terms(embeddings)
        return self.tile_terms.years((self.sum_of_others + terms) / self.n_tiles)

    def prepare(self, pixels: np.ndarray) -> Tensor:
        """Return pixels as the images that `forward` takes.

        Parameters
        ----------
        pixels
            ``(n, h, w, 3)`` uint8 RGB tiles.

        Returns
        -------
        torch.Tensor
            ``(n, 3, h, w)`` on the device and in the precision of the encoder.
        """
        return self.encoder.prepare(pixels).to(next(self.module.parameters()))

    def predict(self, pixels: np.ndarray) -> np.ndarray:
        """Compute the person's age with each of the tiles in place of the tile, in batches.

        Parameters
        ----------
        pixels
            ``(n, h, w, 3)`` uint8 RGB tiles, one at least.

        Returns
        -------
        numpy.ndarray
            ``(n,)`` years.
        """
        batches = np.split(pixels, range(BATCH, len(pixels), BATCH))
        with torch.inference_mode():
            ages = [self(self.prepare(some)) for some in batches]
        return torch.cat(ages).cpu().numpy().astype(float)

    def without_tile(self) -> float:
        """Compute the person's age from the other tiles alone.

        Returns
        -------
        float
            Years; NaN if there is no other tile.
        """
        if self.n_tiles == 1:
            return float("nan")
        with torch.no_grad():
            return float(self.tile_terms.years(self.sum_of_others / (self.n_tiles - 1)))


def embed_tiles(encoder: Encoder, tiles: np.ndarray) -> Tensor:
    """Return ``(n, dim)`` float64 on the CPU, of pixels ``(n, h, w, 3)`` or embeddings.

    Raises
    ------
    StageError
        If the tiles are neither, or embeddings are of another width than the encoder's.
    """
    tiles, dim = np.asarray(tiles), int(encoder.metadata["dim"])
    if tiles.ndim == 4 and tiles.dtype == np.uint8:
        if not len(tiles):
            return torch.zeros(0, dim, dtype=torch.float64)
        device = next(encoder.module.parameters())
        with torch.inference_mode():
            batches = np.split(tiles, range(BATCH, len(tiles), BATCH))
            found = [encoder.module(encoder.prepare(some).to(device)).cpu() for some in batches]
        return torch.cat(found).double()
    if tiles.ndim != 2 or tiles.shape[1] != dim:
        raise StageError(
            f"attribution: tiles are {tiles.dtype} of shape {tiles.shape}; expected pixels "
            f"(n, h, w, 3) uint8, or embeddings (n, {dim}) of this encoder"
        )
    return torch.from_numpy(tiles.astype(float))


def _refuse_other_encoder(encoder: Encoder, clock: Clock) -> None:
    own, expected = encoder.metadata.get("hash"), clock.metadata.get("encoder_hash")
    if None not in (own, expected) and own != expected:
        raise StageError(
            f"attribution: the clock was fitted on features of encoder {expected}, got encoder "
            f"{own}; give the encoder that made the clock's features"
        )
