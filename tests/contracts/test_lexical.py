"""The lexical index follows the catalogue, whoever writes it and whatever happens to it."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from data.catalogue import Catalogue
from data.errors import LexicalUnavailable
from data.lexical import LexicalIndex, LexicalQuery, LexicalScope
from data.lexical_follower import FAR, LexicalFollower
from data.records import Change
from data.stores import Stores
from tests.contracts.corpus import Corpus

# The index reads the catalogue through the same calls on both databases.
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
LONG = 20.0
QUESTIONS = (
    *("", "?!", "\0", "AND OR NOT", '"', "text:", "workspace:x OR *:*", "one^", "[a TO", "-one"),
    *("(" * 500, "x" * 8000, "one " * 2000, "kind:state", "\u202e\ud800", "*", "a~9"),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "lexical"


@pytest.fixture
def follow(stores: Stores, root: Path) -> Iterator[Callable[[], LexicalFollower]]:
    """Starts a follower, as an API process does; stops it at the end of the test."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(
            LexicalFollower(root, stores.catalogue, stores.visibility)
        )


class Search:
    """Searches one follower's index up to the catalogue's last change."""

    def __init__(self, stores: Stores, workspace: str) -> None:
        self._stores = stores
        self._workspace = workspace

    def __call__(
        self, follower: LexicalFollower, query: str, workspace: str = "", **filters: list[str]
    ) -> list[str]:
        deadline = time.monotonic() + LONG
        while not follower.wait_for(self._stores.catalogue.sequence(), LONG):
            assert time.monotonic() < deadline
        libraries = filters.get("libraries", [one.id for one in self._stores.libraries.every()])
        scope = LexicalScope(workspace or self._workspace, libraries, filters.get("documents", []))
        hits = follower.index.search(scope, LexicalQuery(query), 10)
        return [chunk for chunk, _ in hits]


@pytest.fixture
def search(stores: Stores, workspace: str) -> Search:
    return Search(stores, workspace)


class TestASearch:
    def test_finds_words_in_their_forms_best_first(
        self, corpus: Corpus, follow: Callable[[], LexicalFollower], search: Search
    ) -> None:
        texts = ("The lighthouse keeper counts ships.", "A ship.", "Nothing of the kind.")
        document_id = corpus.ready(*texts).document.id

        assert search(follow(), "SHIP?") == [f"{document_id}-1-1", f"{document_id}-1-0"]

    def test_finds_the_words_of_titles_and_sections(
        self, corpus: Corpus, follow: Callable[[], LexicalFollower], search: Search
    ) -> None:
        document_id = corpus.ready("one", title="Bicycle manual").document.id
        follower = follow()

        assert search(follower, "bicycles") == [f"{document_id}-1-0"]
        assert search(follower, "section") == [f"{document_id}-1-0"]

    def test_prefers_phrases_that_stand_as_they_were_asked_for(
        self, corpus: Corpus, follow: Callable[[], LexicalFollower], stores: Stores, search: Search
    ) -> None:
        texts = ("The 577 ships of 1 fleet, and 1 more.", "It paid 1,577 for the fleet of ships.")
        document_id = corpus.ready(*texts).document.id
        follower = follow()
        search(follower, "fleet")
        scope = LexicalScope(corpus.workspace, [one.id for one in stores.libraries.every()])

        hits = follower.index.search(scope, LexicalQuery("1,577", ("1,577",)), 10)

        assert [chunk for chunk, _ in hits] == [f"{document_id}-1-1", f"{document_id}-1-0"]

    @pytest.mark.parametrize("figure", ["1,577", "1577", "1.577", "1 577"])
    def test_finds_figures_however_their_thousands_are_set_apart(
        self, corpus: Corpus, follow: Callable[[], LexicalFollower], search: Search, figure: str
    ) -> None:
        texts = ("It paid (1,577) for ships.", "It paid 15,770 for sails.")
        document_id = corpus.ready(*texts).document.id

        assert search(follow(), f"Who got {figure}?")[0] == f"{document_id}-1-0"

    def test_tells_documents_by_their_names_and_first_pages(
        self, corpus: Corpus, follow: Callable[[], LexicalFollower], stores: Stores, search: Search
    ) -> None:
        named = corpus.ready("Annual report of Whaler Inc.", "Ships.", "Sails.").document.id
        corpus.ready("Of gulls.", "Of crows.", "Whaler Inc. is named on the third page.")
        follower = follow()
        search(follower, "ships")
        scope = LexicalScope(corpus.workspace, [one.id for one in stores.libraries.every()])

        found = follower.index.documents(scope, LexicalQuery("What did Whaler sell?"), 10)

        assert [document_id for document_id, _ in found] == [named]

    @pytest.mark.parametrize(
        "question",
        QUESTIONS,
        ids=range(len(QUESTIONS)),
    )
    def test_takes_a_question_for_words_and_nothing_else(
        self,
        corpus: Corpus,
        follow: Callable[[], LexicalFollower],
        search: Search,
        question: str,
    ) -> None:
        document_id = corpus.ready("one").document.id

        assert search(follow(), question) in ([], [f"{document_id}-1-0"])

    def test_stays_in_its_workspace_its_libraries_and_its_documents(
        self,
        corpus: Corpus,
        stores: Stores,
        workspace: str,
        new_workspace: Callable[[], str],
        follow: Callable[[], LexicalFollower],
        search: Search,
    ) -> None:
        laws = stores.libraries.create(workspace, "laws")
        other = new_workspace()
        first = corpus.ready("whale").document
        second = corpus.ready("whale", library="laws").document
        theirs = corpus.ready("whale", workspace=other).document
        follower = follow()

        def found(workspace: str = "", **filters: list[str]) -> set[str]:
            return {one[:-4] for one in search(follower, "whale", workspace, **filters)}

        assert found() == {first.id, second.id}
        assert found(other) == {theirs.id}
        assert found(libraries=[laws.id]) == {second.id}
        assert found(documents=[first.id]) == {first.id}
        assert found(libraries=[laws.id], documents=[first.id]) == set()
        assert found(documents=[theirs.id]) == set()
        assert found(libraries=[]) == set()


class TestAFollower:
    def test_sees_what_is_published_and_no_longer_what_is_deleted(
        self,
        corpus: Corpus,
        stores: Stores,
        workspace: str,
        follow: Callable[[], LexicalFollower],
        search: Search,
    ) -> None:
        follower = follow()
        gone = corpus.ready("whale").document.id
        kept = corpus.ready("whale").document.id
        assert len(search(follower, "whale")) == 2

        stores.catalogue.delete_document(workspace, gone)

        assert search(follower, "whale") == [f"{kept}-1-0"]

    def test_sees_what_the_other_one_of_the_host_writes(
        self, corpus: Corpus, follow: Callable[[], LexicalFollower], search: Search
    ) -> None:
        first, second = follow(), follow()
        document_id = corpus.ready("whale").document.id

        assert search(first, "whale") == search(second, "whale") == [f"{document_id}-1-0"]

    def test_writes_on_when_the_writer_is_gone(
        self,
        corpus: Corpus,
        stores: Stores,
        root: Path,
        follow: Callable[[], LexicalFollower],
        search: Search,
    ) -> None:
        with LexicalFollower(root, stores.catalogue, stores.visibility) as writer:
            corpus.ready("whale")
            assert search(writer, "whale")
            reader = follow()
            assert search(reader, "whale")

        document_id = corpus.ready("dolphin").document.id

        assert search(reader, "dolphin") == [f"{document_id}-1-0"]

    def test_takes_up_where_the_last_one_stopped(
        self, corpus: Corpus, stores: Stores, root: Path, search: Search
    ) -> None:
        for words in ("whale", "dolphin"):
            corpus.ready(words)
            with LexicalFollower(root, stores.catalogue, stores.visibility) as follower:
                assert search(follower, words)
                assert search(follower, "whale")

    @pytest.mark.parametrize("damage", ["meta", "segments", "garbage", "everything"])
    def test_rebuilds_a_damaged_index(
        self,
        corpus: Corpus,
        stores: Stores,
        root: Path,
        follow: Callable[[], LexicalFollower],
        search: Search,
        damage: str,
    ) -> None:
        corpus.ready("whale")
        with LexicalFollower(root, stores.catalogue, stores.visibility) as follower:
            assert search(follower, "whale")
        for path in (root / "index").rglob("*"):
            if path.is_file() and (path.name == "meta.json") == (damage == "meta"):
                if damage == "garbage":
                    path.write_bytes(b"garbage")
                elif damage != "everything":
                    path.unlink() if damage == "segments" else path.write_text("{")
        if damage == "everything":
            shutil.rmtree(root)

        assert search(follow(), "whale")

    def test_rebuilds_an_index_of_another_catalogue(
        self,
        corpus: Corpus,
        stores: Stores,
        root: Path,
        follow: Callable[[], LexicalFollower],
        search: Search,
    ) -> None:
        with LexicalFollower(root, stores.catalogue, stores.visibility) as follower:
            corpus.ready("whale")
            assert search(follower, "whale")
            follower.index.apply([], [], 1000)

        corpus.ready("dolphin")

        assert search(follow(), "dolphin")

    def test_rebuilds_an_index_of_another_catalogue_that_has_fewer_changes(
        self,
        corpus: Corpus,
        stores: Stores,
        root: Path,
        follow: Callable[[], LexicalFollower],
        search: Search,
    ) -> None:
        corpus.ready("whale")
        LexicalIndex(root / "index").apply([], [], 1, "doc-elsewhere-1-1")

        assert search(follow(), "whale")

    @pytest.mark.parametrize("folder", [".", "index", "index/v4"])
    def test_rebuilds_what_is_deleted_while_it_runs(
        self,
        corpus: Corpus,
        root: Path,
        follow: Callable[[], LexicalFollower],
        search: Search,
        folder: str,
    ) -> None:
        first, second = follow(), follow()
        document_id = corpus.ready("whale").document.id
        assert search(first, "whale") == search(second, "whale")

        shutil.rmtree(root / folder)

        for follower in (first, second):
            settle(partial(finds, search, follower, f"{document_id}-1-0"))
        corpus.ready("dolphin")
        assert len(search(first, "dolphin")) == len(search(second, "dolphin")) == 1
        assert (root / "index" / "v4" / "meta.json").exists()
        assert not first.is_rebuilding
        assert not second.is_rebuilding

    def test_says_that_it_is_being_rebuilt_until_it_is(
        self, corpus: Corpus, stores: Stores, root: Path, workspace: str
    ) -> None:
        for _ in range(FAR // 2 + 1):
            gone = corpus.ready("whale").document.id
            stores.catalogue.delete_document(workspace, gone)
            corpus.finish()
        gate = threading.Event()
        catalogue = Slow(stores.catalogue, gate)

        with LexicalFollower(root, catalogue, stores.visibility) as follower:
            settle(lambda: follower.is_open)
            assert follower.is_rebuilding
            gate.set()
            assert follower.wait_for(stores.catalogue.sequence(), LONG)
            assert not follower.is_rebuilding

    def test_removes_the_index_of_an_older_schema(
        self, root: Path, follow: Callable[[], LexicalFollower]
    ) -> None:
        (root / "index" / "v1").mkdir(parents=True)
        follower = follow()

        settle(lambda: follower.is_open)

        assert [path.name for path in (root / "index").iterdir()] == ["v4"]

    def test_says_that_it_is_not_there_yet(self, stores: Stores, root: Path) -> None:
        follower = LexicalFollower(root, stores.catalogue, stores.visibility)

        with pytest.raises(LexicalUnavailable):
            _ = follower.index
        assert not follower.wait_for(1, 0.01)


class Slow(Catalogue):
    """The same catalogue, whose changes come when the gate is open."""

    def __init__(self, catalogue: Catalogue, gate: threading.Event) -> None:
        super().__init__(catalogue._database)
        self._gate = gate

    def changes_after(self, sequence: int, limit: int) -> tuple[Change, ...]:
        if sequence >= 0:
            self._gate.wait(LONG)
        return super().changes_after(sequence, limit)


def finds(search: Search, follower: LexicalFollower, chunk: str) -> bool:
    """Return whether the whale is found; until the index is there again that may not be."""
    try:
        return search(follower, "whale") == [chunk]
    except LexicalUnavailable:
        return False


def settle(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + LONG
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
