"""The reader of each type of file."""

from importlib import import_module

from data.file_errors import PasswordRequired
from ingestion.archives import ENCRYPTED
from ingestion.media_types import DOCX, ENCRYPTED_OFFICE, EPUB, PDF, PPTX, XLSX
from ingestion.parsers.pdf import PdfFile
from ingestion.parsers.serving import OpenFile, Opening
from ingestion.text_kinds import CSV, HTML, MARKDOWN, PLAIN

# Loaded when such a file is opened, with the libraries that it needs.
_MODULES = {
    DOCX: "word",
    PPTX: "slides",
    XLSX: "sheets",
    EPUB: "epub",
    HTML: "hypertext",
    MARKDOWN: "markdown",
    CSV: "delimited",
    PLAIN: "prose",
}


def open_file(opening: Opening) -> OpenFile:
    """Return the file, opened by what reads its type."""
    if opening.media_type == PDF:
        return PdfFile(opening)
    if opening.media_type == ENCRYPTED_OFFICE:
        raise PasswordRequired(ENCRYPTED)
    module = import_module(f"ingestion.parsers.{_MODULES[opening.media_type]}")
    opened: OpenFile = module.open_file(opening)
    return opened
