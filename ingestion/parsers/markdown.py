"""Markdown: rendered to HTML by its own rules, then read as that."""

import re

from markdown_it import MarkdownIt

from ingestion.parsers import hypertext, prose
from ingestion.parsers.decoding import decoded
from ingestion.parsers.leaves import PAGE_CHARACTERS, Leaves, Said, sections
from ingestion.parsers.serving import OpenFile, Opening

# What many programs write over the text: "---", lines of "name: value", "---".
_FRONT = re.compile(r"\A\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FACT = re.compile(r"^(title|author|date)\s*:\s*(.+?)\s*$", re.MULTILINE | re.IGNORECASE)
_LONGEST_FRONT = 10_000
# Lists and quotes in each other, each of which counts once or twice: twenty are soon there.
_DEEPEST = 100


def open_file(opening: Opening) -> OpenFile:
    """Return a Markdown file as pages."""
    text = decoded(opening.path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
    said = Said()
    front = _FRONT.match(text[:_LONGEST_FRONT])
    if front is not None and ":" in front.group(1):
        said, text = _said(front.group(1)), text[front.end() :]
    limit = min(opening.max_page_characters, PAGE_CHARACTERS)
    html = _rendered(text)
    leaves = (
        prose.leaves_of(text, limit)
        if html is None
        else sections(hypertext.read(html).blocks, limit)
    )
    return Leaves(leaves, said, opening.max_pages, opening.max_page_characters)


def _rendered(text: str) -> str | None:
    """Return the text as HTML; None where it is nested so deeply that much would be left out."""
    markdown = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable(["table", "strikethrough"])
    tokens = markdown.parse(text)
    # Whatever follows something deeper, to the end of the file, has no tokens.
    if any(token.level >= _DEEPEST - 1 for token in tokens):
        return None
    return str(markdown.renderer.render(tokens, markdown.options, {}))


def _said(front: str) -> Said:
    facts = {name.casefold(): value.strip("\"'[] ") for name, value in _FACT.findall(front)}
    return Said(facts.get("title"), facts.get("author"), facts.get("date"))
