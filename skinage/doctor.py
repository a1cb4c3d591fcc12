"""What this machine has, which reader each kind of slide would get, what is missing."""

import importlib.util
import os
import platform
import shutil
from importlib import metadata

from skinage import __version__

NEEDED = (
    "torch", "torchvision", "lightly", "pytorch-lightning", "timm", "openslide-python",
    "openslide-bin", "cucim-cu13", "anndata", "zarr", "umap-learn", "scikit-learn", "lifelines",
    "statsmodels", "captum", "shap", "seaborn", "papermill", "jupyterlab",
)  # fmt: skip
READERS = (
    ("Aperio .svs; tiled .tif/.tiff (JPEG, JPEG 2000, LZW, deflate, none)", "cuCIM"),
    ("the same with predictor 2 and deflate, upper-case endings, .btf", "OpenSlide"),
    ("Hamamatsu .ndpi, MIRAX .mrxs, Leica .scn, Ventana .bif, DICOM .dcm", "OpenSlide"),
    ("plain .png, .jpg, untiled .tif, with a column mpp in the table", "picture"),
)


def examine() -> tuple[list[tuple[str, str]], list[str]]:
    """Examine the machine.

    Returns
    -------
    findings : list of (what, found)
        In the order a reader wants them.
    missing : list of str
        One sentence each: what is missing, and the command that brings it.
    """
    findings = [
        ("skinage", __version__),
        ("Python", f"{platform.python_version()} on {platform.platform()}"),
        ("processor cores", str(os.cpu_count())),
        ("memory", _memory()),
        ("disk free here", f"{shutil.disk_usage('.').free / 2**30:.0f} GiB"),
        ("GPU", _gpu()),
    ]
    missing = []
    for package in NEEDED:
        try:
            findings.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            findings.append((package, "missing"))
            missing.append(f"{package} is not installed: pip install {package}")
    has_cucim = importlib.util.find_spec("cucim") is not None
    for kind, reader in READERS:
        got = (
            "OpenSlide (slower; cuCIM is missing)"
            if reader == "cuCIM" and not has_cucim
            else reader
        )
        findings.append((kind, f"read by {got}"))
    return findings, missing


def _memory() -> str:
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{size / 2**30:.1f} GiB"


def _gpu() -> str:
    import torch

    if not torch.cuda.is_available():
        return "none: training runs on the processor; everything else is the same"
    memory = torch.cuda.get_device_properties(0).total_memory
    return f"{torch.cuda.get_device_name(0)}, {memory / 2**30:.0f} GiB"
