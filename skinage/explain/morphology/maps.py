"""What was found in a slide, kept as a picture: the structure of each pixel, nuclei, elastosis."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

from skinage.errors import StageError
from skinage.storage import recipe_hash

NUCLEUS, ELASTOSIS = 16, 32
"""Bits that stand beside the number of the structure, which is below 16."""
TILE_PX = 256
UM_PER_CM = 10_000
LONGEST_NAME, HASH_LETTERS = 100, 32
"""Letters of a name that is a file name too, and of the hash of another, which follows an =."""


@dataclass(frozen=True, eq=False)
class StructureMap:
    """The structures of a slide or of a part of it.

    Attributes
    ----------
    structures
        ``(h, w)`` uint8, values of `Structure`.
    nuclei, elastosis
        ``(h, w)`` bool; they lie within the structures.
    mpp
        um per px.
    """

    structures: np.ndarray
    nuclei: np.ndarray
    elastosis: np.ndarray
    mpp: float

    @property
    def packed(self) -> np.ndarray:
        """The three as one ``(h, w)`` uint8 picture."""
        bits = self.nuclei * np.uint8(NUCLEUS) + self.elastosis * np.uint8(ELASTOSIS)
        return self.structures | bits

    @classmethod
    def unpacked(cls, packed: np.ndarray, mpp: float) -> "StructureMap":
        """Return the map of a packed picture."""
        nuclei, elastosis = (packed & bit > 0 for bit in (NUCLEUS, ELASTOSIS))
        return cls(packed & np.uint8(NUCLEUS - 1), nuclei, elastosis, mpp)


def write_map(path: Path, packed: np.ndarray, mpp: float) -> None:
    """Write a packed map as a tiled TIFF without loss, with its scale."""
    tifffile.imwrite(
        path, packed, tile=(TILE_PX, TILE_PX), compression="adobe_deflate",
        photometric="minisblack", resolution=(UM_PER_CM / mpp,) * 2, resolutionunit="CENTIMETER",
        metadata=None, software=False, maxworkers=1,
    )  # fmt: skip


def read_map(folder: str | Path, slide_id: str) -> StructureMap:
    """Read what `measure_slides` found in a slide.

    Parameters
    ----------
    folder
        The folder that `measure_slides` wrote to.
    slide_id
        The slide.

    Returns
    -------
    StructureMap
        ``structures``, ``nuclei`` and ``elastosis`` (h, w) of the whole slide, and ``mpp``.

    Raises
    ------
    StageError
        If the folder has no map of this slide.
    """
    path = map_path(Path(folder), slide_id)
    if not path.is_file():
        found = len([*path.parent.glob("*.tiff")])
        raise StageError(
            f"{path}: no such file; the folder has maps of {found} slides. Give the folder that "
            "measure_slides wrote (out=), and a slide that it could measure."
        )
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        px, cm = page.tags["XResolution"].value
        return StructureMap.unpacked(page.asarray(), UM_PER_CM * cm / px)


def map_path(folder: Path, slide_id: str) -> Path:
    """Return the path of the map of a slide; a hash stands for what is no plain file name."""
    letters = slide_id.replace("_", "").replace("-", "").replace(".", "")
    plain = letters.isascii() and letters.isalnum() and len(slide_id) <= LONGEST_NAME
    hashed = recipe_hash({"slide_id": slide_id})[:HASH_LETTERS]
    name = slide_id if plain and not slide_id.startswith(".") else f"={hashed}"
    return folder / "maps" / f"{name}.tiff"
