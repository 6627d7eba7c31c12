"""What the lexical index keeps of a chunk and of a document, and how it cuts words."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import tantivy

from data.contents import StoredChunk

# A title or section that names the subject helps; the text decides.
BOOSTS = {"title": 0.6, "section": 0.8, "text": 1.0}
# The face of a document, by which it is told from others: its names and its first pages.
FACE_PAGES = 2
FACE_CHARACTERS = 6_000
# "1,577", "1.577", "1 577", "1'577" and "1577" are the same figure; a longer run of digits is one.
_FIGURE = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:[,.'’ \u00a0\u202f]\d{3})+|\d{4,18})(?!\d)")


def schema_of_rows() -> Any:
    """Return the fields of the index; another form of them needs a new ``SCHEMA_VERSION``."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("kind", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("sequence", stored=True)
    builder.add_text_field("mark", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("chunk", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("name", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("workspace", "library", "document", "revision"):
        builder.add_text_field(name, stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("figures", stored=False, tokenizer_name="raw", index_option="basic")
    for name in (*BOOSTS, "face"):
        builder.add_text_field(name, stored=False, tokenizer_name="en_stem")
    return builder.build()


def figures_of(text: str) -> list[str]:
    """Return the figures of four digits or more, without what separates their thousands."""
    return [re.sub(r"\D", "", match.group()) for match in _FIGURE.finditer(text)]


def analyzer() -> Any:
    """Return what cuts a query as ``en_stem`` cuts the texts."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for part in (
        tantivy.Filter.remove_long(40),
        tantivy.Filter.lowercase(),
        tantivy.Filter.stemmer("english"),
    ):
        builder = builder.filter(part)
    return builder.build()


def documents_of(added: Iterable[tuple[str, StoredChunk]]) -> Iterator[Any]:
    """Give one document for each chunk, and one for the face of each version."""
    for _, chunks in groupby(added, key=lambda item: (item[1].document_id, item[1].version)):
        face = ""
        for workspace, chunk in chunks:
            if not face:
                face = f"{_words_of_a_name(chunk.filename)}\n{chunk.title or ''}"
            if chunk.page <= FACE_PAGES and len(face) < FACE_CHARACTERS:
                face += f"\n{chunk.text}"
            yield tantivy.Document(
                **_address(workspace, chunk),
                kind="chunk",
                chunk=chunk.id,
                title=chunk.title or chunk.filename,
                section=chunk.section,
                text=chunk.text,
                figures=list(dict.fromkeys(figures_of(chunk.text))),
            )
        yield tantivy.Document(
            **_address(workspace, chunk), kind="document", name=chunk.document_id, face=face
        )


def _address(workspace: str, chunk: StoredChunk) -> dict[str, str]:
    return {
        "workspace": workspace,
        "library": chunk.library_id,
        "document": chunk.document_id,
        "revision": f"{chunk.document_id}-{chunk.version}",
    }


def _words_of_a_name(filename: str) -> str:
    """Return a file's name without the ending it may have; an underscore joins words elsewhere."""
    return (filename.rpartition(".")[0] or filename).replace("_", " ")
