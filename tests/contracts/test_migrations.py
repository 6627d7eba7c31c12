"""The first minute: schema, workspace and key, from nothing and again."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import select, text

from data.database import Database
from data.migration import migrate, require_head
from data.records import Role
from data.settings import DatabaseSettings, Settings
from data.setup import prepare
from data.setup_errors import WrongRevision
from data.stores import open_stores
from data.tables import keys, metadata

PREPARE = """
from data.settings import Settings
from data.setup import prepare
prepare(Settings())
"""


@pytest.fixture
def fresh(empty_database: str, tmp_path: Path) -> Settings:
    """Settings of a deployment that was never prepared."""
    return Settings(
        home=tmp_path / "fresh", database=DatabaseSettings(url=SecretStr(empty_database))
    )


class TestMigrations:
    def test_make_exactly_the_tables_that_the_program_knows(self, fresh: Settings) -> None:
        database = Database(fresh.database_url, fresh.database)
        migrate(database)
        migrate(database)

        with database.read() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            difference: list[Any] = compare_metadata(context, metadata)
        database.close()

        assert difference == []

    def test_are_missed_in_an_empty_database(self, fresh: Settings) -> None:
        database = Database(fresh.database_url, fresh.database)

        with pytest.raises(WrongRevision):
            require_head(database)
        database.close()

    def test_of_a_newer_program_are_refused(self, settings: Settings) -> None:
        database = Database(settings.database_url, settings.database)
        require_head(database)
        with database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'newer'"))

        with pytest.raises(WrongRevision), open_stores(settings):
            pass
        database.close()


class TestPreparing:
    def test_makes_a_key_that_only_its_owner_can_read(self, fresh: Settings) -> None:
        secret = prepare(fresh)

        path = fresh.folder / "admin.key"
        assert path.read_text() == f"{secret}\n"
        assert path.stat().st_mode & 0o777 == 0o600
        assert fresh.folder.stat().st_mode & 0o777 == 0o700
        with open_stores(fresh) as stores:
            key = stores.keys.find(secret or "")
            assert key
            assert key.role is Role.ADMIN
            assert stores.libraries.named(key.workspace, ("default",))

    def test_again_keeps_the_key_and_the_rest(self, fresh: Settings) -> None:
        secret = prepare(fresh)

        assert prepare(fresh) is None

        assert (fresh.folder / "admin.key").read_text().strip() == secret
        with open_stores(fresh) as stores, stores.database.read() as connection:
            assert len(connection.execute(select(keys)).all()) == 1

    def test_takes_a_given_key_and_keeps_it_nowhere(self, fresh: Settings) -> None:
        given = fresh.model_copy(update={"admin_key": SecretStr("fn-given")})

        assert prepare(given) == "fn-given"
        assert prepare(given) is None

        assert not (fresh.folder / "admin.key").exists()
        with open_stores(given) as stores:
            assert stores.keys.find("fn-given")

    def test_takes_up_a_key_that_was_written_before_a_crash(self, fresh: Settings) -> None:
        fresh.folder.mkdir(parents=True)
        (fresh.folder / "admin.key").write_text("fn-written-before\n")

        prepare(fresh)

        with open_stores(fresh) as stores:
            assert stores.keys.find("fn-written-before")

    def test_by_several_processes_at_once_is_done_once(
        self, fresh: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FOOTNOTE_HOME", str(fresh.folder))
        monkeypatch.setenv("FOOTNOTE_DATABASE__URL", fresh.database_url)

        preparing = [subprocess.Popen([sys.executable, "-c", PREPARE]) for _ in range(2)]

        assert [process.wait(timeout=60) for process in preparing] == [0, 0]
        secret = (fresh.folder / "admin.key").read_text().strip()
        with open_stores(fresh) as stores, stores.database.read() as connection:
            assert len(connection.execute(select(keys)).all()) == 1
            assert stores.keys.find(secret)
