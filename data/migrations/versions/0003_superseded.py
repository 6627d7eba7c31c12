"""superseded."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAME = "ix_versions_superseded_at"
THERE = sa.text("superseded_at IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    op.create_index(NAME, "versions", ["superseded_at"], sqlite_where=THERE, postgresql_where=THERE)


def downgrade() -> None:
    """Take back."""
    op.drop_index(NAME, "versions")
