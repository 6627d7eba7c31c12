"""The tutorial pipeline in the same exams: the same files, questions and counting."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.baseline import SCRIPT, Baseline
from benchmarks.quality.exams import ALL, WITHIN, Corpus, Exam
from benchmarks.quality.questions import Question, lines_of
from benchmarks.quality.sitting import Sitting, ranked, searched

# As many as Footnote is asked for.
_CHUNKS = 100
_SCOPES = {"all": ALL, "document": WITHIN}


def sit(baseline: Baseline, corpus: Corpus, exams: Iterable[Exam], folder: Path) -> list[Sitting]:
    """Index a corpus, unless the folder has it already, and take the exams held on it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "ingest.json").exists():
        print(f"tutorial: {corpus.library} is indexed", file=sys.stderr, flush=True)
        baseline.ingest(corpus.folder, folder)
    held = [exam for exam in exams if exam.library == corpus.library]
    places = _retrieved(baseline, held, folder)
    return [_sitting(exam, places) for exam in held]


def _retrieved(
    baseline: Baseline, exams: list[Exam], folder: Path
) -> dict[tuple[str, str], list[tuple[str, int]]]:
    """Return where the chunks stand that it finds, by the question's key and the scope."""
    asked, found = folder / "questions.jsonl", folder / "found.jsonl"
    asked.write_text(
        "".join(
            json.dumps(_row(exam, question)) + "\n"
            for exam in exams
            for question in searched(exam, ALL)
        ),
        encoding="utf-8",
    )
    subprocess.run(
        [
            *(baseline.python, SCRIPT, "retrieve", "--questions", asked, "--out", found),
            *("--k", str(_CHUNKS)),
        ],
        env=baseline.environment(folder),
        check=True,
        capture_output=True,
    )
    return {
        (row["id"], _SCOPES[row["scope"]]): [
            (one["document"], one["page"]) for one in row["ranked"]
        ]
        for row in lines_of(found)
    }


def _row(exam: Exam, question: Question) -> dict[str, object]:
    document = question.document if WITHIN in exam.scopes else None
    # It knows no history: its server takes a question alone.
    return {
        "id": _key(exam, question),
        "question": question.text,
        "document": document,
        "answerable": True,
    }


def _key(exam: Exam, question: Question) -> str:
    return f"{exam.name}: {question.id}"


def _sitting(exam: Exam, places: dict[tuple[str, str], list[tuple[str, int]]]) -> Sitting:
    sitting = Sitting(exam)
    for scope in exam.scopes:
        sitting.ranks[scope] = {
            question.id: ranked(exam, question, places[_key(exam, question), scope])
            for question in searched(exam, scope)
        }
    return sitting
