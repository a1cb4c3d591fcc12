import json
import re

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from skinage.reporting import record_skipped, save_metrics, save_skipped
from skinage.reporting.report import write_report
from skinage.reporting.results import read_skipped
from skinage.skip_log import add_skipped

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"


@pytest.fixture
def results(tmp_path):
    bar = new_output("stream", name="stderr", text="tiles:  50%|##| 1/2 [00:00, 2.0slide/s]\r")
    warning = new_output("stream", name="stderr", text="UserWarning: 3 people lack an age\n")
    widget = new_output(
        "display_data",
        {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "embed: 100%|##| 9/9"},
    )
    reasons = pd.DataFrame({"n_tiles": [44.5, 2]}, index=["tissue_fraction", "pen_fraction"])
    ages = pd.DataFrame({"person_id": ["P1", "P2"]})
    tables = [
        new_output("execute_result", {"text/html": table.to_html(), "text/plain": "no"})
        for table in (reasons, ages)
    ]
    script = new_output("display_data", {"text/html": "<style>p { color: red }</style>good"})
    picture = new_output("display_data", {"image/png": PIXEL, "text/plain": "<Figure>"})
    book = new_notebook(
        cells=[
            new_markdown_cell("# 4 · Age clock\nPooled *features*."),
            new_code_cell(
                "if a < b: pass", outputs=[bar, widget, warning, *tables, script, picture]
            ),
        ]
    )
    (tmp_path / "notebooks").mkdir()
    nbformat.write(book, tmp_path / "notebooks" / "04_age_clock.ipynb")
    run = {
        "skinage": "0.1.0", "finished": "2026-01-01", "settings": {"seed": 0},
        "cohort": {"path": "<cohort>.csv"}, "machine": {"python": "3.11"},
        "versions": {"torch": "2.15.0"},
    }  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps(run))
    save_metrics(tmp_path, "mortality", {"hr_per_5y": 1.2, "hr_per_5y_low": 1, "hr_per_5y_high": 2})
    save_metrics(tmp_path, "seconds", {"total": 90.0})
    record_skipped(tmp_path, "associations", "mortality", "no column died & no follow-up")
    return tmp_path


def test_the_page_shows_figures_tables_warnings_and_what_was_skipped(results):
    page = write_report(results).read_text()
    assert re.search(f'<img alt="figure"[^>]*src="data:image/png;base64,{PIXEL}', page)
    assert "<td>44.5</td>" in page
    assert "<em>features</em>" in page
    assert "3 people lack an age" in page
    assert "slide/s" not in page
    assert "embed:" not in page
    assert "good" in page
    assert "color: red" not in page
    assert "<b>mortality</b>: no column died &amp; no follow-up" in page
    assert "<b>1.20</b>" in page
    assert "95 % interval 1.00 to 2.00" in page
    assert "<b>1.5</b><span>minutes in all" in page


def test_the_page_needs_nothing_else_and_escapes_what_users_wrote(results):
    page = write_report(results).read_text()
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "if a &lt; b: pass" in page
    assert "&lt;cohort&gt;.csv" in page


def test_tables_keep_the_names_of_their_rows_and_lose_their_numbers(results):
    page = write_report(results).read_text()
    reasons, ages = re.findall(r"<table.*?</table>", page, re.DOTALL)[:2]
    assert re.findall("<th>(.*?)</th>", reasons)[-2:] == [
        "tissue_<wbr/>fraction",
        "pen_<wbr/>fraction",
    ]
    assert "numbered" not in reasons
    assert 'class="dataframe numbered"' in ages
    assert re.search(r"\.numbered tbody th { display: none; }", page)
    # A wide table scrolls within itself.
    assert re.search(r"\.output_html.* { overflow-x: auto; }", page)


def test_notebooks_follow_each_other_and_can_be_reached(results):
    book = new_notebook(cells=[new_markdown_cell("# 5 · Outcomes")])
    nbformat.write(book, results / "notebooks" / "05_outcomes.ipynb")
    page = write_report(results).read_text()
    for part, title in {"04_age_clock": "4 · Age clock", "05_outcomes": "5 · Outcomes"}.items():
        assert f'<a href="#{part}">{title}</a>' in page
        assert page.count(f'<hr id="{part}"/>') == 1
    assert page.index('<hr id="04_age_clock"/>') < page.index('<hr id="05_outcomes"/>')


def test_metrics_of_a_room_replace_its_old_ones_only(tmp_path):
    save_metrics(tmp_path, "age", {"mae_years": 7.0, "old": 1})
    save_metrics(tmp_path, "seconds", {"total": 3})
    save_metrics(tmp_path, "age", {"mae_years": float("nan")})
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics == {"seconds.total": 3, "age.mae_years": None}


def test_skipped_items_are_printed_once_and_a_new_reason_replaces_the_old(tmp_path, capsys):
    record_skipped(tmp_path, "tile", "slide S1", "no scale")
    table = pd.DataFrame({"a": [1]})
    add_skipped(table, "prevalence", {"disease_lung": "no cases", "disease_eye": "NA"})
    save_skipped(tmp_path, table)
    save_skipped(tmp_path, table, table)
    record_skipped(tmp_path, "tile", "slide S1", "no tissue")
    assert capsys.readouterr().out.splitlines() == [
        "skipped: slide S1 (no scale)",
        "skipped: disease_lung (no cases)",
        "skipped: disease_eye (NA)",
        "skipped: slide S1 (no tissue)",
    ]
    assert read_skipped(tmp_path).to_numpy().tolist() == [
        ["prevalence", "disease_lung", "no cases"],
        ["prevalence", "disease_eye", "NA"],
        ["tile", "slide S1", "no tissue"],
    ]


def test_many_items_of_one_reason_are_counted(tmp_path, capsys):
    table = pd.DataFrame()
    add_skipped(table, "predict_age", {f"slide S{n}": "of a later visit" for n in range(9)})
    add_skipped(table, "predict_age", {"slide S9": "not in the cohort"})
    save_skipped(tmp_path, table)
    assert capsys.readouterr().out.splitlines() == [
        "skipped: slide S0, slide S1, slide S2 and 6 more (of a later visit)",
        "skipped: slide S9 (not in the cohort)",
    ]
    assert len(read_skipped(tmp_path)) == 10


def test_nothing_skipped_leaves_no_file(tmp_path, capsys):
    save_skipped(tmp_path, pd.DataFrame())
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "skipped.csv").exists()
    assert read_skipped(tmp_path).empty


def tissue_table(p_adjusted):
    return pd.DataFrame({
        "words": ["viable epidermis 1.3 um thinner", "vessels 3 per mm2 fewer"],
        "is_seen": [p < 0.05 for p in p_adjusted], "adjusted_for": "age, body_site",
    })  # fmt: skip


def test_the_first_page_says_what_the_clock_sees_and_what_has_no_name(results):
    assert "What the clock sees" not in write_report(results).read_text()
    tissue_table([0.01, 0.3]).to_csv(results / "tissue.csv", index=False)
    save_metrics(results, "explained", {"predicted_age_r2": 0.87, "acceleration_r2": 0.27})
    page = write_report(results).read_text()
    assert "alike in age, body site" in page
    assert "<li>viable epidermis 1.3 µm thinner</li>" in page
    assert "vessels" not in page
    assert "1 of 2 measures" in page
    assert "87 % of the variance of predicted age and 27 %" in page
    assert "73 % of acceleration, has no name" in page


def test_the_first_page_says_if_no_measure_goes_with_acceleration(results):
    tissue_table([0.2, 0.3]).to_csv(results / "tissue.csv", index=False)
    page = write_report(results).read_text()
    assert "None of 2 measures of the tissue goes with acceleration beyond chance" in page
    assert "has no name" not in page
