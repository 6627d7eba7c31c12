"""Brings the catalogue to this program's schema, and tells when it has another."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from data.database import Database
from data.setup_errors import WrongRevision

# Names PostgreSQL's lock for it.
MIGRATING = 0xF007


def migrate(database: Database) -> None:
    """Apply every migration that the catalogue lacks; safe to call at any time."""
    configuration = _configuration()
    with database.write() as connection:
        alone(connection, database)
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")


def alone(connection: Connection, database: Database) -> None:
    """Let one process at a time set a catalogue up, until its transaction ends."""
    if not database.is_sqlite:  # whose write transactions are one at a time anyway
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATING)))


def require_head(database: Database) -> None:
    """Raise ``WrongRevision`` unless the catalogue has this program's schema."""
    head = ScriptDirectory.from_config(_configuration()).get_current_head()
    with database.read() as connection:
        if MigrationContext.configure(connection).get_current_revision() != head:
            raise WrongRevision


def _configuration() -> Config:
    configuration = Config()
    # Alembic's parser would read a percent sign in the folder's path.
    scripts = str(Path(__file__).parent / "migrations").replace("%", "%%")
    configuration.set_main_option("script_location", scripts)
    configuration.set_main_option("path_separator", "os")
    return configuration
