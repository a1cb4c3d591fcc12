"""The report: one self-contained page of what was run, found and skipped."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd

from skinage.reporting.results import read_skipped, summarise

SHOWN = 8
"""Measures of the tissue that the first page names; tissue.csv has all."""
PROGRESS_BAR = re.compile(r"\d+%\||it/s|s/it|tile/s|batch/s|slide/s")


def write_report(results: str | Path) -> Path:
    """Write ``report.html`` from the executed notebooks and the numbers beside them.

    Parameters
    ----------
    results
        A results folder with ``notebooks/``, ``metrics.json`` and ``run.json``.

    Returns
    -------
    pathlib.Path
        The page; it needs no other file and no network.
    """
    from nbconvert import HTMLExporter

    results = Path(results)
    run = json.loads((results / "run.json").read_text())
    metrics = json.loads((results / "metrics.json").read_text())
    exporter = HTMLExporter(
        template_name="basic",
        extra_template_paths=[str(Path(__file__).parent)],
        template_file="report.html.j2",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    facts = {
        "name": results.name,
        "run": run,
        "skipped": summarise(read_skipped(results)),
        "metrics": metrics,
        "tissue": _tissue(results, metrics),
        "tables": {
            "Settings": {**run["settings"], "cohort": run["cohort"]["path"], **run["machine"]},
            "Seconds": {key[8:]: metrics[key] for key in metrics if key.startswith("seconds.")},
            "Versions": run["versions"],
        },
    }
    page, _ = exporter.from_notebook_node(_one_notebook(results / "notebooks"), resources=facts)
    partial = results / ".partial-report.html"
    partial.write_text(page, encoding="utf-8")
    return partial.replace(results / "report.html")


def _tissue(results: Path, metrics: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the clock sees in words, and what measures explain; None if unknown."""
    path = results / "tissue.csv"
    if not path.is_file():
        return None
    table = pd.read_csv(path)
    seen = table[table["is_seen"]]
    shares = {
        name: metrics.get(f"explained.{name}_r2") for name in ("predicted_age", "acceleration")
    }
    same = str(table["adjusted_for"].iloc[0]).replace("_", " ")
    return {
        "seen": [*seen["words"][:SHOWN]],
        "same": same,
        "n_seen": len(seen),
        "n": len(table),
        **shares,
    }


def _one_notebook(folder: Path) -> Any:
    """Return the cells of all notebooks as one notebook, without progress bars."""
    import nbformat

    whole = nbformat.v4.new_notebook()
    for path in sorted(folder.glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        cells[0].metadata["part"] = path.stem
        whole.cells += cells
    for cell in whole.cells:
        cell.metadata["alt"] = "figure"
        if cell.cell_type == "code":
            cell.outputs = [output for output in map(_readable, cell.outputs) if output]
    return whole


def _readable(output: Any) -> Any:
    """Return an output without progress bars and styles; None if nothing is left of it."""
    if output.output_type == "stream":
        lines = re.split(r"[\r\n]", output.text)
        output.text = "\n".join(line for line in lines if line and not PROGRESS_BAR.search(line))
        return output if output.text.strip() else None
    data = output.get("data", {})
    if "application/vnd.jupyter.widget-view+json" in data:
        return None
    if "text/html" in data:
        html = re.sub(r"<style.*?</style>", "", data["text/html"], flags=re.DOTALL)
        names = re.findall(r"<tr>\s*<th>(.*?)</th>\s*<td>", html)
        if names == [str(number) for number in range(len(names))]:  # numbers are no row names
            html = html.replace('class="dataframe"', 'class="dataframe numbered"')
        # Long names of columns may break behind an underscore, so that wide tables fit the page.
        data["text/html"] = re.sub(
            r"<th>.*?</th>", lambda found: found[0].replace("_", "_<wbr>"), html
        )
    return output
