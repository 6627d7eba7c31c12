"""Markdown: rendered to HTML by its own rules, then read as that."""

import re

from markdown_it import MarkdownIt

from ingestion.parsers import hypertext
from ingestion.parsers.decoding import decoded
from ingestion.parsers.leaves import PAGE_CHARACTERS, Leaves, Said, sections
from ingestion.parsers.serving import OpenFile, Opening

# What many programs write over the text: "---", lines of "name: value", "---".
_FRONT = re.compile(r"\A\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FACT = re.compile(r"^(title|author|date)\s*:\s*(.+?)\s*$", re.MULTILINE | re.IGNORECASE)
_LONGEST_FRONT = 10_000


def open_file(opening: Opening) -> OpenFile:
    """Return a Markdown file as pages."""
    text = decoded(opening.path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
    said = Said()
    front = _FRONT.match(text[:_LONGEST_FRONT])
    if front is not None and ":" in front.group(1):
        said, text = _said(front.group(1)), text[front.end() :]
    # Lists and quotes in each other; deeper ones are left out, and twenty are soon there.
    renderer = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    shown = hypertext.read(renderer.render(text))
    leaves = sections(shown.blocks, min(opening.max_page_characters, PAGE_CHARACTERS))
    return Leaves(leaves, said, opening.max_pages, opening.max_page_characters)


def _said(front: str) -> Said:
    facts = {name.casefold(): value.strip("\"'[] ") for name, value in _FACT.findall(front)}
    return Said(facts.get("title"), facts.get("author"), facts.get("date"))
