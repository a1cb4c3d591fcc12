"""The report: one self-contained page of what was run, found and left out."""

import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

HEADLINES = (
    ("cohort.n_people", "people", "{:.0f}"),
    ("cohort.n_tiles", "tiles", "{:,.0f}"),
    ("age.mae_years", "mean absolute error of age, years", "{:.1f}"),
    ("age.baseline_mae_years", "the same when predicting the mean age", "{:.1f}"),
    ("age.r2", "R² of predicted age", "{:.2f}"),
    ("acceleration.truth_r", "correlation with the planted acceleration", "{:.2f}"),
    ("mortality.hr_per_5y", "hazard ratio of death per 5 years of acceleration", "{:.2f}"),
    ("seconds.total", "minutes in all", "{:.1f}"),
)
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
    import nbformat
    from jinja2 import Environment

    results = Path(results)
    run = json.loads((results / "run.json").read_text())
    metrics = json.loads((results / "metrics.json").read_text())
    seconds = {
        k.removeprefix("seconds."): v for k, v in metrics.items() if k.startswith("seconds.")
    }
    parts = []
    for path in sorted((results / "notebooks").glob("*.ipynb")):
        book = nbformat.read(path, as_version=4)
        parts.append({"title": _title(book), "blocks": list(_blocks(book))})
    template = resources.files("skinage.reporting").joinpath("report.html.jinja").read_text()
    page = Environment(autoescape=True).from_string(template).render(
        name=results.name,
        run=run,
        numbers=list(_numbers(metrics)),
        parts=parts,
        tables={
            "Settings": {**run["settings"], "cohort": run["cohort"]["path"], **run["machine"]},
            "Seconds": seconds,
            "Versions": run["versions"],
        },
    )  # fmt: skip
    partial = results / ".partial-report.html"
    partial.write_text(page, encoding="utf-8")
    return partial.replace(results / "report.html")


def _title(book: Any) -> str:
    return book.cells[0]["source"].split("\n")[0].lstrip("# ")


def _numbers(metrics: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, label, form in HEADLINES:
        if metrics.get(key) is None:
            continue
        text = form.format(metrics[key] / (60 if key.startswith("seconds.") else 1))
        low, high = metrics.get(f"{key}_low"), metrics.get(f"{key}_high")
        if low is not None and high is not None:
            label += f" (95 % interval {form.format(low)} to {form.format(high)})"
        yield text, label


def _blocks(book: Any) -> Iterator[dict[str, str]]:
    """Give what a reader shall see of a notebook, in order."""
    from nbconvert.filters.markdown import markdown2html

    for cell in book.cells:
        if cell["cell_type"] == "markdown":
            yield {"kind": "html", "content": str(markdown2html(cell["source"]))}
        elif cell["cell_type"] == "code":
            yield {"kind": "code", "content": cell["source"]}
            for output in cell["outputs"]:
                yield from _output(output)


def _output(output: Any) -> Iterator[dict[str, str]]:
    """Turn one output into blocks: progress bars are left out, warnings are not."""
    from nbconvert.filters.markdown import markdown2html

    if output["output_type"] == "stream":
        lines = re.split(r"[\r\n]", output["text"])
        text = "\n".join(line for line in lines if line and not PROGRESS_BAR.search(line))
        if text.strip():
            yield {"kind": "text", "content": text}
        return
    data = output.get("data", {})
    if "application/vnd.jupyter.widget-view+json" in data:
        return
    if "image/png" in data:
        yield {"kind": "png", "content": data["image/png"]}
    elif "text/html" in data:
        yield {
            "kind": "html",
            "content": re.sub(r"<style.*?</style>", "", data["text/html"], flags=re.S),
        }
    elif "text/markdown" in data:
        yield {"kind": "html", "content": str(markdown2html(data["text/markdown"]))}
    elif "text/plain" in data:
        yield {"kind": "text", "content": data["text/plain"]}
