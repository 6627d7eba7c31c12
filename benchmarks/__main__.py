"""``python -m benchmarks [indexing] [asking] …``: run the benchmarks and print a table."""

import argparse
import json
import sys
from pathlib import Path

from benchmarks import asking, durability, indexing, large, recovery, reupload, start
from benchmarks.baseline import Baseline

ALL = {
    "start": start.measure,
    "indexing": indexing.measure,
    "asking": asking.measure,
    "large": large.measure,
    "durability": durability.measure,
    "reupload": reupload.measure,
    "recovery": recovery.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("which", nargs="*", choices=[*ALL, []], help="all of them by default")
    parser.add_argument("--pdfs", type=Path, help="a folder of PDFs instead of the shared ones")
    parser.add_argument(
        "--baseline-python",
        type=Path,
        help="a Python that has the tutorial pipeline's packages: measured in the same run",
    )
    arguments = parser.parse_args()
    baseline = Baseline.found(arguments.baseline_python)
    if baseline is None:
        print("Without --baseline-python the tutorial pipeline is not measured.", file=sys.stderr)
    pdfs = arguments.pdfs or _pdfs()
    for name in arguments.which or ALL:
        print(f"# {name}", flush=True)
        for figure, value in ALL[name](pdfs, baseline).items():
            print(f"{figure:44} {json.dumps(value)}", flush=True)


def _pdfs() -> Path:
    shared = Path("../shared/eval/pdfqa/pdfs")
    return shared if shared.is_dir() else Path("data/samples")


if __name__ == "__main__":
    main()
