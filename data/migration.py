"""Brings the catalogue to this program's schema, and tells when it has another."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from data.database import Database
from data.errors import WrongRevision


def migrate(database: Database) -> None:
    """Apply every migration that the catalogue lacks; safe to call at any time."""
    configuration = _configuration()
    with database.write() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")


def require_head(database: Database) -> None:
    """Raise ``WrongRevision`` unless the catalogue has this program's schema."""
    head = ScriptDirectory.from_config(_configuration()).get_current_head()
    with database.read() as connection:
        if MigrationContext.configure(connection).get_current_revision() != head:
            raise WrongRevision


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    # The folder's path may hold a percent sign, which Alembic's parser would read.
    configuration.set_main_option("path_separator", "os")
    return configuration
