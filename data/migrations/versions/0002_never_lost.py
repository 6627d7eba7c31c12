"""never lost."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SUPERSEDED = "ix_versions_superseded_at"
THERE = sa.text("superseded_at IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    op.add_column("libraries", sa.Column("building", sa.Integer()))
    op.add_column("libraries", sa.Column("dead", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("versions", sa.Column("filename", sa.Text()))
    for name in ("reading_seconds", "ocr_seconds"):
        op.add_column("versions", sa.Column(name, sa.Double(), nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("bytes", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("pace", sa.Double()))
    op.add_column("jobs", sa.Column("checkpoint_at", sa.Double()))
    op.add_column("jobs", sa.Column("worker", sa.String(length=80)))
    op.add_column("workers", sa.Column("active_at", sa.Double()))
    reserved = sa.Column("reserved_version", sa.Integer(), nullable=False, server_default="0")
    op.add_column("documents", reserved)
    op.create_index("ix_versions_sha256", "versions", ["sha256"])
    op.create_index(
        SUPERSEDED, "versions", ["superseded_at"], sqlite_where=THERE, postgresql_where=THERE
    )


def downgrade() -> None:
    """Take back."""
    for index in (SUPERSEDED, "ix_versions_sha256"):
        op.drop_index(index, "versions")
    for table, names in (
        ("workers", ("active_at",)),
        ("jobs", ("worker", "pace", "checkpoint_at", "bytes")),
        ("versions", ("ocr_seconds", "reading_seconds", "filename")),
        ("documents", ("reserved_version",)),
        ("libraries", ("dead", "building")),
    ):
        for name in names:
            op.drop_column(table, name)
