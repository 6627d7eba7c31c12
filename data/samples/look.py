"""How a sample document looks: paper, type and colour."""

from dataclasses import dataclass

from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.pagesizes import A4, A5, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm

PAPERS = {"A4": A4, "A5": A5, "letter": LETTER}
FACES = {
    "Times": ("Times-Roman", "Times-Bold", "Times-Italic"),
    "Helvetica": ("Helvetica", "Helvetica-Bold", "Helvetica-Oblique"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """The styles of one document, from its paper, face and accent colour."""

    paper: tuple[float, float]
    margin: float
    accent: Color
    body: ParagraphStyle
    title: ParagraphStyle
    subtitle: ParagraphStyle
    headings: tuple[ParagraphStyle, ParagraphStyle]
    bullet: ParagraphStyle
    caption: ParagraphStyle
    cell: ParagraphStyle
    header_cell: ParagraphStyle

    @classmethod
    def of(cls, facts: dict[str, str]) -> "Look":
        """Return the look that a document's front matter asks for."""
        regular, bold, italic = FACES[facts["face"]]
        paper = PAPERS[facts["paper"]]
        small = paper == A5
        size = 9.5 if small else 11.5
        accent = HexColor(facts["accent"])
        body = ParagraphStyle(
            "body",
            fontName=regular,
            fontSize=size,
            leading=size * 1.38,
            alignment=TA_JUSTIFY,
            spaceAfter=size * 0.6,
            allowWidows=0,
            allowOrphans=0,
        )

        def heading(name: str, scale: float) -> ParagraphStyle:
            return ParagraphStyle(
                name,
                fontName=bold,
                fontSize=size * scale,
                leading=size * scale * 1.2,
                textColor=accent,
                spaceBefore=size * scale * 0.7,
                spaceAfter=size * 0.45,
                keepWithNext=1,
            )

        cell = ParagraphStyle("cell", fontName=regular, fontSize=size * 0.86, leading=size * 1.1)
        return cls(
            paper=paper,
            margin=(16 if small else 24) * mm,
            accent=accent,
            body=body,
            title=heading("title", 2.3),
            subtitle=ParagraphStyle(
                "subtitle",
                fontName=italic,
                fontSize=size * 1.25,
                leading=size * 1.6,
                spaceAfter=size * 1.8,
            ),
            headings=(heading("h1", 1.6), heading("h2", 1.2)),
            bullet=ParagraphStyle("bullet", parent=body, leftIndent=size * 1.4, bulletIndent=2),
            caption=ParagraphStyle(
                "caption",
                fontName=italic,
                fontSize=size * 0.9,
                leading=size * 1.2,
                spaceBefore=size * 0.4,
                spaceAfter=size * 0.4,
                keepWithNext=1,
            ),
            cell=cell,
            header_cell=ParagraphStyle("header", parent=cell, fontName=bold, textColor=white),
        )
