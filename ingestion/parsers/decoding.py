"""Text in whatever encoding it was written."""

import re

from charset_normalizer import from_bytes

from ingestion.text_kinds import marked_encoding

# Enough to tell an encoding by; telling it takes a second for each megabyte.
_SAMPLE = 1 << 16
# Of one in a thousand, the encoding is told and some bytes are damaged.
_DAMAGED = 0.001
_DECLARED = re.compile(
    rb"""(?:<meta[^>]{0,200}?charset\s*=\s*["']?|<\?xml[^>]{0,100}?encoding\s*=\s*["'])([\w.:-]{2,40})""",
    re.IGNORECASE,
)
_WESTERN = "cp1252"


def decoded(data: bytes, *, is_markup: bool = False) -> str:
    """Return bytes as text; what can't be decoded becomes U+FFFD.

    A mark decides, then whether it is UTF-8, then what markup declares, then what is likely.
    """
    marked = marked_encoding(data)
    if marked is not None:
        return data.decode(marked, errors="replace").removeprefix("\ufeff")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace")
    foreign = text.count("\ufffd")
    if foreign <= _DAMAGED * len(text) and foreign < sum(not c.isascii() for c in text[:_SAMPLE]):
        return text
    return data.decode((is_markup and _declared(data)) or _likely(data), errors="replace")


def _declared(data: bytes) -> str | None:
    found = _DECLARED.search(data[:4096])
    if found is None:
        return None
    name = found.group(1).decode("ascii", errors="replace").lower()
    # As browsers do: a text that declares Latin-1 may have the quotes of Windows.
    name = _WESTERN if name in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "utf-8") else name
    try:
        b"".decode(name)
    except LookupError:
        return None
    return name


def _likely(data: bytes) -> str:
    """Return the encoding that makes most sense of the text; Windows' western one in doubt."""
    sample = _telling(data)
    found = list(from_bytes(sample))
    if not found:
        return _WESTERN
    best = found[0]
    names = [name for match in found if match.chaos <= best.chaos for name in
             (match.encoding, *match.could_be_from_charset)]  # fmt: skip
    return _WESTERN if _WESTERN in names or "latin_1" in names else best.encoding


def _telling(data: bytes) -> bytes:
    """Return lines of the text that are not plain ASCII, as many as tell its encoding."""
    lines = [line for line in data[: 16 * _SAMPLE].splitlines() if not line.isascii()]
    return b"\n".join(lines)[:_SAMPLE] or data[:_SAMPLE]
