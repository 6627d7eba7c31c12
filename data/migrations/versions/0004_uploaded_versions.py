"""uploaded versions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    reserved = sa.Column("reserved_version", sa.Integer(), nullable=False, server_default="0")
    op.add_column("documents", reserved)
    op.create_index("ix_versions_sha256", "versions", ["sha256"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_versions_sha256", "versions")
    op.drop_column("documents", "reserved_version")
