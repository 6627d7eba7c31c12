"""The sections of a page, and where each stands in the tree of headings."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from data.contents import Heading, Page

SEPARATOR = " > "
_MOST_NAMES = 3


class Section(NamedTuple):
    """A stretch of a page under one heading, which it begins with if that is on this page."""

    start: int
    end: int
    path: tuple[str, ...]


class Outline:
    """A document's headings as a tree; each lies under the last one before it of a lower level."""

    def __init__(self, headings: tuple[Heading, ...]) -> None:
        self.headings = headings
        self._pages = [heading.page for heading in headings]
        self._parents: list[int] = []
        open_ones: list[int] = []
        for index, heading in enumerate(headings):
            while open_ones and headings[open_ones[-1]].level >= heading.level:
                open_ones.pop()
            self._parents.append(open_ones[-1] if open_ones else -1)
            open_ones.append(index)

    def sections(self, page: Page) -> list[Section]:
        """Return the page's sections in order; together they are the whole page.

        Headings with nothing between them begin one section together.
        """
        first = bisect_left(self._pages, page.number)
        last = bisect_right(self._pages, page.number)
        starts = [0]
        paths = [self._path(first - 1)]
        reach = 0
        for index in range(first, last):
            heading = self.headings[index]
            if page.text[reach : heading.start].strip():
                starts.append(heading.start)
                paths.append(())
            paths[-1] = self._path(index)
            reach = heading.end
        ends: Sequence[int] = [*starts[1:], len(page.text)]
        return [Section(*item) for item in zip(starts, ends, paths, strict=True)]

    def _path(self, index: int) -> tuple[str, ...]:
        path: list[str] = []
        while index >= 0:
            path.append(self.headings[index].text)
            index = self._parents[index]
        path.reverse()
        # The outermost and the innermost say most.
        return tuple(path if len(path) <= _MOST_NAMES else [path[0], *path[1 - _MOST_NAMES :]])
