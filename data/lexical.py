"""Ranked lexical search (BM25) in a tantivy index that follows the catalogue."""

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import tantivy

from data.contents import StoredChunk
from data.errors import LexicalUnavailable

# A new schema gets a new folder, and is filled from the catalogue.
SCHEMA_VERSION = 2
STEMMED = ("title", "section", "text")
# A title or section that names the subject helps; the text decides.
BOOSTS = {"title": 0.6, "section": 0.8, "text": 1.0}
WRITER_BYTES = 64 * 1024 * 1024
WORD = re.compile(r"\w+")


class LexicalIndex:
    """Searches, and says up to which change of the catalogue it has followed."""

    def __init__(self, root: Path) -> None:
        self._folder = root.absolute() / f"v{SCHEMA_VERSION}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(_schema(), path=str(self._folder))
        except (ValueError, OSError) as error:
            raise LexicalUnavailable from error
        self._writer: Any = None

    @classmethod
    def rebuilt(cls, root: Path) -> "LexicalIndex":
        """Open an empty index in place of one that can't be opened."""
        shutil.rmtree(root, ignore_errors=True)
        return cls(root)

    @classmethod
    def newest(cls, root: Path) -> "LexicalIndex":
        """Open or make an index, and remove those of other schemas."""
        index = cls(root)
        for other in root.iterdir():
            if other.name != index.folder.name:
                shutil.rmtree(other, ignore_errors=True)
        return index

    @classmethod
    def existing(cls, root: Path) -> "LexicalIndex":
        """Open an index that somebody else writes; ``LexicalUnavailable`` when there is none."""
        if not (root / f"v{SCHEMA_VERSION}" / "meta.json").exists():
            raise LexicalUnavailable("There is no lexical index here.")
        return cls(root)

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self._folder

    @property
    def sequence(self) -> int:
        """The number of the last change that a search sees."""
        return int(self._state("sequence") or 0)

    @property
    def mark(self) -> str:
        """What tells that change from those of other catalogues; empty: unknown."""
        return str(self._state("mark") or "")

    def _state(self, field: str) -> Any:
        state = tantivy.Query.term_query(self._index.schema, "kind", "state")
        try:
            searcher = self._index.searcher()
            found = searcher.search(state, limit=1).hits
            return searcher.doc(found[0][1]).get_first(field) if found else None
        except (ValueError, OSError) as error:
            raise LexicalUnavailable from error

    def search(
        self,
        workspace: str,
        library_ids: Sequence[str],
        document_ids: Sequence[str],
        query: str,
        limit: int,
    ) -> list[tuple[str, float]]:
        """Return chunk ids with their BM25 scores, best first."""
        # Words only: the query language's operators are not for a question.
        words = " ".join(WORD.findall(query.lower()))
        if not words:
            return []
        schema = self._index.schema
        asked, _errors = self._index.parse_query_lenient(words, list(STEMMED), BOOSTS)
        filters = [
            tantivy.Query.term_query(schema, "workspace", workspace),
            tantivy.Query.term_set_query(schema, "library", list(library_ids)),
        ]
        if document_ids:
            filters.append(tantivy.Query.term_set_query(schema, "document", list(document_ids)))
        must = tantivy.Occur.Must
        scoped = tantivy.Query.boolean_query(
            [(must, asked)] + [(must, tantivy.Query.const_score_query(one, 0.0)) for one in filters]
        )
        try:
            searcher = self._index.searcher()
            hits = searcher.search(scoped, limit=limit).hits
            return [(searcher.doc(place)["chunk"][0], score) for score, place in hits]
        except (ValueError, OSError) as error:
            raise LexicalUnavailable from error

    def revisions(self, prefix: str = "") -> dict[tuple[str, int], int]:
        """Return how many chunks of which versions there are, of documents that begin so."""
        every = tantivy.Query.all_query()
        try:
            found = self._index.searcher().terms_with_prefix("revision", prefix, every)
        except (ValueError, OSError) as error:
            raise LexicalUnavailable from error
        return {(name.rpartition("-")[0], int(name.rpartition("-")[2])): n for name, n in found}

    def count(self, document_id: str, version: int) -> int:
        """Return how many chunks of a version there are."""
        revision = f"{document_id}-{version}"
        mine = tantivy.Query.term_query(self._index.schema, "revision", revision)
        try:
            return int(self._index.searcher().search(mine, limit=1).count)
        except (ValueError, OSError) as error:
            raise LexicalUnavailable from error

    def reload(self) -> None:
        """See what another process of this host has committed."""
        try:
            self._index.reload()
        except (ValueError, OSError) as error:
            raise LexicalUnavailable from error

    def close(self) -> None:
        """Let another process write."""
        self._writer = None

    def apply(
        self,
        removed: Iterable[tuple[str, int]],
        added: Iterable[tuple[str, StoredChunk]],
        sequence: int,
        mark: str = "",
    ) -> None:
        """Remove versions, add chunks with their workspaces, and commit with the sequence.

        Only the process that holds the host's writer lock may call it.
        """
        try:
            if self._writer is None:
                self._writer = self._index.writer(WRITER_BYTES, num_threads=1)
            for document_id, version in removed:
                self._writer.delete_documents_by_term("revision", f"{document_id}-{version}")
            for workspace, chunk in added:
                self._writer.add_document(_document(workspace, chunk))
            # In the same commit as what it stands for: tantivy-py offers no commit payload.
            self._writer.delete_documents_by_term("kind", "state")
            self._writer.add_document(tantivy.Document(kind="state", sequence=sequence, mark=mark))
            self._writer.commit()
            self._index.reload()
        except (ValueError, OSError) as error:
            self._writer = None
            raise LexicalUnavailable from error


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("kind", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("sequence", stored=True)
    builder.add_text_field("mark", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("chunk", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("workspace", "library", "document", "revision"):
        builder.add_text_field(name, stored=False, tokenizer_name="raw", index_option="basic")
    for name in STEMMED:
        builder.add_text_field(name, stored=False, tokenizer_name="en_stem")
    return builder.build()


def _document(workspace: str, chunk: StoredChunk) -> Any:
    return tantivy.Document(
        kind="chunk",
        chunk=chunk.id,
        workspace=workspace,
        library=chunk.library_id,
        document=chunk.document_id,
        revision=f"{chunk.document_id}-{chunk.version}",
        title=chunk.title or chunk.filename,
        section=chunk.section,
        text=chunk.text,
    )
