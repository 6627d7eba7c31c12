"""Plain PDFs hold their text in any script, a page for each."""

import re

import pypdfium2

from benchmarks.quality.plain_pdf import plain_pdf

PAGES = [
    "The keeper of Ogród Saski wrote: “Nine lights (1,164 members) – and a boat.” " * 8,
    "灯塔建于1839年，它的灯光在22海里外可见。" * 9,
    "Größe, ἀλήθεια, Москва.",
]


def test_every_page_gives_its_text_back() -> None:
    with pypdfium2.PdfDocument(plain_pdf(PAGES)) as document:
        texts = [page.get_textpage().get_text_range() for page in document]

    assert [re.sub(r"\s", "", text) for text in texts] == [re.sub(r"\s", "", t) for t in PAGES]


def test_lines_stay_between_the_margins() -> None:
    with pypdfium2.PdfDocument(plain_pdf(PAGES)) as document:
        width = document[0].get_width()
        pages = [page.get_textpage() for page in document]
        rights = [page.get_charbox(n)[2] for page in pages for n in range(page.count_chars())]

    assert 0.8 * width < max(rights) < width - 20


def test_the_same_text_gives_the_same_bytes() -> None:
    assert plain_pdf(PAGES) == plain_pdf(PAGES)
