"""Execution of the notebooks of the pipeline, each in a kernel of its own."""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm.auto import tqdm

from skinage.errors import StageError
from skinage.reporting.results import append_skipped

NOTEBOOKS = (
    "01_cohort_and_tiles",
    "02_contrastive_training",
    "03_embedding_atlas",
    "04_age_clock",
    "05_acceleration_and_outcomes",
    "06_interpretation",
)
NEED_A_CLOCK = NOTEBOOKS[3:]


def notebook_folder() -> Path:
    """Find the notebooks: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if (folder / f"{NOTEBOOKS[0]}.ipynb").is_file():
            return folder
    raise StageError(f"no notebooks in {package} or beside it; install skinage again.")


def execute_notebooks(
    parameters: Mapping[str, Any], cohort: pd.DataFrame, out: Path
) -> dict[str, float]:
    """Execute the notebooks in order and return the seconds that each took.

    Parameters
    ----------
    parameters
        Values for the parameter cells; each notebook is given those that it has.
    cohort
        The cohort table. If too few of its people have an age and tiles, the notebooks that need
        a clock are skipped.
    out
        The results folder; executed notebooks go to its ``notebooks/``.

    Raises
    ------
    StageError
        If a cell fails: which notebook and cell, and the error.
    """
    seconds = {}
    # The path of a Unix socket may have about 100 characters, so the usual folder can be too long.
    with (
        tempfile.TemporaryDirectory(prefix="skinage-", dir="/tmp") as sockets,
        tqdm(total=len(NOTEBOOKS), unit="notebook") as bar,
    ):
        for name in NOTEBOOKS:
            bar.set_description(name)
            reason = _reason_to_skip(cohort, out) if name in NEED_A_CLOCK else ""
            if reason:
                row = {"stage": "run", "item": f"notebook {name}", "reason": reason}
                append_skipped(out, pd.DataFrame([row]))
            else:
                start = time.monotonic()
                _execute(notebook_folder() / f"{name}.ipynb", parameters, out, sockets, bar)
                seconds[name[3:]] = round(time.monotonic() - start, 1)
            bar.update()
    return seconds


def _execute(
    source: Path, parameters: Mapping[str, Any], out: Path, sockets: str, bar: tqdm
) -> None:
    import papermill
    from traitlets.config import Config

    target = out / "notebooks" / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    known = papermill.inspect_notebook(source)
    try:
        papermill.execute_notebook(
            source,
            target,
            parameters={key: value for key, value in parameters.items() if key in known},
            progress_bar=False,
            on_cell_complete=lambda **info: bar.set_postfix(cell=info["cell_index"] + 1),
            # Sockets in a private folder: nobody else on the machine can listen in.
            config=Config(KernelManager={"transport": "ipc", "ip": f"{sockets}/kernel"}),
        )
    except papermill.PapermillExecutionError as error:
        raise StageError(
            f"notebook {source.stem}, cell {error.exec_count}: {error.ename}: {error.evalue}\n"
            f"The notebook as far as it went: {target}"
        ) from None


def _reason_to_skip(cohort: pd.DataFrame, out: Path) -> str:
    from skinage.people.known_ages import MIN_PEOPLE

    tiled = pd.read_parquet(out / "tiles.parquet", columns=["person_id"])["person_id"]
    known = cohort[cohort["person_id"].isin(tiled)].dropna(subset="age_years")
    people = known["person_id"].nunique()
    if people < MIN_PEOPLE:
        return f"an age clock needs {MIN_PEOPLE} people with an age and tiles; found {people}"
    return ""
