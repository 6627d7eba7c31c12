"""Text as other programs wrote it, as it may stand on a page: a line of it, or some lines.

The same rules as in ingestion/parsers/cleaning.py, for text of which nobody knows the place.
"""

import re
import unicodedata
from functools import cache

import numpy as np

from ingestion.parsers.cleaning import AS_LF, AS_SPACE, DROP, TAGS, treatments

# A hyphen that is seen at line ends only; here nothing ends but where its writer ended it.
_SOFT_HYPHENS = (0xAD, 0xFFFE)


def plain(text: str) -> str:
    """Return text as one line, in composed form, with single spaces and all of it visible."""
    if not (text.isascii() and text.isprintable()):
        text = _invisible().sub("", _blank().sub(" ", text))
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def plain_lines(text: str) -> str:
    """Return text with each of its lines plain; empty ones are left out."""
    if not _line_end().search(text):
        return plain(text)
    return "\n".join(line for part in _line_end().split(text) if (line := plain(part)))


@cache
def _blank() -> re.Pattern[str]:
    return re.compile(_class(np.isin(treatments(), (AS_SPACE, AS_LF))))


@cache
def _line_end() -> re.Pattern[str]:
    return re.compile("\r\n|" + _class(treatments() == AS_LF))


@cache
def _invisible() -> re.Pattern[str]:
    dropped = treatments() == DROP
    dropped[list(_SOFT_HYPHENS)] = True
    beyond = "".join(
        f"{chr(0x10000 * n + 0xFFFE)}{chr(0x10000 * n + 0xFFFF)}" for n in range(1, 17)
    )
    tags = f"{chr(TAGS[0])}-{chr(TAGS[1])}"
    return re.compile(_class(dropped)[:-1] + tags + beyond + "]")


def _class(wanted: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> str:
    """Return the code points as a class of a regular expression."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(np.int8)))
    ranges = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return "[" + "".join(rf"\u{first:04x}-\u{end - 1:04x}" for first, end in ranges) + "]"
