"""Pages that show their text as a picture: read as it stands there, at any turn."""

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from data.boxes import boxes_of, unpack
from data.contents import Box, Page
from ingestion.parsers.pdf import PdfFile
from ingestion.parsers.reading_order import rows_in_order
from ingestion.parsers.rendering import rendered
from ingestion.parsers.serving import Opening

MakePdf = Callable[..., Path]
ScanOf = Callable[..., Path]
Draw = Callable[[Canvas], object]

LINES = (
    "The pelican nests beside", "the lighthouse in spring,", "where Ana counted 4711 eggs.",
)  # fmt: skip


def written(*texts: str, left: float = 40, top: float = 560, size: float = 14) -> Draw:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", size)
        for index, text in enumerate(texts):
            canvas.drawString(left, top - 1.4 * size * index, text)

    return draw


def page_of(path: Path, *, ocr: bool = True, limit: int = 1_000_000) -> Page:
    return PdfFile(Opening(path, None, limit)).page(1, ocr=ocr)


def word(page: Page, text: str) -> Box:
    [box] = boxes_of(page.boxes, at := page.text.index(text), at + len(text))
    return box


def flat(page: Page) -> str:
    return " ".join(page.text.split())


def picture_of(path: Path) -> Image.Image:
    with pdfium.PdfDocument(path) as document:
        return Image.fromarray(document[0].render(scale=2, grayscale=True).to_numpy()).copy()


@pytest.fixture
def scan_of(make_pdf: MakePdf) -> ScanOf:
    """Print a page, scan it, and return a PDF with nothing but the scan."""

    def scan(
        draw: Draw,
        *,
        turns: int = 0,
        skew: float = 0.0,
        rotate: int = 0,
        beside: Draw | None = None,
    ) -> Path:
        picture = picture_of(make_pdf(draw, name="printed.pdf"))
        picture = picture.rotate(-skew, fillcolor=255, resample=Image.Resampling.BICUBIC)
        picture = picture.rotate(90 * turns, expand=True)

        def show(canvas: Canvas) -> None:
            width, height = (side / 2 for side in picture.size)
            # reportlab means the displayed size.
            canvas.setPageSize((height, width) if rotate % 180 else (width, height))
            canvas.setPageRotation(rotate)
            canvas.drawImage(ImageReader(picture), 0, 0, width, height)
            if beside:
                beside(canvas)

        return make_pdf(show, name="scan.pdf")

    return scan


def turned(box: Box, turns: int) -> Box:
    """Where a box lies after so many quarter turns counterclockwise."""
    for _ in range(turns):
        box = (box[1], 1 - box[2], box[3], 1 - box[0])
    return box


def near(one: Box, other: Box, slack: float) -> bool:
    return all(abs(a - b) < slack for a, b in zip(one, other, strict=True))


class TestScans:
    @pytest.mark.parametrize("turns", [0, 1, 2, 3])
    def test_are_read_at_any_turn_and_words_stand_where_they_are_seen(
        self, make_pdf: MakePdf, scan_of: ScanOf, turns: int
    ) -> None:
        printed = page_of(make_pdf(written(*LINES)))

        page = page_of(scan_of(written(*LINES), turns=turns))

        assert page.text == "\n".join(LINES)
        assert (page.ocr, page.warning) == (True, None)
        for text in ("pelican", "lighthouse", "4711"):
            assert near(word(page, text), turned(word(printed, text), turns), 0.02), text

    def test_are_read_when_the_page_is_rotated(self, make_pdf: MakePdf, scan_of: ScanOf) -> None:
        """The picture lies on its side in the file, and the viewer turns it upright."""
        printed = page_of(make_pdf(written(*LINES)))

        page = page_of(scan_of(written(*LINES), turns=1, rotate=90))

        assert page.text == "\n".join(LINES)
        assert near(word(page, "4711"), word(printed, "4711"), 0.02)

    @pytest.mark.parametrize("skew", [-4.0, 4.0])
    def test_are_read_when_they_are_skewed(
        self, make_pdf: MakePdf, scan_of: ScanOf, skew: float
    ) -> None:
        draw = written(*LINES, left=180, top=120)
        printed = page_of(make_pdf(draw))

        page = page_of(scan_of(draw, skew=skew))

        assert page.text == "\n".join(LINES)
        x0, y0, x1, y1 = word(printed, "4711")
        # Clockwise around the middle of a page of 400 by 600.
        across, down = ((x0 + x1) / 2 - 0.5) * 400, ((y0 + y1) / 2 - 0.5) * 600
        turn = math.radians(skew)
        expected = (
            0.5 + (across * math.cos(turn) - down * math.sin(turn)) / 400,
            0.5 + (across * math.sin(turn) + down * math.cos(turn)) / 600,
        )
        x0, y0, x1, y1 = word(page, "4711")
        assert math.dist(expected, ((x0 + x1) / 2, (y0 + y1) / 2)) < 0.02

    def test_have_a_box_for_every_character_but_line_ends(self, scan_of: ScanOf) -> None:
        page = page_of(scan_of(written(*LINES)))

        boxes = unpack(page.boxes)
        assert len(boxes) == len(page.text)
        empty = (boxes[:, 2] <= boxes[:, 0]) | (boxes[:, 3] <= boxes[:, 1])
        assert {page.text[at] for at in np.flatnonzero(empty)} == {"\n"}

    def test_have_lines_with_the_size_of_their_font(self, scan_of: ScanOf) -> None:
        def draw(canvas: Canvas) -> None:
            written("Pelicans", size=28)(canvas)
            written(*LINES, top=480)(canvas)

        page = page_of(scan_of(draw))

        assert page.text == "Pelicans\n\n" + "\n".join(LINES)
        assert [page.text[line.start : line.end] for line in page.lines] == ["Pelicans", *LINES]
        title, *body = [line.size for line in page.lines]
        assert title > 1.3 * body[0]
        assert body == [pytest.approx(14, rel=0.2)] * 3

    def test_are_cleaned_as_other_pages_are(self, scan_of: ScanOf) -> None:
        page = page_of(scan_of(written("Der Kormoran ist ein Wasser-", "vogel, très élégant.")))

        assert page.text == "Der Kormoran ist ein Wasservogel,\ntrès élégant."

    def test_are_cut_at_the_limit_with_a_warning(self, scan_of: ScanOf) -> None:
        page = page_of(scan_of(written(*LINES)), limit=11)

        assert (page.text, page.warning) == ("The pelican", "page_truncated")

    def test_say_what_they_took(self, scan_of: ScanOf) -> None:
        assert page_of(scan_of(written(*LINES))).ocr_seconds > 0

    def test_say_when_they_were_not_read(self, scan_of: ScanOf) -> None:
        page = page_of(scan_of(written(*LINES)), ocr=False)

        assert (page.text, page.ocr, page.warning) == ("", False, "ocr_skipped")
        assert page.ocr_seconds == 0

    def test_are_read_below_a_stamp(self, scan_of: ScanOf) -> None:
        stamp = written("Page 17", left=320, top=20, size=8)

        page = page_of(scan_of(written(*LINES), beside=stamp))

        assert page.ocr
        assert flat(page) == " ".join(LINES) + " Page 17"


class TestOtherPages:
    def test_with_text_are_never_looked_at(self, make_pdf: MakePdf) -> None:
        page = page_of(make_pdf(written(*LINES)))

        assert (page.text, page.ocr, page.ocr_seconds) == ("\n".join(LINES), False, 0.0)

    def test_with_text_on_a_picture_keep_it(self, make_pdf: MakePdf) -> None:
        """A slide: the picture behind its words has no others."""

        def slide(canvas: Canvas) -> None:
            sky = ImageReader(Image.linear_gradient("L"))
            canvas.drawImage(sky, 0, 0, 400, 600)
            written("Thank you!")(canvas)

        page = page_of(make_pdf(slide))

        assert (page.text, page.ocr, page.warning) == ("Thank you!", False, None)

    def test_with_a_small_picture_keep_their_text(self, make_pdf: MakePdf) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.drawImage(ImageReader(Image.linear_gradient("L")), 100, 100, 90, 90)
            written("Figure 1")(canvas)

        assert page_of(make_pdf(draw)).ocr_seconds == 0

    def test_without_anything_are_never_looked_at(self, make_pdf: MakePdf) -> None:
        page = page_of(make_pdf(lambda canvas: canvas.showPage()))

        assert (page.text, page.ocr_seconds, page.warning) == ("", 0.0, None)

    def test_that_are_scans_of_blank_ones_stay_empty(self, scan_of: ScanOf) -> None:
        page = page_of(scan_of(lambda canvas: canvas.showPage()))

        assert (page.text, page.lines, page.ocr, page.warning) == ("", (), False, None)

    @pytest.mark.parametrize("size", [(14400, 14400), (14400, 3), (3, 3), (1e7, 1e-3)])
    def test_of_absurd_sizes_stay_empty(self, make_pdf: MakePdf, size: tuple[float, float]) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setPageSize(size)
            canvas.rect(0, 0, size[0] / 2, size[1] / 2, fill=1)

        page = page_of(make_pdf(draw))

        assert (page.text, page.ocr, page.warning) == ("", False, None)


class TestRendering:
    @pytest.mark.parametrize("size", [(14400, 14400), (14400, 3), (612, 792), (1e7, 1e-3)])
    def test_is_bounded_whatever_the_page_s_size(
        self, make_pdf: MakePdf, size: tuple[float, float]
    ) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setPageSize(size)
            canvas.rect(0, 0, size[0] / 2, size[1] / 2, fill=1)

        with pdfium.PdfDocument(make_pdf(draw)) as document:
            page = document[0]
            pixels = rendered(page.raw)

        assert pixels is not None
        assert pixels.size <= 6_000_000
        assert max(pixels.shape) <= 12_000


class TestLimits:
    PROGRAM = """
import resource, sys
from pathlib import Path
from ingestion.parsers.pdf import PdfFile
from ingestion.parsers.serving import Opening, confine
spare = int(sys.argv[2])
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
confine(memory_bytes=used + spare, cpu_seconds=120)
page = PdfFile(Opening(Path(sys.argv[1]), None, 1000)).page(1, ocr=True)
print(page.text, page.warning)
"""

    def confined(self, path: Path, spare: int) -> str:
        root = Path(__file__).parents[2]
        environment = {"PYTHONPATH": str(root), "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-P", "-c", self.PROGRAM, str(path), str(spare)]
        ran = subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True, timeout=120
        )
        return ran.stdout.strip()

    def test_a_scan_is_read_within_those_of_the_parser_process(self, scan_of: ScanOf) -> None:
        assert self.confined(scan_of(written("pelican")), 1 << 30) == "pelican None"

    @pytest.mark.parametrize("megabytes", [50, 250, 450])
    def test_without_enough_memory_the_page_says_that_it_was_not_read(
        self, scan_of: ScanOf, megabytes: int
    ) -> None:
        assert self.confined(scan_of(written("pelican")), megabytes << 20) == "ocr_failed"


class TestOrder:
    @staticmethod
    def extents(
        *lines: tuple[float, float, float],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Lines of height 10: left, top, width."""
        return np.array([(x, y, x + width, y + 10) for x, y, width in lines], float)

    def test_columns_come_one_after_the_other_below_their_title(self) -> None:
        title = [(0, 0, 430)]
        left = [(0, 20 + 12 * n, 200) for n in range(5)]
        right = [(230, 20 + 12 * n, 200) for n in range(5)]
        footer = [(0, 90, 430)]

        order = rows_in_order(self.extents(*title, *left, *right, *footer))

        assert order == [[n] for n in range(12)]

    def test_three_columns_come_one_after_the_other(self) -> None:
        columns = [(230 * column, 12 * n, 200) for column in range(3) for n in range(4)]

        assert rows_in_order(self.extents(*columns)) == [[n] for n in range(12)]

    def test_the_cells_of_a_table_stay_in_their_rows(self) -> None:
        cells = [(100 * column, 12 * row, 50) for row in range(4) for column in range(3)]

        order = rows_in_order(self.extents(*cells))

        assert order == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]

    def test_parts_of_a_row_are_read_from_the_left(self) -> None:
        assert rows_in_order(self.extents((300, 2, 50), (0, 0, 50), (0, 20, 50))) == [[1, 0], [2]]

    def test_nothing_has_no_order(self) -> None:
        assert rows_in_order(np.zeros((0, 4))) == []
