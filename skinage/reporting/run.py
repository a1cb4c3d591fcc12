"""The main job: the six notebooks in order, from a cohort table to a report."""

import fcntl
import os
import platform
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from skinage import __version__
from skinage.cohort.table import read_cohort
from skinage.errors import SettingError, StageError
from skinage.phantom import make_cohort
from skinage.reporting.notebooks import execute_notebooks
from skinage.reporting.results import read_skipped, save_metrics, save_table
from skinage.storage import file_hash, remove, table_hash, unwritten, write_json

PACKAGES = (
    "torch", "lightly", "pytorch-lightning", "timm", "cucim-cu13", "openslide-bin", "anndata",
    "umap-learn", "scikit-learn", "xgboost-cpu", "lifelines", "statsmodels", "captum", "shap",
    "numpy", "pandas",
)  # fmt: skip


def run(
    cohort_path: str | Path | None,
    out: str | Path,
    settings: Mapping[str, Any],
    *,
    people: int = 100,
    preset: str = "teaching",
    dials: Mapping[str, float] | None = None,
) -> Path:
    """Do the main job on a cohort table and write everything into a results folder.

    A stopped run continues when it is started again: finished stages with the same settings are
    not repeated.

    Parameters
    ----------
    cohort_path
        The cohort table; None makes a phantom in the results folder.
    out
        The results folder.
    settings
        Parameters of the notebooks: ``tile_px``, ``mpp``, ``tiles_per_slide``, ``method``,
        ``pairs``, ``views``, ``backbone``, ``epochs``, ``batch_size``, ``model``, ``seed``.
    people, preset, dials
        Number of people, preset and dials of the phantom, as in `make_cohort`.

    Returns
    -------
    pathlib.Path
        The report, a self-contained HTML page.

    Raises
    ------
    SettingError
        If a name in the settings is unknown, or dials are given beside a cohort table; nothing
        has been written then.
    CohortError
        If the table is wrong.
    StageError
        If another run works in the results folder, the folder cannot be written, or a notebook
        fails; the message says which, where and why.
    """
    from skinage.reporting.report import write_report
    from skinage.reporting.tripod import tripod

    started, start, out = datetime.now(UTC), time.monotonic(), Path(out).resolve()
    _check_names(settings)
    if cohort_path is not None and dials:
        raise SettingError(
            f"dials: found {', '.join(dials)} beside the cohort {cohort_path}, expected one of "
            "them. Dials change the phantom; leave the cohort out."
        )
    cohort = None if cohort_path is None else read_cohort(cohort_path)
    with _locked(out):
        seconds = {}
        if cohort is None or cohort_path is None:
            cohort_path = make_cohort(
                out / "phantom", people, seed=settings["seed"], preset=preset, dials=dials
            )
            cohort = read_cohort(cohort_path)
            seconds["phantom"] = round(time.monotonic() - start, 1)
        _clear(out)
        path = Path(cohort_path).resolve()
        parameters = {"cohort_path": str(path), "results": str(out), **settings}
        seconds |= execute_notebooks(parameters, cohort, out)
        save_metrics(out, "seconds", seconds | {"total": sum(seconds.values())})
        entry = {
            "skinage": __version__,
            "started": started.isoformat(timespec="seconds"),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "settings": dict(settings),
            "cohort": {"path": str(path), "hash": table_hash(cohort)},
            "slides": {row.slide_id: file_hash(row.path) for row in cohort.itertuples()},
            "skipped": read_skipped(out).to_dict("records"),
            "versions": {name: _version(name) for name in PACKAGES},
            "machine": {"python": platform.python_version(), "system": platform.platform()},
        }
        write_json(out / "run.json", entry)
        # Again, because run.json was not there when notebook 5 filled in the checklist.
        save_table(tripod(out, cohort), out / "tripod.csv")
        return write_report(out)


def _check_names(settings: Mapping[str, Any]) -> None:
    """Refuse unknown names before hours of work, not in the notebook that meets them."""
    from skinage.clock.learners.choice import learner_of
    from skinage.contrastive.methods.method import Method
    from skinage.encoders.foundation import describe

    parts = ("backbone", "pairs", "views", "batch_size")
    Method(settings["method"], **{name: settings[name] for name in parts})
    describe(settings["backbone"])
    learner_of(settings["model"])


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a results folder; the system releases it even if the process is killed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("a+")
    except OSError as error:
        raise StageError(unwritten(folder, error)) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StageError(
                f"{folder}: another run works there ({file.read()}); wait for its end, or choose "
                "another results folder."
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}")
        file.flush()
        yield


def _clear(out: Path) -> None:
    """Remove half-written files of a killed run, and the final files of the last run."""
    for partial in out.rglob(".partial-*"):
        remove(partial)
    findings = ("tissue.csv", "measures.csv", "grades.csv", "importance.csv")
    for old in ("report.html", "metrics.json", "run.json", "skipped.csv", *findings):
        remove(out / old)
    shutil.rmtree(out / "notebooks", ignore_errors=True)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
