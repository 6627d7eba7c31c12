"""Transactions, and what becomes of the driver's errors."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from data.database import Database, clock
from data.errors import (
    CatalogueUnavailable,
    CommitUncertain,
    Invalid,
    LibraryNotFound,
    StorageFull,
    VersionGone,
)
from data.settings import DatabaseSettings, Settings
from data.stores import Stores
from data.tables import workers
from tests.contracts.corpus import Corpus, Together

Reopen = Callable[..., AbstractContextManager[Stores]]
# What makes each of them say that the disk is full, in two steps.
DISK_FULL = {
    "sqlite": (
        "PRAGMA max_page_count = 1",
        "INSERT INTO workers (id, seen_at, started_at) VALUES (hex(zeroblob(1000000)), 1, 1)",
    ),
    "postgresql": (
        "SELECT 1",
        "DO $$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$",
    ),
}


def execute(stores: Stores, *statements: str) -> None:
    """Do all of it in one transaction."""
    with stores.database.write() as connection:
        for statement in statements:
            connection.execute(text(statement))


class TestTransactions:
    def test_are_undone_as_a_whole_when_something_is_raised(self, stores: Stores) -> None:
        with pytest.raises(IntegrityError):
            execute(
                stores,
                *["INSERT INTO workers (id, seen_at, started_at) VALUES ('twice', 1, 1)"] * 2,
            )

        assert stores.presence.seconds_since_seen() == {}

    def test_that_read_have_one_view_from_beginning_to_end(self, stores: Stores) -> None:
        with stores.database.read() as connection:
            before = connection.execute(select(workers)).all()
            stores.presence.beat("came meanwhile")
            after = connection.execute(select(workers)).all()

        assert before == after == []

    @pytest.mark.parametrize("at_its_end", [True, False])
    def test_that_break_off_say_whether_they_may_have_happened(
        self, stores: Stores, backend: str, *, at_its_end: bool
    ) -> None:
        if backend == "sqlite":
            pytest.skip("its commit is a call of a library: there is no connection to break")

        def break_off() -> None:
            with stores.database.write() as connection:
                own = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
                with stores.database.engine.connect() as other:
                    other.execute(text(f"SELECT pg_terminate_backend({own}, 10000)"))
                if not at_its_end:
                    connection.execute(text("SELECT 1"))

        with pytest.raises(CatalogueUnavailable) as broken:
            break_off()

        assert isinstance(broken.value, CommitUncertain) is at_its_end
        stores.presence.beat("the next transaction")

    def test_of_many_writers_all_succeed(self, stores: Stores, together: Together) -> None:
        def write(name: int) -> None:
            for number in range(100):
                stores.presence.beat(f"{name} {number % 7}")

        results = together(*[lambda name=name: write(name) for name in range(4)])

        assert results == [None] * 4
        assert len(stores.presence.seconds_since_seen()) == 28

    def test_of_many_writers_who_read_first_all_succeed(
        self, corpus: Corpus, together: Together
    ) -> None:
        def upload() -> None:
            for _ in range(25):
                corpus.upload()

        assert together(*[upload] * 4) == [None] * 4

    def test_tell_the_time_of_the_database(self, stores: Stores) -> None:
        with stores.database.read() as connection:
            now, later = (connection.execute(select(clock())).scalar_one() for _ in range(2))

        assert 1.7e9 < now <= later < 4e9


class TestErrors:
    def test_hide_what_people_uploaded(self, stores: Stores) -> None:
        row = {"id": "private words", "seen_at": 1, "started_at": 1}

        with pytest.raises(IntegrityError) as caught, stores.database.write() as connection:
            connection.execute(insert(workers).values(**{**row, "seen_at": None}))

        assert "private words" not in str(caught.value).partition("DETAIL")[0]

    def test_say_that_a_value_can_not_be_stored(self, stores: Stores, workspace: str) -> None:
        with pytest.raises(Invalid):
            stores.libraries.named(workspace, ("half \ud800 of a pair",))

    def test_say_that_nothing_has_a_number_beyond_all_bounds(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.ready("one").document.id

        with pytest.raises((Invalid, VersionGone)):
            stores.documents.page(workspace, document_id, 2**70, 1)

    def test_say_that_nul_is_in_no_name(self, stores: Stores, workspace: str) -> None:
        with pytest.raises((Invalid, LibraryNotFound)):
            stores.libraries.named(workspace, ("a\0b",))

    def test_say_that_nothing_can_be_reached(self, backend: str) -> None:
        url = {
            "sqlite": "sqlite:////nowhere/at/all/catalogue.db",
            "postgresql": "postgresql+psycopg://postgres@/none?host=/nowhere/at/all",
        }[backend]
        database = Database(url, DatabaseSettings())

        with pytest.raises(CatalogueUnavailable):
            database.check()

    def test_say_that_every_connection_is_taken(self, reopen: Reopen, settings: Settings) -> None:
        narrow = settings.database.model_copy(update={"pool_size": 1, "busy_seconds": 0.05})
        with reopen(database=narrow) as stores, ExitStack() as taken:
            for _ in range(2):
                taken.enter_context(stores.database.read())

            with pytest.raises(CatalogueUnavailable):
                stores.database.check()

    def test_say_that_another_one_holds_what_is_to_be_written(
        self, stores: Stores, reopen: Reopen, settings: Settings
    ) -> None:
        impatient = settings.database.model_copy(update={"busy_seconds": 0.05})
        stores.presence.beat("held")
        with reopen(database=impatient) as others, stores.database.write() as connection:
            connection.execute(update(workers).values(seen_at=1))

            with pytest.raises(CatalogueUnavailable):
                others.presence.beat("held")

        stores.presence.beat("held")

    def test_say_that_the_disk_is_full(self, stores: Stores, backend: str) -> None:
        with pytest.raises(StorageFull):
            execute(stores, *DISK_FULL[backend])

    def test_say_that_a_database_that_can_only_be_read_is_away(
        self, stores: Stores, backend: str
    ) -> None:
        only_read = {
            "sqlite": "PRAGMA query_only = ON",
            "postgresql": "SET TRANSACTION READ ONLY",
        }
        write = "INSERT INTO workers (id, seen_at, started_at) VALUES ('one', 1, 1)"

        with pytest.raises(CatalogueUnavailable) as refused:
            execute(stores, only_read[backend], write)

        assert refused.value.code == "catalogue_unavailable"


def test_the_home_may_have_any_name(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home") / "50% off, with spaces"
    home.mkdir()
    database = Database(Settings(home=home).database_url, DatabaseSettings())

    database.check()
    database.close()

    assert [path.name for path in home.iterdir()] == ["catalogue.db"]


def test_a_new_database_may_be_opened_by_many_at_once(tmp_path: Path, together: Together) -> None:
    def open_it(name: str) -> None:
        database = Database(f"sqlite:///{tmp_path / name}", DatabaseSettings())
        with database.write() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS one (a)"))
        database.close()

    for number in range(50):
        assert together(*[lambda name=f"{number}.db": open_it(name)] * 4) == [None] * 4
