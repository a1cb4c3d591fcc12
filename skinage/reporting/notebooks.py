"""Execution of the notebooks of the pipeline, each in a kernel of its own."""

import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
LONGEST_FOLDER = 60
"""Characters of the temporary folder: the path of a Unix socket in it may have about 100."""


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
    import nbformat

    sources = {name: notebook_folder() / f"{name}.ipynb" for name in NOTEBOOKS}
    books = {name: nbformat.read(path, as_version=4) for name, path in sources.items()}
    # One more cell each: the parameters that are put in.
    n_cells = {
        name: 1 + sum(cell.cell_type == "code" for cell in book.cells)
        for name, book in books.items()
    }
    seconds = {}
    bar_format = "{l_bar}{bar}| {elapsed}{postfix}"
    with (
        tqdm(total=sum(n_cells.values()), unit="cell", bar_format=bar_format) as bar,
        _ticking(bar),
        _socket_folder() as sockets,
    ):
        for name in NOTEBOOKS:
            bar.set_description(name)
            reason = _reason_to_skip(cohort, out) if name in NEED_A_CLOCK else ""
            if reason:
                bar.update(n_cells[name])
                row = {"stage": "run", "item": f"notebook {name}", "reason": reason}
                append_skipped(out, pd.DataFrame([row]))
                continue
            start = time.monotonic()
            _execute(sources[name], parameters, out, sockets, bar)
            seconds[name[3:]] = round(time.monotonic() - start, 1)
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
            on_cell_complete=lambda **_: bar.update(),
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


@contextmanager
def _socket_folder() -> Iterator[str]:
    """Make a private folder for the kernels' sockets, and remove it at the end."""
    short = len(tempfile.gettempdir()) <= LONGEST_FOLDER
    with tempfile.TemporaryDirectory(prefix="skinage-", dir=None if short else "/tmp") as folder:
        yield folder


@contextmanager
def interruptible() -> Iterator[None]:
    """Listen to SIGINT, and let the kernels that are started do so.

    A shell script starts its background jobs with SIGINT ignored, and children inherit that.
    """
    ignored = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    )
    if ignored:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if ignored:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


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
