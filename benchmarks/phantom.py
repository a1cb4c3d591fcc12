"""Claims: a slide of 2 x 1.5 mm is drawn in a CPU-second, and age stands in its structure.

Times drawing beside writing the same slide, at 1 and 0.5 um/px. Then draws a cohort, reads every
slide at 2 um/px in fields of 128 um, and predicts age out of fold by ridge regression from three
tables: mean and spread of the optical densities (the rival), a few hand-made measures of structure,
and the planted tissue parameters themselves (the ceiling).

    python benchmarks/phantom.py [n_people]
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from scipy import ndimage
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinage.phantom import make_cohort, make_people, read_truth
from skinage.phantom.drawing.optics import draw_slide
from skinage.phantom.slide_file import write_labels, write_slide

FIELD_PX = 64
TISSUE = ["epidermis_um", "rete_um", "fibre_concentration", "bundle_um", "collagen_fraction"]
TISSUE += ["fibroblasts_per_mm2", "dark_fraction"]


def main(n_people: int) -> None:
    print(f"{'2 x 1.5 mm at':16}{'draw, CPU-s':>14}{'write, CPU-s':>14}{'ratio':>8}")
    for mpp in (1.0, 0.5):
        draw, write = cpu_seconds(mpp)
        print(f"{mpp:4} um/px{draw:19.2f}{write:14.2f}{draw / write:8.1f}")
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        path = make_cohort(folder, n_people)
        cohort, truth = pd.read_csv(path), read_truth(path)
        seconds = (time.monotonic() - start) / len(cohort)
        cohort = cohort.drop_duplicates("person_id")  # the first biopsy stands first
        measured = [measure(Path(folder) / path) for path in cohort["path"]]
    tables = {
        "colour (mean, spread of optical density)": np.array([colour for colour, _ in measured]),
        "structure (hand-made)": np.array([structure for _, structure in measured]),
        "planted tissue": np.column_stack([np.log(truth[TISSUE]), truth["elastosis_um"]]),
    }
    print(f"\n{n_people} people, {seconds:.2f} s a slide on all cores\n")
    print(f"{'age from':42}{'R2':>6}{'MAE':>7}{'r(residual, planted d)':>24}")
    for name, table in tables.items():
        print(f"{name:42}{report(table, cohort['age_years'], truth['acceleration_years'])}")


def cpu_seconds(mpp: float, n_slides: int = 8) -> tuple[float, float]:
    """Median CPU-seconds to draw a slide of one piece, and to write it with its labels."""
    rows = make_people(n_slides + 1, seed=1).assign(n_pieces=1).to_dict("records")
    spent = []
    with tempfile.TemporaryDirectory() as folder:
        for number, row in enumerate(rows):
            start = time.process_time()
            picture, labels = draw_slide(row, seed=number, mpp=mpp)
            drawn = time.process_time()
            write_slide(Path(folder) / "slide.tiff", picture, mpp)
            write_labels(Path(folder) / "labels.tiff", labels, mpp)
            spent.append((drawn - start, time.process_time() - drawn))
    draw, write = np.median(spent[1:], axis=0)  # the first one loads what is loaded once
    return float(draw), float(write)


def measure(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread over tissue fields of colour (6 + 6) and of structure (8 + 8)."""
    density = -np.log(np.clip(tifffile.imread(path, level=1), 1, 255) / np.float32(245))
    tissue = ndimage.gaussian_filter(density[..., 1], 6) > 0.1
    total = density.sum(axis=2)
    total /= np.percentile(total[tissue], 90)  # against the strength of the stain
    nuclei = density[..., 0] > 1.2 * np.percentile(density[..., 0][tissue], 95)
    maps = [coherency(total, size) for size in (25, 49)] + [total < 0.35, nuclei]
    maps += [np.abs(total - ndimage.gaussian_filter(total, scale)) for scale in (1, 2, 4, 8)]
    colours, structures = [], []
    for top, left in np.ndindex(*(n // FIELD_PX for n in tissue.shape)):
        field = np.s_[top * FIELD_PX :, left * FIELD_PX :]
        field = tuple(slice(s.start, s.start + FIELD_PX) for s in field)
        if tissue[field].mean() > 0.8:
            pixels = density[field].reshape(-1, 3)
            colours.append(np.r_[pixels.mean(axis=0), pixels.std(axis=0)])
            values = np.array([image[field].mean() for image in maps])
            values[4:] /= total[field].std()
            structures.append(values)
    colour, structure = np.array(colours), np.array(structures)
    return (
        np.r_[colour.mean(axis=0), colour.std(axis=0)],
        np.r_[structure.mean(axis=0), structure.std(axis=0)],
    )


def coherency(image: np.ndarray, size_px: int) -> np.ndarray:
    """Coherency of the structure tensor: 1 where all edges run one way."""
    down, across = (ndimage.gaussian_filter(image, 1, order=o) for o in ((1, 0), (0, 1)))
    xx, yy, xy = (ndimage.uniform_filter(p, size_px) for p in (across**2, down**2, across * down))
    return np.hypot(xx - yy, 2 * xy) / (xx + yy + 1e-9)


def report(table: np.ndarray, age: pd.Series, acceleration: pd.Series) -> str:
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 4, 25)))
    predicted = cross_val_predict(model, table, age, cv=KFold(5, shuffle=True, random_state=0))
    gap = predicted - age
    residual = gap - np.polyval(np.polyfit(age, gap, 1), age)
    found = np.corrcoef(residual, acceleration)[0, 1]
    r2, error = r2_score(age, predicted), mean_absolute_error(age, predicted)
    return f"{r2:6.2f}{error:7.1f}{found:24.2f}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
