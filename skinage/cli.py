"""The command ``skinage``: run, check, doctor, phantom."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from skinage import __version__
from skinage.errors import SkinageError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code: 0 done, 1 something is wrong, 130 stopped."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except SkinageError as error:
        print(f"skinage: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("skinage: stopped; the same command goes on from here.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="skinage", description="From skin-biopsy slides to an explained age clock."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")

    run = commands.add_parser("run", help="do the main job on a cohort table (or on the phantom)")
    run.add_argument("cohort", nargs="?", help="CSV or Parquet; without it a phantom is made")
    run.add_argument("--out", default="results/demo", help="results folder (%(default)s)")
    run.add_argument("--tile-px", type=_positive(int), default=96, help="tile side (%(default)s)")
    run.add_argument("--mpp", type=_positive(float), default=1.0, help="um per px (%(default)s)")
    run.add_argument(
        "--tiles-per-slide", type=_positive(int), default=40, help="at most (%(default)s)"
    )
    run.add_argument(
        "--method", default="vicreg", help="contrastive method that sees no age (%(default)s)"
    )
    run.add_argument("--pairs", default="augment", help="what makes a pair (%(default)s)")
    run.add_argument("--views", default="histology", help="what may change (%(default)s)")
    run.add_argument("--backbone", default="test_resnet", help="a timm model (%(default)s)")
    run.add_argument("--epochs", type=_positive(int), default=12, help="of training (%(default)s)")
    run.add_argument("--batch-size", type=_positive(int), default=128, help="tiles (%(default)s)")
    run.add_argument("--model", default="ridge", help="of the age clock (%(default)s)")
    run.add_argument("--people", type=_positive(int), default=100, help="of the phantom")
    run.add_argument("--preset", default="teaching", help="of the phantom (%(default)s)")
    run.add_argument("--seed", type=int, default=0, help="(%(default)s)")
    run.set_defaults(command=_run)

    check = commands.add_parser("check", help="open every slide, list everything that is wrong")
    check.add_argument("cohort", help="CSV or Parquet")
    check.set_defaults(command=_check)

    doctor = commands.add_parser("doctor", help="what this machine has and what is missing")
    doctor.set_defaults(command=_doctor)

    _add_phantom(commands)
    return parser


def _add_phantom(commands: Any) -> None:
    phantom = commands.add_parser(
        "phantom",
        help="make synthetic skin slides with known truth",
        description="Draw synthetic people and their skin slides. cohort.csv and slides/ are what "
        "a register has; truth.csv, truth_slides.csv, truth.json and labels/ tell what was "
        "planted. The same seed gives the same bytes; a stopped run goes on where it was.",
    )
    phantom.add_argument("--people", type=_positive(int), default=100, help="(%(default)s)")
    phantom.add_argument(
        "--preset",
        default="teaching",
        help="teaching: clear effects; realistic: as large as published; null: no ageing in the "
        "tissue; confounded: age in the scanner only (%(default)s)",
    )
    phantom.add_argument("--seed", type=int, default=0, help="of everything (%(default)s)")
    phantom.add_argument("--out", default="phantom", help="folder (%(default)s)")
    phantom.add_argument(
        "--mpp", type=_positive(float), default=1.0, help="um per px of the slides (%(default)s)"
    )
    phantom.add_argument(
        "--dial",
        type=_dial,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set one effect otherwise than the preset does, 0 (none) over 1 (the stated law) to "
        "2 (twice that), for example --dial epidermis=0.5; may be given several times",
    )
    phantom.set_defaults(command=_phantom)


def _run(options: argparse.Namespace) -> int:
    from skinage.reporting.results import read_skipped
    from skinage.reporting.run import run

    names = (
        "tile_px", "mpp", "tiles_per_slide", "method", "pairs", "views", "backbone", "epochs",
        "batch_size", "model", "seed",
    )  # fmt: skip
    settings = {name: getattr(options, name) for name in names}
    report = run(
        options.cohort, options.out, settings, people=options.people, preset=options.preset
    )
    for row in read_skipped(options.out).itertuples():
        print(f"skipped: {row.item} ({row.reason})")
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
    problems += [
        f"slide {row.slide_id}: {row.problem}" for row in slides.itertuples() if row.problem
    ]
    for problem in problems:
        print(f"  {problem}")
    print(f"{options.cohort}: {len(slides)} slide(s), {len(problems)} problem(s)")
    return 1 if problems else 0


def _doctor(_options: argparse.Namespace) -> int:
    from skinage.doctor import examine

    findings, missing = examine()
    width = max(len(what) for what, _ in findings)
    for what, found in findings:
        print(f"{what:<{width}}  {found}")
    print("\n".join(missing) if missing else "nothing is missing")
    return 1 if missing else 0


def _phantom(options: argparse.Namespace) -> int:
    from skinage.phantom import make_cohort

    path = make_cohort(
        options.out,
        options.people,
        options.seed,
        preset=options.preset,
        dials=dict(options.dial),
        mpp=options.mpp,
    )
    print(f"cohort table: {path}")
    return 0


def _dial(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"found {text!r}; expected a name and a number, such as epidermis=0.5"
        ) from None


def _positive(kind: type[int] | type[float]) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"found {text}; expected a number above 0")
        return value

    parse.__name__ = kind.__name__
    return parse
