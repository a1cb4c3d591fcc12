"""Whether the tissue is measured as it was planted, and whether explanations point at what acts.

    python benchmarks/explanations.py                the four parts below, about an hour
    python benchmarks/explanations.py --part clocks  clocks of measures on results/demo, and speed
    python benchmarks/explanations.py --part effects one planted effect at a time
    python benchmarks/explanations.py --part moved   the same person with one parameter moved
    python benchmarks/explanations.py --part gtex    thickness that pathologists wrote down
    python benchmarks/explanations_morphology.py     structures and measures by scanner

It needs ``results/demo`` of ``make demo``, and continues in ``results/benchmark/explanations``.
"""

import argparse
from pathlib import Path

import pandas as pd
from explanations_cohort import compare_clocks, take_times
from explanations_effects import PLANTED, compare_effects
from explanations_gtex import TABLE, compare
from explanations_moved import compare_moved

DEMO, OUT = Path("results/demo"), Path("results/benchmark/explanations")
PARTS = ("clocks", "effects", "moved", "gtex")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=PARTS, help="one part; all if not given")
    parser.add_argument("--demo", type=Path, default=DEMO, help="the results of make demo")
    parser.add_argument("--out", type=Path, default=OUT, help="what is drawn and measured")
    parser.add_argument("--effects", nargs="+", default=[*PLANTED], choices=[*PLANTED])
    options = parser.parse_args()
    for part in PARTS if options.part is None else [options.part]:
        if part == "clocks":
            clocks, explained = compare_clocks(options.demo, options.out)
            _print(clocks)
            _print(explained)
            _print(take_times(options.demo))
        elif part == "effects":
            for row in compare_effects(options.out, options.demo, options.effects):
                _print(pd.DataFrame([row]).T.reset_index())
        elif part == "moved":
            _print(compare_moved(options.demo).round(2))
        elif TABLE.is_file():
            _print(compare())
        else:
            print(f"{TABLE} is not here: thickness of real sections is not compared")


def _print(table: pd.DataFrame) -> None:
    print(table.to_string(index=False), flush=True)
    print(flush=True)


if __name__ == "__main__":
    main()
