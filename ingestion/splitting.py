"""Pieces that are longer than a chunk: cut at line ends, then wherever a line allows it."""

from collections.abc import Callable, Iterator

Span = tuple[int, int]
# A range of the text to how much of a chunk it takes.
Measure = Callable[[int, int], int]

# From the best place to the worst; at last anywhere.
_SEPARATORS = [". ", "; ", ": ", ", ", " | ", " ", "。", "；", "，", "、", ""]


def split(text: str, start: int, end: int, measure: Measure, limit: int) -> Iterator[Span]:
    """Yield ranges that are within the limit each and cover all but white space."""
    run: Span | None = None
    at = start
    while at < end:
        stop = text.find("\n", at, end)
        line = (at, end if stop < 0 else stop)
        at = line[1] + 1
        if not text[line[0] : line[1]].strip():
            continue
        if run is not None and measure(run[0], line[1]) <= limit:
            run = (run[0], line[1])
            continue
        if run is not None:
            yield run
            run = None
        if measure(*line) <= limit:
            run = line
        else:
            yield from _split_line(text, *line, measure, limit)
    if run is not None:
        yield run


def _split_line(text: str, start: int, end: int, measure: Measure, limit: int) -> Iterator[Span]:
    """Yield parts of a line that are within the limit.

    LangChain's splitter is given characters to count, which is fast and only about right: a part
    that is still too long is split again.
    """
    from langchain_text_splitters import (  # noqa: PLC0415 - 0.3 s, and few documents need it
        RecursiveCharacterTextSplitter,
    )

    whole = measure(start, end)
    size = max(1, (end - start) * limit // (whole + 1))
    splitter = RecursiveCharacterTextSplitter(
        _SEPARATORS, keep_separator="end", chunk_size=size, chunk_overlap=0, length_function=len
    )
    at = start
    for part in splitter.split_text(text[start:end]):
        # The parts are the line's own, in order, without the white space between them.
        first = text.index(part, at, end)
        at = first + len(part)
        if measure(first, at) <= limit or len(part) == 1:
            yield first, at
        else:
            yield from _split_line(text, first, at, measure, limit)
