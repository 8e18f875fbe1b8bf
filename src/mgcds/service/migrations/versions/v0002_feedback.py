"""What became of a card."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """The tables of feedback."""
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("service", sa.String(100), nullable=False),
        sa.Column("card", sa.String(36), nullable=False),
        sa.Column("outcome", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(100), nullable=False),
        sa.Column("commented", sa.Boolean, nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
    )
    op.create_index("feedback_card", "feedback", ["card"])
    op.create_table(
        "accepted",
        sa.Column("feedback", sa.String(36), sa.ForeignKey("feedback.id"), primary_key=True),
        sa.Column("suggestion", sa.String(36), primary_key=True),
    )
