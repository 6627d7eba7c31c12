"""The project's own small corpus: the samples, and some more invented documents."""

from pathlib import Path

from benchmarks.quality.questions import Question, Turn, lines_of, page_unit
from data.samples.make import build, sources

HERE = Path(__file__).parent
QUESTIONS = HERE / "own.jsonl"


def own_sources() -> list[Path]:
    """Return the texts of which the documents are made."""
    return [*sources(), *sorted((HERE / "own").glob("*.md"))]


def write_own_pdfs(folder: Path) -> None:
    """Write the documents; the same bytes every time."""
    for source in own_sources():
        (folder / f"{source.stem}.pdf").write_bytes(build(source))


def own_questions() -> list[Question]:
    return [
        Question(
            id=row["id"],
            text=row["question"],
            group=row["kind"],
            gold=frozenset(page_unit(row["document"], page) for page in row["pages"]),
            document=row["document"],
            answers=tuple(row["answers"]),
            history=tuple(Turn(**turn) for turn in row.get("history", ())),
        )
        for row in lines_of(QUESTIONS)
    ]
