"""The committed samples are what the script makes of the committed texts."""

from pathlib import Path

import pypdfium2 as pdfium
import pytest

from data.samples.make import build, sources

SOURCES = sources()


def test_there_are_three_samples() -> None:
    assert [source.stem for source in SOURCES] == [
        "cargo-bicycle-manual",
        "constitution",
        "lighthouse-report",
    ]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
class TestEverySample:
    def test_is_what_the_script_makes_byte_for_byte(self, source: Path) -> None:
        assert source.with_suffix(".pdf").read_bytes() == build(source)

    def test_says_its_title_and_has_four_to_ten_pages(self, source: Path) -> None:
        with pdfium.PdfDocument(source.with_suffix(".pdf")) as document:
            title = document.get_metadata_value("Title")
            pages = len(document)

        assert f"document: {title}\n" in source.read_text(encoding="utf-8")
        assert 4 <= pages <= 10

    def test_repeats_a_header_and_a_page_number_on_every_page(self, source: Path) -> None:
        with pdfium.PdfDocument(source.with_suffix(".pdf")) as document:
            texts = [page.get_textpage().get_text_bounded() for page in document]

        running = next(
            line.removeprefix("running: ")
            for line in source.read_text(encoding="utf-8").splitlines()
            if line.startswith("running: ")
        )
        assert all(text.startswith(running) for text in texts)
        assert all(text.endswith(f"Page {number}") for number, text in enumerate(texts, start=1))

    def test_breaks_words_at_the_ends_of_lines(self, source: Path) -> None:
        with pdfium.PdfDocument(source.with_suffix(".pdf")) as document:
            text = "".join(page.get_textpage().get_text_range() for page in document)

        # PDFium's mark of a hyphen that a line break put there.
        assert "\ufffe" in text
