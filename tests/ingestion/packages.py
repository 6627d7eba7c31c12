"""Packages of Office programs and books, written part by part, also as no program writes them."""

import zipfile
from pathlib import Path

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"

Parts = dict[str, str | bytes]


def zipped(path: Path, parts: Parts) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


def relations(*targets: tuple[str, str]) -> str:
    """Return a part that says what another one refers to: rId1, rId2 and so on."""
    inside = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_RELATIONS}">{inside}</Relationships>'


def package(path: Path, main: str, content_type: str, parts: Parts) -> Path:
    types = (
        f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{main}" ContentType="application/{content_type}+xml"/></Types>'
    )
    return zipped(
        path,
        {
            "[Content_Types].xml": types,
            "_rels/.rels": relations(("officeDocument", main)),
            **parts,
        },
    )


def docx(path: Path, body: str, before: str = "", **parts: str) -> Path:
    """Write a Word document; ``parts`` are more of its parts: footnotes, numbering."""
    more: Parts = {f"word/{name}.xml": content for name, content in parts.items()}
    more["word/_rels/document.xml.rels"] = relations(*((name, f"{name}.xml") for name in parts))
    document = f"{before}<w:document {W}><w:body>{body}</w:body></w:document>"
    kind = "vnd.openxmlformats-officedocument.wordprocessingml.document.main"
    return package(path, "word/document.xml", kind, {"word/document.xml": document, **more})


def epub(path: Path, chapters: dict[str, str], **more: str) -> Path:
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    book = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A Book</dc:title>'
        "<dc:creator>Ann Author</dc:creator><dc:date>1913</dc:date></metadata>"
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    )
    texts: Parts = {f"OEBPS/{name}": text for name, text in chapters.items()}
    names: Parts = {f"META-INF/{name}.xml": text for name, text in more.items()}
    return zipped(
        path,
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "OEBPS/book.opf": book,
            **texts,
            **names,
        },
    )
