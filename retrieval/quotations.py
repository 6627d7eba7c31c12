"""Words in quotation marks, and whether a text holds them."""

import re
from collections.abc import Iterator

from retrieval.spelling import UNSPACED

_DOUBLE = re.compile(r'"([^"]{1,2000})"')
_SINGLE = re.compile(r"(?<!\w)'((?:[^'\"]|(?<=\w)'(?=\w)){3,2000})'(?!\w)")
_OPENED = re.compile(r'(?:^|(?<=[\s(\[:]))"(?=\w)([^"]{2,2000})$')
_CLOSED = re.compile(r'^([^"]{2,2000})(?<=[\w.,!?])"(?!\w)')
_LEFT_OUT = re.compile(r"[\[(]?\s?\.{3,}\s?[\])]?|\[[^\[\]]{0,80}\]")
_MARKS = re.compile(r"\"|(?<!\w)'|'(?!\w)")
_INSIDE_A_WORD = re.compile(rf"[^\W{UNSPACED}]")


def quotations_of(text: str) -> Iterator[str]:
    """Yield what stands in quotation marks; half a pair quotes all of its side."""
    text = text.replace("\n", " ")
    for found in (*_DOUBLE.finditer(text), *_SINGLE.finditer(text)):
        yield found[1]
    if text.count('"') % 2:
        half = _DOUBLE.sub(" ", text)
        for found in (*_OPENED.finditer(half), *_CLOSED.finditer(half)):
            yield found[1]


class Wording:
    """The words of a normalised text, to look quotations up in."""

    def __init__(self, text: str) -> None:
        # A hyphen at the end of a line may belong to the word or not.
        joined = re.sub(r"(?<=\w)-\n(?=\w)", "", text)
        self._forms = (_plain(text), _plain(joined)) if joined != text else (_plain(text),)

    def holds(self, quoted: str) -> bool:
        """Whether quoted words occur, in order where some are left out as "..."."""
        parts = [_plain(part).strip(" .,;:!?-") for part in _LEFT_OUT.split(quoted)]
        return any(_is_in(form, [part for part in parts if part]) for form in self._forms)


def _plain(text: str) -> str:
    """Return a text without the quotation marks inside it, all on one line."""
    text = re.sub(r"\s?-\s?", "-", _MARKS.sub("", text))
    return " ".join(text.split())


def _is_in(text: str, parts: list[str]) -> bool:
    start = 0
    for part in parts:
        start = _end_of(text, part, start)
        if start < 0:
            return False
    return True


def _end_of(text: str, part: str, start: int) -> int:
    """Return where the words end in the text, -1 when they do not stand there as words."""
    while (found := text.find(part, start)) >= 0:
        end = found + len(part)
        cut_before = found and _joins(text[found - 1], part[0])
        if not cut_before and not (end < len(text) and _joins(part[-1], text[end])):
            return end
        start = found + 1
    return -1


def _joins(left: str, right: str) -> bool:
    """Whether two characters are of one word."""
    return bool(_INSIDE_A_WORD.match(left) and _INSIDE_A_WORD.match(right))
