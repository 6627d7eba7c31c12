"""``python -m ingestion.parsers``: the killable process that reads one PDF."""

# Before the limits hold and before any file is named: a spare process waits with it loaded.
from ingestion.parsers.pdf import PdfFile
from ingestion.parsers.serving import serve

if __name__ == "__main__":
    serve(PdfFile)
