"""``python -m benchmarks.quality [own] [pdfqa] …``: how good retrieval and answers are."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.baseline import Baseline
from benchmarks.quality import tutorial
from benchmarks.quality.ablation import ablate
from benchmarks.quality.exams import Corpus, Exam
from benchmarks.quality.quoting import told
from benchmarks.quality.running import run
from benchmarks.quality.sitting import Sitting, ranks_by_question
from benchmarks.quality.sources import SOURCES, material_of
from benchmarks.quality.tables import tables_of


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        corpora, exams = _material(arguments, folder)
        if arguments.ablation:
            written: dict[str, Any] = {}
            tables = [ablate(folder / "home", corpora, exams)]
        else:
            theirs = _tutorial(arguments, folder, corpora, exams)
            ours = run(folder / "home", corpora, exams, {})
            tables = list(tables_of(ours, theirs))
            written = {
                "seconds": round(ours.seconds),
                "ranks": ranks_by_question(ours.sittings.values()),
                "answers": {
                    f"{name}, {scope}": told(one.exam, answers)
                    for name, one in ours.sittings.items()
                    for scope, answers in one.answers.items()
                },
                "tutorial's ranks": ranks_by_question(theirs.values()),
            }
    print("\n\n".join(table.markdown() for table in tables))
    if arguments.out:
        written = {"tables": [table.plain() for table in tables], **written}
        arguments.out.write_text(
            json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument(
        "which", nargs="*", choices=[*SOURCES, []], help="all that are there by default"
    )
    parser.add_argument("--shared", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--questions", type=int, help="at most so many of every exam")
    parser.add_argument("--folder", type=Path, help="keep the indexes here, and take them up again")
    parser.add_argument("--out", type=Path, help="write figures and ranks to this file, as JSON")
    parser.add_argument("--ablation", action="store_true", help="compare variants of search")
    parser.add_argument(
        "--baseline-python",
        type=Path,
        help="a Python that has the tutorial pipeline's packages: measured in the same run",
    )
    return parser.parse_args()


def _material(arguments: argparse.Namespace, folder: Path) -> tuple[list[Corpus], list[Exam]]:
    """Return what is measured; a source that is not there is told of and left out."""
    corpora: list[Corpus] = []
    exams: list[Exam] = []
    for name in arguments.which or SOURCES:
        material = material_of(name, arguments.shared, folder / "pdfs")
        if material is None:
            print(f"{name}: {arguments.shared / name} is not there", file=sys.stderr)
        else:
            corpora += material.corpora
            exams += [exam.shortened(arguments.questions) for exam in material.exams]
    if not exams:
        sys.exit("There is nothing to measure.")
    return corpora, exams


def _tutorial(
    arguments: argparse.Namespace, folder: Path, corpora: list[Corpus], exams: list[Exam]
) -> dict[str, Sitting]:
    """Return the tutorial pipeline's sittings, before ours so that neither slows the other."""
    baseline = Baseline.found(arguments.baseline_python)
    if baseline is None:
        print("Without --baseline-python the tutorial pipeline is not measured.", file=sys.stderr)
        return {}
    return {
        sitting.exam.name: sitting
        for corpus in corpora
        for sitting in tutorial.sit(baseline, corpus, exams, folder / "tutorial" / corpus.library)
    }


if __name__ == "__main__":
    main()
