"""The main job: the six notebooks in order, from a cohort table to a report."""

import platform
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm.auto import tqdm

from skinage import __version__
from skinage.cohort.table import read_cohort
from skinage.errors import StageError
from skinage.phantom import make_cohort
from skinage.reporting.results import append_skipped, read_skipped, save_metrics, save_table
from skinage.storage import file_hash, remove, table_hash, write_json

NOTEBOOKS = (
    "01_cohort_and_tiles",
    "02_contrastive_training",
    "03_embedding_atlas",
    "04_age_clock",
    "05_acceleration_and_outcomes",
    "06_interpretation",
)
NEED_A_CLOCK = NOTEBOOKS[3:]
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
) -> Path:
    """Do the main job on a cohort table and write everything into a results folder.

    A run that was stopped goes on where it stood when it is started again: finished stages made
    by the same settings are not made again.

    Parameters
    ----------
    cohort_path
        The cohort table; None for a phantom of ``people``, made in the results folder.
    out
        The results folder.
    settings
        Parameters of the notebooks: ``tile_px``, ``mpp``, ``tiles_per_slide``, ``method``,
        ``pairs``, ``views``, ``backbone``, ``epochs``, ``batch_size``, ``model``, ``seed``.
    people, preset
        Of the phantom, as in `make_cohort`.

    Returns
    -------
    pathlib.Path
        The report, a self-contained HTML page.

    Raises
    ------
    CohortError
        If the table is wrong.
    StageError
        If a notebook fails; the message says which, where, and why.
    """
    from skinage.clock.learners.choice import learner_of
    from skinage.reporting.report import write_report
    from skinage.reporting.tripod.tripod import tripod

    learner_of(settings.get("model", "ridge"))  # a misspelt one is told before the work
    started, out = datetime.now(UTC), Path(out).resolve()
    seconds = {}
    if cohort_path is None:
        start = time.monotonic()
        cohort_path = make_cohort(out / "phantom", people, int(settings["seed"]), preset=preset)
        seconds["phantom"] = round(time.monotonic() - start, 1)
    cohort = read_cohort(cohort_path)
    _clear(out)
    parameters = {"cohort_path": str(Path(cohort_path).resolve()), "results": str(out), **settings}
    seconds |= _execute_all(parameters, cohort, out)
    save_metrics(out, "seconds", seconds | {"total": sum(seconds.values())})
    write_json(
        out / "run.json",
        {
            "skinage": __version__,
            "started": started.isoformat(timespec="seconds"),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "settings": dict(settings),
            "cohort": {"path": str(cohort_path), "hash": table_hash(cohort)},
            "slides": {row.slide_id: file_hash(row.path) for row in cohort.itertuples()},
            "skipped": read_skipped(out).to_dict("records"),
            "versions": {name: _version(name) for name in PACKAGES},
            "machine": {"python": platform.python_version(), "system": platform.platform()},
        },
    )
    # Once more, now that it is known how the run was made.
    save_table(tripod(out, cohort), out / "tripod.csv")
    return write_report(out)


def notebook_folder() -> Path:
    """Find the notebooks: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if (folder / f"{NOTEBOOKS[0]}.ipynb").is_file():
            return folder
    raise StageError(f"no notebooks in {package} or beside it; install skinage again.")


def _execute_all(parameters: dict[str, Any], cohort: pd.DataFrame, out: Path) -> dict[str, float]:
    seconds = {}
    books = {name: _read_notebook(name) for name in NOTEBOOKS}
    total = sum(cell.cell_type == "code" for book in books.values() for cell in book.cells)
    total += len(books)  # the cell of parameters that each is given
    bar_format = "{l_bar}{bar}| {elapsed}{postfix}"
    with tqdm(total=total, unit="cell", bar_format=bar_format) as bar, _ticking(bar):
        for name in NOTEBOOKS:
            bar.set_description(name)
            reason = _reason_to_skip(name, cohort, out)
            if reason:
                bar.update(1 + sum(cell.cell_type == "code" for cell in books[name].cells))
                skipped = {"stage": "run", "item": f"notebook {name}", "reason": reason}
                append_skipped(out, pd.DataFrame([skipped]))
                continue
            start = time.monotonic()
            _execute(name, parameters, out, bar)
            seconds[name[3:]] = round(time.monotonic() - start, 1)
    return seconds


@contextmanager
def _ticking(bar: tqdm) -> Iterator[None]:
    """Let the bar's clock run on while a cell works for minutes (on a terminal only)."""
    done = threading.Event()

    def tick() -> None:
        while not done.wait(1):
            bar.refresh()

    if sys.stderr.isatty():
        threading.Thread(target=tick, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _execute(name: str, parameters: dict[str, Any], out: Path, bar: tqdm) -> None:
    import papermill
    from traitlets.config import Config

    target = out / "notebooks" / f"{name}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    known = papermill.inspect_notebook(notebook_folder() / f"{name}.ipynb")
    try:
        papermill.execute_notebook(
            notebook_folder() / f"{name}.ipynb",
            target,
            parameters={key: value for key, value in parameters.items() if key in known},
            progress_bar=False,
            on_cell_complete=lambda **_: bar.update(),
            # Sockets in the file system: nobody else on the machine can listen in.
            config=Config(KernelManager={"transport": "ipc"}),
        )
    except papermill.PapermillExecutionError as error:
        raise StageError(
            f"notebook {name}, cell {error.exec_count}: {error.ename}: {error.evalue}\n"
            f"The notebook as far as it went: {target}"
        ) from None


def _reason_to_skip(name: str, cohort: pd.DataFrame, out: Path) -> str:
    from skinage.people.known_ages import MIN_PEOPLE

    if name not in NEED_A_CLOCK:
        return ""
    tiled = set(pd.read_parquet(out / "tiles.parquet", columns=["person_id"])["person_id"])
    known = cohort.loc[cohort["person_id"].isin(tiled)].dropna(subset="age_years")
    people = len(set(known["person_id"]))
    if people < MIN_PEOPLE:
        return f"an age clock needs {MIN_PEOPLE} people with an age and tiles; found {people}"
    return ""


def _clear(out: Path) -> None:
    """Remove what a killed run left half-written, and the last run's verdicts."""
    out.mkdir(parents=True, exist_ok=True)
    for partial in out.rglob(".partial-*"):
        remove(partial)
    for old in ("report.html", "metrics.json", "run.json", "skipped.csv"):
        remove(out / old)
    shutil.rmtree(out / "notebooks", ignore_errors=True)


def _read_notebook(name: str) -> Any:
    import nbformat

    return nbformat.read(notebook_folder() / f"{name}.ipynb", as_version=4)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
