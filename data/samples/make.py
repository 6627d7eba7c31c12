"""Make the sample PDFs from the texts beside this script: ``python -m data.samples.make``.

The same text gives the same bytes on every machine: nothing of the date, the host or the
installed fonts goes in, and streams stay uncompressed because zlib's output differs by build.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path

from reportlab.lib.colors import HexColor, white
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer, Table, TableStyle

from data.samples.look import Look
from data.samples.sheet import Sheet

HERE = Path(__file__).parent
SOFT_HYPHEN = "\N{SOFT HYPHEN}"


def hyphenation() -> dict[str, str]:
    """Return the words that may be broken, each with soft hyphens at its syllables."""
    words = (HERE / "hyphens.txt").read_text(encoding="utf-8").split()
    return {word.replace("-", ""): word.replace("-", SOFT_HYPHEN) for word in words}


def hyphenated(text: str, breaks: dict[str, str]) -> str:
    """Return ``text`` as reportlab markup, with soft hyphens in the words that may be broken."""

    def broken(match: re.Match[str]) -> str:
        word = match[0]
        shape = breaks.get(word.lower(), word)
        return word[0] + shape[1:]

    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"[A-Za-z]+", broken, escaped)


def table_of(lines: list[str], look: Look) -> Table:
    """Return the table written with bars; columns of figures are set to the right."""
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    head, figures = rows[0], rows[2:]
    numeric = [
        all(re.fullmatch(r"[-+]?[\d,.]+( %)?", row[i]) for row in figures) for i in range(len(head))
    ]
    longest = [max(len(row[i]) for row in [head, *figures]) for i in range(len(head))]
    shares = [min(max(count, 11), 34) for count in longest]
    room = look.paper[0] - 2 * look.margin
    right = {
        style.name: ParagraphStyle(f"{style.name}-right", parent=style, alignment=2)
        for style in (look.cell, look.header_cell)
    }

    def cells(row: list[str], style: ParagraphStyle) -> list[Paragraph]:
        return [
            Paragraph(hyphenated(text, {}), right[style.name] if numeric[i] else style)
            for i, text in enumerate(row)
        ]

    table = Table(
        [cells(head, look.header_cell), *(cells(row, look.cell) for row in figures)],
        colWidths=[room * share / sum(shares) for share in shares],
        repeatRows=1,
        spaceAfter=look.body.fontSize,
    )
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), look.accent),
                ("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, HexColor("#f1f3f5")]),
                ("LINEBELOW", (0, -1), (-1, -1), 0.75, look.accent),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("TOPPADDING", (0, 0), (-1, -1), 2.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
            ]
        )
    )
    return table


def flowables(body: str, look: Look) -> Iterator[Flowable]:
    """Yield what stands on the pages, in order."""
    breaks = hyphenation()
    for block in re.split(r"\n\n+", body.strip()):
        lines = block.splitlines()
        if mark := re.match(r"(#{1,2}) (.+)", block):
            yield Paragraph(hyphenated(mark[2], {}), look.headings[len(mark[1]) - 1])
        elif block.startswith("Table "):
            caption = Paragraph(hyphenated(lines[0], {}), look.caption)
            yield KeepTogether([caption, table_of(lines[1:], look)])
        elif block.startswith("- "):
            for line in lines:
                text = hyphenated(line.removeprefix("- "), breaks)
                yield Paragraph(text, look.bullet, bulletText="•")
        else:
            yield Paragraph(hyphenated(block, breaks), look.body)


def build(source: Path) -> bytes:
    """Return the PDF of the text ``source``."""
    front, _, body = source.read_text(encoding="utf-8").partition("\n---\n")
    facts = dict(line.split(": ", 1) for line in front.splitlines())
    look = Look.of(facts)
    target = io.BytesIO()
    Sheet(target, facts, look).build(
        [
            Spacer(1, 10 * mm),
            Paragraph(facts["title"], look.title),
            Paragraph(facts["subtitle"], look.subtitle),
            *flowables(body, look),
        ]
    )
    return target.getvalue()


def sources() -> list[Path]:
    """Return the texts, in the order of their names."""
    return sorted(HERE.glob("*.md"))


def main() -> None:
    """Write every PDF beside its text."""
    for source in sources():
        target = source.with_suffix(".pdf")
        target.write_bytes(build(source))
        print(f"{target.name}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
