"""The command ``skinage``: run, check, doctor, phantom."""

import argparse
import signal
import sys
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from skinage import __version__
from skinage.errors import SkinageError


def positive(number: type[int] | type[float]) -> Callable[[str], float]:
    """Return a parser of numbers above 0 for argparse."""

    def parse(text: str) -> float:
        value = number(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"found {text}; expected a number above 0")
        return value

    parse.__name__ = number.__name__
    return parse


def dial(text: str) -> tuple[str, float]:
    """Parse ``NAME=VALUE`` for argparse."""
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"found {text!r}; expected a name and a number, such as epidermis=0.5"
        ) from None


SETTINGS: dict[str, tuple[Callable[[str], Any], Any, str]] = {
    "tile_px": (positive(int), 96, "side of a tile in pixels"),
    "mpp": (positive(float), 1.0, "scale of the tiles, um per pixel"),
    "tiles_per_slide": (positive(int), 40, "largest number of tiles per slide"),
    "method": (str, "vicreg", "contrastive method that sees no age"),
    "pairs": (str, "augment", "rule by which two tiles form a positive pair"),
    "views": (str, "histology", "what may change between two views of a pair"),
    "backbone": (str, "test_resnet", "a timm model"),
    "epochs": (positive(int), 12, "epochs of training"),
    "batch_size": (positive(int), 128, "tiles per batch of training"),
    "model": (str, "ridge", "model of the age clock: ridge, trees, attention, or the class name "
              "of a scikit-learn regressor"),
    "seed": (int, 0, "seed of everything random"),
}  # fmt: skip
"""Options of ``skinage run`` that are parameters of the notebooks: type, default and help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 something is wrong, 130 stopped."""
    options = _parser().parse_args(arguments)
    # A script starts its background jobs with SIGINT ignored, and kernels would inherit that.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return options.command(options)
    except SkinageError as error:
        print(f"skinage: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("skinage: stopped; the same command continues from here.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="skinage", description="From skin-biopsy slides to an explained age clock."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")

    run = commands.add_parser("run", help="do the main job on a cohort table (or on the phantom)")
    run.set_defaults(command=_run)
    run.add_argument("cohort", nargs="?", help="CSV or Parquet; without it a phantom is made")
    run.add_argument("--out", default="results/demo", help="results folder (%(default)s)")
    for name, (parse, default, words) in SETTINGS.items():
        flag = f"--{name.replace('_', '-')}"
        run.add_argument(flag, type=parse, default=default, help=f"{words} (%(default)s)")

    check = commands.add_parser("check", help="open every slide, list everything that is wrong")
    check.set_defaults(command=_check)
    check.add_argument("cohort", help="CSV or Parquet")

    doctor = commands.add_parser("doctor", help="list what this machine has and what is missing")
    doctor.set_defaults(command=_doctor)

    phantom = commands.add_parser(
        "phantom",
        help="make synthetic skin slides with known truth",
        description="Draw synthetic people and their skin slides. cohort.csv and slides/ are what "
        "a register has; truth.csv, truth_slides.csv, truth.json and labels/ hold what was "
        "planted. The same seed gives the same bytes; a stopped command continues.",
        epilog=_dials_in_words(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    phantom.set_defaults(command=_phantom)
    phantom.add_argument("--out", default="phantom", help="folder (%(default)s)")
    phantom.add_argument("--seed", type=int, default=0, help="seed of everything random")
    phantom.add_argument(
        "--mpp", type=positive(float), default=1.0, help="um per pixel of the slides (%(default)s)"
    )
    for command in (run, phantom):
        command.add_argument(
            "--people", type=positive(int), default=100, help="people of the phantom (%(default)s)"
        )
        command.add_argument(
            "--preset",
            default="teaching",
            help="of the phantom; teaching: clear effects; realistic: as large as published; hard: "
            "as realistic, with all that real cohorts do to a study; null: no ageing in the "
            "tissue; confounded: age in the scanner only (%(default)s)",
        )
        command.add_argument(
            "--dial",
            type=dial,
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="strength of one effect of the phantom in place of the preset's, such as "
            "epidermis=0.5 or survival=1; may be given several times; `skinage phantom --help` "
            "lists all",
        )
    return parser


def _dials_in_words() -> str:
    from skinage.phantom.dials import DIALS, EFFECTS

    usual, lines = DIALS["survival"].range, []
    for name, dial in DIALS.items():
        if name not in EFFECTS:
            lines.append(f"  {name:<17}{dial.what}")
            lines += [f"{'':<19}{dial.range}"] * (dial.range != usual)
    effects = textwrap.fill(", ".join(EFFECTS), 96, initial_indent="  ", subsequent_indent="  ")
    head = "dials of single effects of age, from 0 (none) over 1 (the stated law) to 2:"
    others = f"other dials k, {usual} unless stated; 0 changes nothing:"
    return "\n".join([head, effects, "", others, *lines])


def _run(options: argparse.Namespace) -> int:
    from skinage.reporting.results import read_skipped, summarise
    from skinage.reporting.run import run

    settings = {name: getattr(options, name) for name in SETTINGS}
    report = run(
        options.cohort,
        options.out,
        settings,
        people=options.people,
        preset=options.preset,
        dials=dict(options.dial),
    )
    for line in summarise(read_skipped(options.out)):
        print("skipped: {} ({})".format(*line))
    print(f"report: {report}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from skinage.cohort.table import inspect_cohort
    from skinage.slides.check import check_slides

    cohort, problems = inspect_cohort(options.cohort)
    slides = check_slides(cohort)
    print(slides.drop(columns=["path", "note", "problem"]).to_string(index=False))
    for row in slides[slides["note"] != ""].itertuples():
        print(f"  note: slide {row.slide_id}: {row.note}")
    failed = slides[slides["problem"] != ""]
    problems += [f"slide {row.slide_id}: {row.problem}" for row in failed.itertuples()]
    for problem in problems:
        print(f"  {problem}")
    print(f"{options.cohort}: {len(slides)} slide(s), {len(problems)} problem(s)")
    return 1 if problems else 0


def _doctor(_options: argparse.Namespace) -> int:
    from skinage.doctor import examine

    findings, missing = examine()
    width = max(len(name) for name, _ in findings)
    for name, found in findings:
        print(f"{name:<{width}}  {found}")
    print("\n".join(missing) if missing else "nothing is missing")
    return 1 if missing else 0


def _phantom(options: argparse.Namespace) -> int:
    from skinage.phantom import make_cohort

    path = make_cohort(
        options.out,
        options.people,
        seed=options.seed,
        preset=options.preset,
        dials=dict(options.dial),
        mpp=options.mpp,
    )
    print(f"cohort table: {path}")
    return 0
