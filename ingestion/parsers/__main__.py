"""``python -m ingestion.parsers``: the killable process that reads one file."""

# Before the limits hold and before any file is named: a spare process waits with PDFium loaded.
from ingestion.parsers.formats import open_file
from ingestion.parsers.serving import serve

if __name__ == "__main__":
    serve(open_file)
