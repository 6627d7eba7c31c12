"""Ranked lexical search (BM25) in a tantivy index that follows the catalogue."""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tantivy

from data.contents import StoredChunk
from data.errors import LexicalUnavailable
from data.lexical_schema import BOOSTS, analyzer, documents_of, figures_of, schema_of_rows

# A new schema gets a new folder, and is filled from the catalogue.
SCHEMA_VERSION = 4
# Words that follow each other as they were asked for, beside what each of them counts.
PHRASE_BOOST = 0.5
WRITER_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """Text to look for word by word, and parts of it to be found as they stand."""

    text: str
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LexicalScope:
    """Where to look; no document ids mean every document."""

    workspace: str
    library_ids: Sequence[str]
    document_ids: Sequence[str] = ()


class LexicalIndex:
    """Searches, and says up to which change of the catalogue it has followed."""

    def __init__(self, root: Path) -> None:
        self._folder = root.absolute() / f"v{SCHEMA_VERSION}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(schema_of_rows(), path=str(self._folder))
        except (ValueError, OSError) as error:
            raise LexicalUnavailable from error
        self._analyzer = analyzer()
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
        self, scope: LexicalScope, query: LexicalQuery, limit: int
    ) -> list[tuple[str, float]]:
        """Return chunk ids with their BM25 scores, best first."""
        wanted = [
            tantivy.Query.boost_query(self._words(query.text, field), boost)
            for field, boost in BOOSTS.items()
        ]
        wanted.append(self._any_of("figures", figures_of(query.text)))
        wanted += [
            tantivy.Query.boost_query(self._phrase(terms), PHRASE_BOOST)
            for phrase in query.phrases
            if len(terms := self._terms(phrase)) > 1
        ]
        return self._best(scope, "chunk", wanted, "chunk", limit)

    def documents(
        self, scope: LexicalScope, query: LexicalQuery, limit: int
    ) -> list[tuple[str, float]]:
        """Return the ids of documents whose face has words of the query, with scores."""
        return self._best(scope, "document", [self._words(query.text, "face")], "name", limit)

    def _terms(self, text: str) -> list[str]:
        """Return the words of a text as the index keeps them: stemmed, without punctuation."""
        # Half of a character, which JSON can say, is none.
        return [str(term) for term in self._analyzer.analyze(text.encode(errors="ignore").decode())]

    def _words(self, text: str, field: str) -> Any:
        return self._any_of(field, self._terms(text))

    def _any_of(self, field: str, words: Iterable[str]) -> Any:
        terms = dict.fromkeys(words)
        return tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Should, tantivy.Query.term_query(self._index.schema, field, term))
                for term in terms
            ]
        )

    def _phrase(self, terms: list[str]) -> Any:
        return tantivy.Query.phrase_query(self._index.schema, "text", list(terms))

    def _best(
        self, scope: LexicalScope, kind: str, wanted: list[Any], field: str, limit: int
    ) -> list[tuple[str, float]]:
        schema = self._index.schema
        filters = [
            tantivy.Query.term_query(schema, "kind", kind),
            tantivy.Query.term_query(schema, "workspace", scope.workspace),
            tantivy.Query.term_set_query(schema, "library", list(scope.library_ids)),
        ]
        if scope.document_ids:
            documents = tantivy.Query.term_set_query(schema, "document", list(scope.document_ids))
            filters.append(documents)
        must, should = tantivy.Occur.Must, tantivy.Occur.Should
        asked = tantivy.Query.boolean_query([(should, one) for one in wanted])
        scoped = tantivy.Query.boolean_query(
            [(must, asked)] + [(must, tantivy.Query.const_score_query(one, 0.0)) for one in filters]
        )
        try:
            searcher = self._index.searcher()
            hits = searcher.search(scoped, limit=limit).hits
            return [(searcher.doc(place)[field][0], score) for score, place in hits]
        except (ValueError, OSError) as error:
            raise LexicalUnavailable from error

    def revisions(self, prefix: str = "") -> dict[tuple[str, int], int]:
        """Return how many chunks of which versions there are, of documents that begin so."""
        chunks = tantivy.Query.term_query(self._index.schema, "kind", "chunk")
        try:
            found = self._index.searcher().terms_with_prefix("revision", prefix, chunks)
        except (ValueError, OSError) as error:
            raise LexicalUnavailable from error
        return {(name.rpartition("-")[0], int(name.rpartition("-")[2])): n for name, n in found}

    def count(self, document_id: str, version: int) -> int:
        """Return how many chunks of a version there are."""
        revision = f"{document_id}-{version}"
        must, schema = tantivy.Occur.Must, self._index.schema
        mine = tantivy.Query.boolean_query(
            [
                (must, tantivy.Query.term_query(schema, "kind", "chunk")),
                (must, tantivy.Query.term_query(schema, "revision", revision)),
            ]
        )
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

        The chunks of a version come together, the first page's first.

        Only the process that holds the host's writer lock may call it.
        """
        try:
            if self._writer is None:
                self._writer = self._index.writer(WRITER_BYTES, num_threads=1)
            for document_id, version in removed:
                self._writer.delete_documents_by_term("revision", f"{document_id}-{version}")
            for document in documents_of(added):
                self._writer.add_document(document)
            # In the same commit as what it stands for: tantivy-py offers no commit payload.
            self._writer.delete_documents_by_term("kind", "state")
            self._writer.add_document(tantivy.Document(kind="state", sequence=sequence, mark=mark))
            self._writer.commit()
            self._index.reload()
        except (ValueError, OSError) as error:
            self._writer = None
            raise LexicalUnavailable from error
