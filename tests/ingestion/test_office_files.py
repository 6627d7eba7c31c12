"""Word, PowerPoint and Excel files and books, as their own libraries or hands write them."""

import datetime
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document
from docx.enum.text import WD_BREAK
from openpyxl import Workbook
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from data.contents import LineKind, Page
from ingestion.media_types import DOCX, EPUB, PPTX, XLSX
from ingestion.parsers.formats import open_file
from ingestion.parsers.serving import OpenFile, Opening
from tests.ingestion.packages import W, docx, epub

Open = Callable[[Path, str], OpenFile]


def opened(path: Path, media_type: str) -> OpenFile:
    return open_file(Opening(path, None, 1_000_000, media_type, 5000))


def pages(path: Path, media_type: str) -> list[Page]:
    file = opened(path, media_type)
    return [file.page(number) for number in range(1, file.facts.pages + 1)]


def texts(path: Path, media_type: str) -> list[str]:
    return [page.text for page in pages(path, media_type)]


def lines(page: Page, kind: LineKind) -> list[str]:
    return [page.text[line.start : line.end] for line in page.lines if line.kind is kind]


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def paragraph(*runs: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(runs)}</w:p>"


class TestWord:
    def test_has_headings_lists_tables_and_facts(self, tmp_path: Path) -> None:
        document = Document()
        document.core_properties.title = "The report"
        document.core_properties.author = "Ann"
        document.core_properties.created = datetime.datetime.fromisoformat("2024-05-01T09:30")
        document.add_heading("The report", 0)
        document.add_heading("Results", 1)
        document.add_paragraph("All is well.")
        document.add_paragraph("a point", style="List Bullet")
        document.add_paragraph("another", style="List Bullet")
        document.add_paragraph("first", style="List Number")
        document.add_paragraph("second", style="List Number")
        table = document.add_table(2, 3)
        for cell, text in zip(table._cells, "Region 2022 2021 North 7 5".split(), strict=True):
            cell.text = text
        path = tmp_path / "a.docx"
        document.save(str(path))

        file = opened(path, DOCX)
        page = file.page(1)

        assert page.text == (
            "The report\n\nResults\n\nAll is well.\n\n• a point\n• another\n1. first\n2. second\n\n"
            "Region | 2022 | 2021\nNorth | 7 | 5"
        )
        assert lines(page, LineKind.TABLE_HEAD) == ["Region | 2022 | 2021"]
        facts = file.facts
        assert (facts.title, facts.author, facts.created) == (
            "The report", "Ann", "2024-05-01T09:30:00Z",
        )  # fmt: skip
        assert [(entry.level, entry.title) for entry in facts.outline] == [
            (1, "The report"),
            (1, "Results"),
        ]

    def test_has_the_pages_that_its_writer_broke(self, tmp_path: Path) -> None:
        document = Document()
        document.add_paragraph("one").add_run().add_break(WD_BREAK.PAGE)
        document.add_paragraph("two")
        document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        document.add_paragraph("three")
        path = tmp_path / "a.docx"
        document.save(str(path))

        assert texts(path, DOCX) == ["one", "two", "three"]

    def test_has_the_pages_of_its_last_layout(self, tmp_path: Path) -> None:
        body = paragraph(
            run("It begins and"), "<w:r><w:lastRenderedPageBreak/></w:r>", run("ends.")
        )

        assert texts(docx(tmp_path / "a.docx", body), DOCX) == ["It begins and", "ends."]

    def test_without_breaks_has_a_page_for_each_chapter(self, tmp_path: Path) -> None:
        document = Document()
        for name in ("One", "Two"):
            document.add_heading(name, 1)
            document.add_paragraph(f"Text of {name}.")
        path = tmp_path / "a.docx"
        document.save(str(path))

        assert texts(path, DOCX) == ["One\n\nText of One.", "Two\n\nText of Two."]

    def test_leaves_out_what_is_hidden_deleted_or_doubled(self, tmp_path: Path) -> None:
        compatibility = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
        box = "<w:txbxContent><w:p><w:r><w:t>In a box.</w:t></w:r></w:p></w:txbxContent>"
        body = paragraph(
            run("Seen"),
            run("hidden", "<w:vanish/>"),
            run(" too", '<w:vanish w:val="0"/>'),
            "<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>",
            f"<w:ins>{run(' inserted.')}</w:ins>",
            f"<w:r><mc:AlternateContent {compatibility}><mc:Choice>{box}</mc:Choice>"
            f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r>",
        )

        assert texts(docx(tmp_path / "a.docx", body), DOCX) == ["Seen too inserted.\n\nIn a box."]

    def test_puts_notes_at_the_foot_of_their_page(self, tmp_path: Path) -> None:
        notes = (
            f'<w:footnotes {W}><w:footnote w:id="0" w:type="separator"><w:p/></w:footnote>'
            f'<w:footnote w:id="2">{paragraph(run("A note."))}</w:footnote></w:footnotes>'
        )
        body = (
            paragraph(run("Said."), '<w:r><w:footnoteReference w:id="2"/></w:r>')
            + paragraph(run("More."), '<w:r><w:br w:type="page"/></w:r>')
            + paragraph(run("Next."))
        )
        [page, _] = pages(docx(tmp_path / "a.docx", body, footnotes=notes), DOCX)

        assert page.text == "Said.\n\nMore.\n\nA note."
        assert lines(page, LineKind.FOOTNOTE) == ["A note."]

    def test_numbers_headings_as_word_does(self, tmp_path: Path) -> None:
        numbering = (
            f'<w:numbering {W}><w:abstractNum w:abstractNumId="7">'
            '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="upperRoman"/>'
            '<w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:start w:val="1"/>'
            '<w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl></w:abstractNum>'
            '<w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num></w:numbering>'
        )

        def item(text: str, level: int) -> str:
            number = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="3"/></w:numPr>'
            return paragraph(run(text), properties=f'{number}<w:outlineLvl w:val="{level}"/>')

        body = item("One", 0) + item("Deep", 1) + item("Two", 0) + item("A", 1) + item("B", 1)
        [text] = texts(docx(tmp_path / "a.docx", body, numbering=numbering), DOCX)

        assert text.split("\n\n") == ["I. One", "I.1 Deep", "II. Two", "II.1 A", "II.2 B"]

    def test_repeats_merged_cells_and_flattens_tables_in_tables(self, tmp_path: Path) -> None:
        document = Document()
        table = document.add_table(3, 3)
        for cell, text in zip(table._cells, "a b c d e f g h i".split(), strict=True):
            cell.text = text
        table.cell(0, 0).merge(table.cell(1, 0)).text = "both"
        inner = table.cell(2, 2).add_table(1, 2)
        inner.cell(0, 0).text, inner.cell(0, 1).text = "x", "y"
        path = tmp_path / "a.docx"
        document.save(str(path))

        assert texts(path, DOCX) == ["both | b | c\nboth | e | f\ng | h | i x y"]

    def test_reads_a_table_in_a_frame_once(self, tmp_path: Path) -> None:
        document = Document()
        frame = document.add_table(1, 1).cell(0, 0)
        frame.text = "A frame"
        inner = frame.add_table(1, 2)
        inner.cell(0, 0).text, inner.cell(0, 1).text = "x", "y"
        path = tmp_path / "a.docx"
        document.save(str(path))

        assert texts(path, DOCX) == ["A frame\n\nx | y"]

    def test_with_macros_or_of_the_strict_kind_is_read_the_same(self, tmp_path: Path) -> None:
        path = docx(tmp_path / "a.docx", paragraph(run("Words.")))
        strict = tmp_path / "strict.docx"
        import zipfile

        with zipfile.ZipFile(path) as source, zipfile.ZipFile(strict, "w") as target:
            for name in source.namelist():
                target.writestr(
                    name,
                    source.read(name).replace(
                        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
                        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
                    ),
                )

        assert texts(strict, DOCX) == ["Words."]


class TestPowerPoint:
    def test_has_a_page_for_each_slide_title_first_and_notes_last(self, tmp_path: Path) -> None:
        show = Presentation()
        slide = show.slides.add_slide(show.slide_layouts[1])
        box = slide.shapes.add_textbox(Inches(6), Inches(0), Inches(2), Inches(1))
        box.text_frame.text = "Above, to the right"
        slide.shapes.title.text = "The plan"
        slide.placeholders[1].text_frame.text = "First\nSecond"
        slide.notes_slide.notes_text_frame.text = "Speak slowly."
        slide = show.slides.add_slide(show.slide_layouts[5])
        slide.shapes.title.text = "Figures"
        table = slide.shapes.add_table(2, 2, 0, Inches(2), Inches(4), Inches(1)).table
        for cell, text in zip(table.iter_cells(), ("Year", "Sold", "2022", "7"), strict=True):
            cell.text = text
        path = tmp_path / "a.pptx"
        show.save(str(path))

        file = opened(path, PPTX)

        assert texts(path, PPTX) == [
            "The plan\n\nAbove, to the right\n\nFirst\nSecond\n\nSpeak slowly.",
            "Figures\n\nYear | Sold\n2022 | 7",
        ]
        assert lines(file.page(2), LineKind.TABLE_HEAD) == ["Year | Sold"]
        assert [(entry.page, entry.title) for entry in file.facts.outline] == [
            (1, "The plan"),
            (2, "Figures"),
        ]

    def test_tells_the_numbers_of_charts_and_what_pictures_show(self, tmp_path: Path) -> None:
        show = Presentation()
        slide = show.slides.add_slide(show.slide_layouts[6])
        data = CategoryChartData()
        data.categories = ["East", "West"]
        data.add_series("2021", (19.2, 21.4))
        data.add_series("2022", (20.0, 0.1 + 0.2))
        frame = slide.shapes.add_chart(
            XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(4), Inches(3), data
        )
        frame.chart.has_title = True
        frame.chart.chart_title.text_frame.text = "Sales"
        picture = io.BytesIO()
        from PIL import Image

        Image.new("RGB", (4, 4)).save(picture, "PNG")
        shape = slide.shapes.add_picture(picture, 0, Inches(4))
        shape._element.nvPicPr.cNvPr.set("descr", "A red barn in snow")
        path = tmp_path / "a.pptx"
        show.save(str(path))

        assert texts(path, PPTX) == [
            "Sales\n| 2021 | 2022\nEast | 19.2 | 20.0\nWest | 21.4 | 0.3\n\nA red barn in snow"
        ]

    def test_reads_groups_and_leaves_out_what_is_hidden(self, tmp_path: Path) -> None:
        show = Presentation()
        slide = show.slides.add_slide(show.slide_layouts[6])
        group = slide.shapes.add_group_shape()
        for left, text in ((3, "right"), (0, "left"), (5, "hidden")):
            box = group.shapes.add_textbox(Inches(left), 0, Inches(1), Inches(1))
            box.text_frame.text = text
        box._element.nvSpPr.cNvPr.set("hidden", "1")
        path = tmp_path / "a.pptx"
        show.save(str(path))

        assert texts(path, PPTX) == ["left\n\nright"]


class TestExcel:
    @pytest.fixture
    def book(self) -> Workbook:
        book = Workbook()
        book.remove(book.worksheets[0])
        return book

    def saved(self, book: Workbook, folder: Path) -> Path:
        path = folder / "a.xlsx"
        book.save(path)
        return path

    def test_shows_values_as_their_cells_do(self, book: Workbook, tmp_path: Path) -> None:
        sheet = book.create_sheet("Prices")
        rows = [
            ("What", "Value", None),
            ("share", 0.1234, "0.0%"),
            ("sum", 1234567.5, "#,##0"),
            ("loss", -1234.5, "#,##0.00;(#,##0.00)"),
            ("money", 1200, '"$"#,##0.00'),
            ("day", datetime.date(2024, 5, 1), "dd.mm.yyyy"),
            ("moment", datetime.datetime.fromisoformat("2024-05-01T13:30"), "yyyy-mm-dd hh:mm"),
            ("number", 0.1 + 0.2, "General"),
            ("code", 7, "000"),
            ("yes", True, "General"),
        ]
        for number, (name, value, form) in enumerate(rows, start=1):
            sheet.cell(number, 1, name)
            cell = sheet.cell(number, 2, value)
            if form:
                cell.number_format = form

        [page] = pages(self.saved(book, tmp_path), XLSX)

        assert page.text.splitlines() == [
            "Prices", "", "What | Value", "share | 12.3%", "sum | 1,234,568", "loss | (1,234.50)",
            "money | $1,200.00", "day | 2024-05-01", "moment | 2024-05-01 13:30:00",
            "number | 0.3", "code | 007", "yes | TRUE",
        ]  # fmt: skip
        assert page.label == "Prices"
        assert lines(page, LineKind.TABLE_HEAD) == ["What | Value"]

    def test_shows_numbers_plainly_whose_format_is_not_simple(
        self, book: Workbook, tmp_path: Path
    ) -> None:
        sheet = book.create_sheet("Sheet1")
        formats = {
            '[>=1000000]0.0,,"M";[>=1000]0.0,"K";0': 1500,
            "000\\-00\\-0000": 123456789,
            '[Red]General" days"': 0,
            "0.000000000000000": 200000000000000.5,
        }
        for number, (form, value) in enumerate(formats.items(), start=1):
            sheet.cell(number, 1, value).number_format = form

        [text] = texts(self.saved(book, tmp_path), XLSX)

        assert text.split() == ["1500", "123456789", "0", "200000000000000.5"]

    def test_leaves_out_hidden_sheets_rows_and_columns(
        self, book: Workbook, tmp_path: Path
    ) -> None:
        sheet = book.create_sheet("Seen")
        for row in (("a", "b", "c"), ("no", "no", "no"), ("1", "2", "3")):
            sheet.append(row)
        sheet.row_dimensions[2].hidden = True
        sheet.column_dimensions["B"].hidden = True
        book.create_sheet("Hidden").append(("no",))
        book["Hidden"].sheet_state = "hidden"

        assert texts(self.saved(book, tmp_path), XLSX) == ["Seen\n\na | c\n1 | 3"]

    def test_divides_a_long_sheet_and_repeats_its_head(
        self, book: Workbook, tmp_path: Path
    ) -> None:
        sheet = book.create_sheet("Log")
        sheet.append(("name", "size"))
        for number in range(250):
            sheet.append((f"n{number}", number))
        found = pages(self.saved(book, tmp_path), XLSX)

        assert [page.label for page in found] == [
            "Log, rows 1–100", "Log, rows 101–200", "Log, rows 201–251",
        ]  # fmt: skip
        assert found[1].text.startswith("name | size\nn99 | 99\n")
        rows = [line for page in found for line in lines(page, LineKind.TABLE_ROW)]
        assert rows == [f"n{number} | {number}" for number in range(250)]

    def test_tells_titles_and_tables_apart(self, book: Workbook, tmp_path: Path) -> None:
        sheet = book.create_sheet("Sheet1")
        cells = {
            "B2": "Revenue by region", "B3": "Region", "C3": 2022, "D3": 2021, "B4": "North",
            "C4": 7, "D4": 5, "B5": "South", "D5": 6, "B7": "Notes",
        }  # fmt: skip
        for name, value in cells.items():
            sheet[name] = value
        sheet.merge_cells("B4:B5")
        sheet["C8"] = "=SUM(C4:C5)"
        [page] = pages(self.saved(book, tmp_path), XLSX)

        assert page.text == (
            "Revenue by region\n\nRegion | 2022 | 2021\nNorth | 7 | 5\nNorth | | 6\n\nNotes"
        )
        assert lines(page, LineKind.TABLE_HEAD) == ["Region | 2022 | 2021"]


class TestABook:
    def test_has_its_chapters_in_their_order_and_its_facts(self, tmp_path: Path) -> None:
        head = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>'
        chapters = {
            "b%20two.xhtml": f"{head}<h1>One</h1><p>First&#160;words.</p></body></html>",
            "a.xhtml": f"{head}<h1>Two</h1><p>An&nbsp;entity.</p></body></html>",
        }
        path = epub(tmp_path / "a.epub", {"x.xhtml": ""})
        path = epub(tmp_path / "a.epub", {k.replace("%20", "-"): v for k, v in chapters.items()})

        facts = opened(path, EPUB).facts

        assert texts(path, EPUB) == ["One\n\nFirst words.", "Two\n\nAn entity."]
        assert (facts.title, facts.author, facts.created) == ("A Book", "Ann Author", "1913")
        assert [entry.title for entry in facts.outline] == ["One", "Two"]
