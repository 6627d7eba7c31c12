"""The files that ``footnote add`` is asked to upload."""

from collections.abc import Sequence
from pathlib import Path

from data.errors import Invalid
from ingestion.media_types import SUFFIXES


def collected(paths: Sequence[Path]) -> list[Path]:
    """Return the files, and the documents in the folders, each once and in a stable order.

    Raises ``Invalid`` for a folder without any. A file is taken as it is: what
    can be indexed is for the server to decide, by its bytes.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        inside = _documents(path) if path.is_dir() else [path]
        if not inside:
            raise Invalid(f"There is no file in {path} that can be indexed.")
        for file in inside:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _documents(folder: Path) -> list[Path]:
    every = sorted(folder.rglob("*"))
    return [path for path in every if path.suffix.lower() in SUFFIXES and path.is_file()]
