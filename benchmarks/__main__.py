"""``python -m benchmarks [indexing] [asking] …``: run the benchmarks and print a table."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import asking, durability, indexing, large, recovery, reupload, start
from benchmarks.baseline import Baseline
from benchmarks.load import leaving, measuring
from benchmarks.load.measuring import Plan

OF_PDFS = {
    "start": start.measure,
    "indexing": indexing.measure,
    "asking": asking.measure,
    "large": large.measure,
    "durability": durability.measure,
    "reupload": reupload.measure,
    "recovery": recovery.measure,
}
# These bring their own PDFs, because they need questions that those answer.
OF_CROWDS = {"load": measuring.measure, "leaving": leaving.measure}
ALL = (*OF_PDFS, *OF_CROWDS)


def main() -> None:
    arguments = _arguments()
    baseline = Baseline.found(arguments.baseline_python)
    if baseline is None:
        print("Without --baseline-python the tutorial pipeline is not measured.", file=sys.stderr)
    pdfs = arguments.pdfs or _pdfs()
    plan = Plan(arguments.rows, arguments.home, arguments.baseline_home, arguments.quick)
    for name in arguments.which or ALL:
        print(f"# {name}", flush=True)
        figures: dict[str, Any]
        if name in OF_CROWDS:
            figures = OF_CROWDS[name](plan, baseline)
        else:
            figures = OF_PDFS[name](pdfs, baseline)
        for figure, value in figures.items():
            print(f"{figure:44} {json.dumps(value)}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("which", nargs="*", choices=[*ALL, []], help="all of them by default")
    parser.add_argument("--pdfs", type=Path, help="a folder of PDFs instead of the shared ones")
    parser.add_argument(
        "--baseline-python",
        type=Path,
        help="a Python that has the tutorial pipeline's packages: measured in the same run",
    )
    crowds = parser.add_argument_group("load, leaving")
    crowds.add_argument("--rows", type=_rows, default=(), help=",".join(measuring.KNOWN))
    crowds.add_argument("--quick", action="store_true", help="without the rows of 1,000 clients")
    crowds.add_argument("--home", type=Path, help="keep Footnote's index in this folder")
    crowds.add_argument("--baseline-home", type=Path, help="keep the tutorial's in this one")
    return parser.parse_args()


def _rows(named: str) -> tuple[str, ...]:
    rows = tuple(named.split(","))
    if unknown := set(rows) - set(measuring.KNOWN):
        raise argparse.ArgumentTypeError(f"no such rows: {', '.join(sorted(unknown))}")
    return rows


def _pdfs() -> Path:
    shared = Path("../shared/eval/pdfqa/pdfs")
    return shared if shared.is_dir() else Path("data/samples")


if __name__ == "__main__":
    main()
