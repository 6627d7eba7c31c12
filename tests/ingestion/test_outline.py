"""Where a section stands in the tree of headings."""

from collections.abc import Callable

from data.contents import Heading, Page
from ingestion.outline import Outline

MakePage = Callable[..., Page]


class TestPaths:
    def test_are_cut_to_the_outermost_and_the_two_innermost_names(
        self, make_page: MakePage
    ) -> None:
        names = ["Part", "Chapter", "Section", "Detail"]
        headings = tuple(Heading(1, 0, 0, level, name) for level, name in enumerate(names, 1))

        [section] = Outline(headings).sections(make_page(1, "text"))
        [shorter] = Outline(headings[:3]).sections(make_page(1, "text"))

        assert section.path == ("Part", "Section", "Detail")
        assert shorter.path == ("Part", "Chapter", "Section")
