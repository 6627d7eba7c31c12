"""The line that is embedded above a chunk: "title > section", no longer than allowed."""

from typing import NamedTuple

from data.contents import TokenStarts
from ingestion.outline import SEPARATOR

# A document has about as many sections; the line of each is measured once.
_KEPT = 4096


class Header(NamedTuple):
    """A header and how many tokens it has."""

    text: str
    tokens: int


class Headers:
    """Make headers; remembers those that it made."""

    def __init__(self, token_starts: TokenStarts, max_tokens: int) -> None:
        self._token_starts = token_starts
        self._max_tokens = max_tokens
        self._made: dict[tuple[str, ...], Header] = {}

    def of(self, title: str, path: tuple[str, ...]) -> Header:
        """Return the header of a section; the outer ones go first when it is too long."""
        key = (title, *path)
        header = self._made.get(key)
        if header is None:
            if len(self._made) >= _KEPT:
                self._made.clear()
            header = self._made[key] = self._make(title, path)
        return header

    def _make(self, title: str, path: tuple[str, ...]) -> Header:
        # Many a document has its title as its first heading.
        names = [title, *(name for name in path if name.casefold() != title.casefold())]
        text, starts = self._measured(names)
        while len(starts) > self._max_tokens and len(names) > 2:
            del names[1]
            text, starts = self._measured(names)
        if len(starts) > self._max_tokens:
            text = text[: starts[self._max_tokens]].rstrip()
        return Header(text, min(len(starts), self._max_tokens))

    def _measured(self, names: list[str]) -> tuple[str, list[int]]:
        text = SEPARATOR.join(name for name in names if name)
        return text, list(self._token_starts(text))
