"""What this machine has, which reader opens each format of slide, and what is missing."""

import os
import platform
import re
import shutil
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

from skinage import __version__
from skinage.errors import SlideError

REQUIREMENTS = [line for line in metadata.requires("skinage") or [] if "extra ==" not in line]
NEEDED = [re.split(r"[^\w-]", line)[0] for line in REQUIREMENTS]
TILES: dict[str, Any] = {"tile": (256, 256)}
SAMPLES: dict[str, dict[str, Any]] = {
    "tiled TIFF, JPEG": TILES | {"compression": "jpeg"},
    "tiled TIFF, LZW": TILES | {"compression": "lzw", "predictor": 2},
    "tiled TIFF, deflate": TILES | {"compression": "adobe_deflate"},
    "tiled TIFF, deflate, predictor": TILES | {"compression": "adobe_deflate", "predictor": 2},
    "PNG, JPEG or plain TIFF with mpp": {},
}
"""Formats that are written and opened, to find the reader of each on this machine."""
OPENSLIDE_ONLY = "NDPI, MRXS, SCN, BIF, DICOM"


def examine() -> tuple[list[tuple[str, str]], list[str]]:
    """Return what this machine has and what it lacks.

    Returns
    -------
    findings : list of (str, str)
        The name of a part and what was found.
    missing : list of str
        One sentence each: what is missing, and the command that installs it.
    """
    findings = [
        ("skinage", __version__),
        ("Python", f"{platform.python_version()} on {platform.platform()}"),
        ("processor cores", str(os.cpu_count())),
        ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"),
        ("disk free here", f"{shutil.disk_usage('.').free / 2**30:.0f} GiB"),
    ]
    missing = []
    for package in NEEDED:
        try:
            findings.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            findings.append((package, "missing"))
            missing.append(f"{package} is missing: pip install {package}")
    if not any(sentence.startswith("torch ") for sentence in missing):
        findings.append(("GPU", _gpu()))
    for name, found, works in _readers():
        findings.append((name, found))
        if not works:
            missing.append(f"{name} cannot be read here: {found}")
    return findings, missing


def _readers() -> list[tuple[str, str, bool]]:
    """Write a small file of each format and return its name, its reader and whether it works."""
    import numpy as np
    import tifffile

    from skinage.slides.slide import open_slide

    pixels = np.full((512, 512, 3), 200, np.uint8)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (label, options) in enumerate(SAMPLES.items()):
            path = Path(folder) / f"{number}.tif"
            tifffile.imwrite(path, pixels, photometric="rgb", **options)
            try:
                slide = open_slide(path, mpp=1.0)
                slide.read_region(0, 0, 64, 64)
                rows.append((label, f"read by {slide.reader} ({slide.reason})", True))
            except SlideError as error:
                rows.append((label, str(error), False))
    rows.append((OPENSLIDE_ONLY, "read by OpenSlide (formats that cuCIM does not know)", True))
    return rows


def _gpu() -> str:
    import torch

    if not torch.cuda.is_available():
        return "none: training runs on the processor; everything else is the same"
    memory = torch.cuda.get_device_properties(0).total_memory
    return f"{torch.cuda.get_device_name(0)}, {memory / 2**30:.0f} GiB"
