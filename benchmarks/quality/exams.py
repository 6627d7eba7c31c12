"""Corpora that are uploaded, and the exams that are held on them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.quality.questions import Question, page_unit, sample

ALL = "all documents"
WITHIN = "within the document"


@dataclass(frozen=True, slots=True)
class Corpus:
    """The PDFs of a folder, uploaded into a library of their own."""

    library: str
    folder: Path

    @property
    def pdfs(self) -> list[Path]:
        return sorted(self.folder.glob("*.pdf"))


@dataclass(frozen=True, slots=True)
class Exam:
    """Questions about a library, and what counts as finding: a page, a paragraph, a document."""

    name: str
    library: str
    questions: tuple[Question, ...]
    unit: str = "page"
    # From a file's name and a page's number to the unit that stands there.
    unit_of: Callable[[str, int], str] = page_unit
    scopes: tuple[str, ...] = (ALL,)
    # Where the questions' groups have rows of their own.
    grouped: tuple[str, ...] = ()
    # Whether answers are asked for too, or passages only.
    asked: bool = False

    def groups(self, scope: str) -> list[str]:
        """Return the groups that have rows of their own in a scope."""
        return sorted({one.group for one in self.questions}) if scope in self.grouped else []

    def shortened(self, most: int | None) -> "Exam":
        """Return the exam with at most so many questions."""
        return replace(self, questions=tuple(sample(self.questions, most)))


@dataclass(frozen=True, slots=True)
class Material:
    """What a source brings along."""

    corpora: tuple[Corpus, ...]
    exams: tuple[Exam, ...]
