"""Tokens that were seen, for services of several workers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """The table of tokens: digests alone."""
    op.create_table(
        "tokens",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("expires", sa.Float(53), nullable=False),
    )
    op.create_index("tokens_expires", "tokens", ["expires"])
