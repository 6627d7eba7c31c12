"""Where corpora and their questions come from: the project itself, and a folder of shared ones."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.quality.exams import ALL, WITHIN, Corpus, Exam, Material
from benchmarks.quality.own_corpus import own_questions, write_own_pdfs
from benchmarks.quality.plain_pdf import plain_pdf
from benchmarks.quality.questions import Question, lines_of, page_unit

BOTH = (ALL, WITHIN)
LANGUAGES = ("en", "de", "es", "zh")


def material_of(name: str, shared: Path, work: Path) -> Material | None:
    """Return a source's corpora and exams, or nothing where its data is not there.

    PDFs that must be written go under ``work``.
    """
    if name != "own" and not (shared / name).is_dir():
        return None
    return SOURCES[name](shared / name, work)


def own(_shared: Path, work: Path) -> Material:
    folder = work / "own"
    folder.mkdir(parents=True, exist_ok=True)
    write_own_pdfs(folder)
    exam = Exam("own", "own", tuple(own_questions()), scopes=BOTH, grouped=(ALL,), asked=True)
    return Material((Corpus("own", folder),), (exam,))


def pdfqa(shared: Path, _work: Path) -> Material:
    """Real PDFs; a question counts when text, not a picture, holds its evidence."""
    pages = [
        Question(
            id=row["id"],
            text=row["question"],
            group=row["source"],
            gold=frozenset(page_unit(row["document"], page) for page in row["gold_pages"]),
            document=row["document"],
            in_a_figure=row["answerable"] and not row["text_only_evidence"],
        )
        for row in lines_of(shared / "questions.jsonl")
    ]
    documents = [
        Question(row["id"], row["question"], row["source"], frozenset(row["documents"]))
        for row in lines_of(shared / "doc_level_questions.jsonl")
    ]
    exams = (
        Exam("pdfqa", "pdfqa", tuple(pages), scopes=BOTH, grouped=BOTH, asked=True),
        Exam("pdfqa, documents", "pdfqa", tuple(documents), "document", lambda name, _page: name),
    )
    return Material((Corpus("pdfqa", shared / "pdfs"),), exams)


def squad(shared: Path, _work: Path) -> Material:
    """Paragraphs, each on a page of its own."""
    paragraphs = {
        page_unit(Path(row["pdf"]).name, page): str(row["id"])
        for row in lines_of(shared / "corpus.jsonl")
        for page in row["pdf_pages"]
    }
    questions = tuple(
        Question(
            id=row["id"],
            text=row["question"],
            group=row["source"],
            gold=frozenset([row["gold_paragraph"]] if row["answerable"] else []),
            answers=tuple(row["answers"]),
        )
        for row in lines_of(shared / "questions.jsonl")
    )
    exam = Exam("squad", "squad", questions, "paragraph", _named(paragraphs), asked=True)
    return Material((Corpus("squad", shared / "pdfs"),), (exam,))


def xquad(shared: Path, work: Path) -> Material:
    """The same paragraphs and questions in several languages."""
    corpora, exams = [], []
    units = {language: _written(language, shared, work) for language in LANGUAGES}
    for language in LANGUAGES:
        corpora.append(Corpus(f"xquad-{language}", work / f"xquad-{language}"))
        questions = tuple(
            Question(row["id"], row["question"], language, frozenset([row["gold_paragraph"]]))
            for row in lines_of(shared / f"questions.{language}.jsonl")
        )
        for texts in dict.fromkeys((language, "en")):
            name = f"xquad, {language} → {texts}"
            unit_of = _named(units[texts])
            exams.append(Exam(name, f"xquad-{texts}", questions, "paragraph", unit_of))
    return Material(tuple(corpora), tuple(exams))


def _written(language: str, shared: Path, work: Path) -> dict[str, str]:
    """Write a PDF for each article, a page for each paragraph; return what stands where.

    The files' names say nothing: the titles are there in English only.
    """
    articles: dict[str, list[dict[str, str]]] = {}
    for row in lines_of(shared / f"corpus.{language}.jsonl"):
        articles.setdefault(row["title"], []).append(row)
    folder = work / f"xquad-{language}"
    folder.mkdir(parents=True, exist_ok=True)
    paragraphs: dict[str, str] = {}
    for number, rows in enumerate(articles.values(), start=1):
        path = folder / f"{language}-{number:02}.pdf"
        path.write_bytes(plain_pdf([row["text"] for row in rows]))
        paragraphs |= {page_unit(path.name, page): row["id"] for page, row in enumerate(rows, 1)}
    return paragraphs


def _named(units: dict[str, str]) -> Callable[[str, int], str]:
    def unit_of(filename: str, page: int) -> str:
        place = page_unit(filename, page)
        return units.get(place, place)

    return unit_of


SOURCES = {"own": own, "pdfqa": pdfqa, "squad": squad, "xquad": xquad}
