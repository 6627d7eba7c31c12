"""``python -m ingestion.parsers``: the killable process that reads one PDF."""

from ingestion.parsers.serving import OpenFile, Opening, serve


def load_pdf(opening: Opening) -> OpenFile:
    """Open a PDF."""
    from ingestion.parsers.pdf import PdfFile  # noqa: PLC0415 - PDFium starts within the limits

    return PdfFile(opening)


if __name__ == "__main__":
    serve(load_pdf)
