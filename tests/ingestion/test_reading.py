"""Many pages are read by two processes, and nobody can tell."""

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from data.settings import ParsingSettings
from ingestion.reading import WORTH_A_PROCESS, Reader


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    path = tmp_path / "long.pdf"
    canvas = Canvas(str(path), invariant=1)
    for number in range(1, 3 * WORTH_A_PROCESS):
        canvas.drawString(50, 700, f"This is page {number}.")
        canvas.showPage()
    canvas.save()
    return path


def test_every_page_comes_once_and_in_order(long_file: Path) -> None:
    facts, pages = Reader(long_file, ParsingSettings(), None).read(1)

    assert facts.pages == 3 * WORTH_A_PROCESS - 1
    assert [page.text for page in pages] == [
        f"This is page {number}." for number in range(1, facts.pages + 1)
    ]


def test_reading_goes_on_where_the_last_slice_ended(long_file: Path) -> None:
    settings = ParsingSettings(pages_per_process=2 * WORTH_A_PROCESS)

    _, first = Reader(long_file, settings, None).read(1)
    _, second = Reader(long_file, settings, None).read(len(first) + 1)

    assert len(first) == 2 * WORTH_A_PROCESS
    assert [page.number for page in second] == list(range(49, 72))
