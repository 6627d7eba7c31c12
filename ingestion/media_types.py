"""The types of files that are read, told by their bytes."""

import mmap
from pathlib import Path

from data.errors import UnsupportedFile
from data.file_errors import EmptyFile, PasswordRequired, UnreadableFile
from data.files import translated
from ingestion.archives import Archive
from ingestion.text_kinds import is_binary, marked_encoding, text_kind

PDF = "application/pdf"
_OFFICE = "application/vnd.openxmlformats-officedocument"
DOCX = f"{_OFFICE}.wordprocessingml.document"
PPTX = f"{_OFFICE}.presentationml.presentation"
XLSX = f"{_OFFICE}.spreadsheetml.sheet"
EPUB = "application/epub+zip"
# An Office file with a password: one stream of it is the whole package, encrypted.
ENCRYPTED_OFFICE = "application/x-ole-storage"

# How files that are read are named, for those who look for them in a folder.
SUFFIXES = frozenset(
    ".pdf .docx .docm .pptx .pptm .ppsx .xlsx .xlsm .epub .html .htm .xhtml .md .markdown .csv "
    ".tsv .txt".split()
)

# What readers of PDF accept: the mark may stand behind some foreign bytes.
HEAD_BYTES = 1024
_PDF_MARK = b"%PDF-"
_ZIP_MARK = b"PK\x03\x04"
_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_PIECE = 1 << 20
_TYPES_PART = "[Content_Types].xml"
# Of the main part, in the list of types; with macros, which nobody runs, and as a template too.
_MAIN_PARTS = (
    (DOCX, b"wordprocessingml.document.main", b"wordprocessingml.template.main",
     b"ms-word.document.macroenabled.main", b"ms-word.template.macroenabledtemplate.main"),
    (PPTX, b"presentationml.presentation.main", b"presentationml.slideshow.main",
     b"presentationml.template.main", b"ms-powerpoint.presentation.macroenabled.main",
     b"ms-powerpoint.slideshow.macroenabled.main"),
    (XLSX, b"spreadsheetml.sheet.main", b"spreadsheetml.template.main",
     b"ms-excel.sheet.macroenabled.main", b"ms-excel.template.macroenabled.main"),
)  # fmt: skip
# Names at the start of a package that breaks off.
_PARTS = ((DOCX, b"word/"), (PPTX, b"ppt/"), (XLSX, b"xl/"), (EPUB, b"mimetype" + EPUB.encode()))


def refuse_foreign(head: bytes, filename: str) -> None:
    """Raise ``UnsupportedFile`` when no file that begins so is read, however it goes on."""
    if _PDF_MARK in head[:HEAD_BYTES] or head.startswith((_ZIP_MARK, _OLE_MARK)):
        return
    if is_binary(head):
        raise UnsupportedFile
    text_kind(head, filename)


def media_type_of(path: Path, filename: str) -> str:
    """Return the type of a file; raises ``EmptyFile`` or ``UnsupportedFile``.

    The bytes decide. The name only tells apart what is text either way, and a text that is
    named as something else is refused: it is a login page that was saved as a PDF.
    """
    with translated(), path.open("rb") as file:
        piece = file.read(_PIECE)
        if not piece:
            raise EmptyFile
        if _PDF_MARK in piece[:HEAD_BYTES]:
            return PDF
        if piece.startswith(_OLE_MARK):
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                if content.find(_ENCRYPTED_STREAM) >= 0:
                    return ENCRYPTED_OFFICE
            raise UnsupportedFile("Files of old Office programs are not read. Save it as .docx, "
                                  ".pptx or .xlsx, then upload that.")  # fmt: skip
        if piece.startswith(_ZIP_MARK):
            return _type_of_package(path, piece)
        head, encoding = piece, marked_encoding(piece) or "utf-8"
        while piece:
            if is_binary(piece, encoding):
                raise UnsupportedFile
            piece = file.read(_PIECE)
    return text_kind(head, filename)


def _type_of_package(path: Path, head: bytes) -> str:
    try:
        with Archive(path) as archive:
            if "mimetype" in archive.names:
                said = archive.read("mimetype", 100).strip()
            elif "META-INF/container.xml" in archive.names:
                said = EPUB.encode()
            else:
                said = archive.read(_TYPES_PART, _PIECE).lower()
    except (PasswordRequired, UnreadableFile):
        return _type_by_names(head)
    if said == EPUB.encode():
        return EPUB
    for media_type, *marks in _MAIN_PARTS:
        if any(mark + b"+xml" in said for mark in marks):
            return media_type
    raise UnsupportedFile


def _type_by_names(head: bytes) -> str:
    """Return the type of a package that can't be read: its reader will say why."""
    for media_type, name in _PARTS:
        if name in head:
            return media_type
    raise UnsupportedFile
