"""Many pages are read by two processes, and nobody can tell."""

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from data.settings import OcrSettings, ParsingSettings
from ingestion.reading import WORTH_A_PROCESS, Reader
from tests.slices import Unbounded


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    path = tmp_path / "long.pdf"
    canvas = Canvas(str(path), invariant=1)
    for number in range(1, 9 * WORTH_A_PROCESS):
        canvas.drawString(50, 700, f"This is page {number}.")
        canvas.showPage()
    canvas.save()
    return path


def test_every_page_comes_once_and_in_order(long_file: Path) -> None:
    with Reader(ParsingSettings(), OcrSettings()) as reader:
        facts, pages, _ = reader.read(long_file, None, 1, 0.0, Unbounded())

    assert facts.pages == 9 * WORTH_A_PROCESS - 1
    assert [page.text for page in pages] == [
        f"This is page {number}." for number in range(1, facts.pages + 1)
    ]


def test_reading_goes_on_where_the_last_slice_ended(long_file: Path) -> None:
    settings = ParsingSettings(pages_per_process=6 * WORTH_A_PROCESS)

    with Reader(settings, OcrSettings()) as reader:
        _, first, _ = reader.read(long_file, None, 1, 0.0, Unbounded())
        _, second, _ = reader.read(long_file, None, len(first) + 1, 0.0, Unbounded())

    assert len(first) == 6 * WORTH_A_PROCESS
    assert [page.number for page in second] == list(range(49, 72))
