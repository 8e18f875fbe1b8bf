"""What was answered: the decision log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """The tables of answers."""
    op.create_table(
        "answers",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on", sa.Date, nullable=False),
        sa.Column("service", sa.String(100), nullable=False),
        sa.Column("call", sa.String(36), nullable=False),
        sa.Column("pack_version", sa.String(100), nullable=False),
        sa.Column("pack_digest", sa.String(128), nullable=False),
        sa.Column("inputs", sa.String(64), nullable=False),
        sa.Column("problem", sa.String(100), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
    )
    op.create_table(
        "said",
        sa.Column("answer", sa.String(36), sa.ForeignKey("answers.id"), primary_key=True),
        sa.Column("rule", sa.String(100), primary_key=True),
        sa.Column("status", sa.String(100), nullable=False),
        sa.Column("card", sa.String(36), nullable=False),
    )
    op.create_index("said_card", "said", ["card"])
    op.create_table(
        "suggestions",
        sa.Column("answer", sa.String(36), sa.ForeignKey("answers.id"), primary_key=True),
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("rule", sa.String(100), nullable=False),
    )
