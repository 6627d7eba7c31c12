"""answers worth trusting."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("versions", sa.Column("facts", sa.JSON()))
    op.add_column("versions", sa.Column("about", sa.JSON()))
    op.add_column("pages", sa.Column("label", sa.Text()))


def downgrade() -> None:
    """Take back."""
    op.drop_column("pages", "label")
    op.drop_column("versions", "about")
    op.drop_column("versions", "facts")
