"""The tables of the memory. No clinical value has a column, and no patient's id: a call is known by its hook instance, a card by its id.

A change here is a new file in `migrations/versions/`; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

_ID = String(36)
_NAME = String(100)

answers = Table(
    "answers",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("on", Date, nullable=False),
    Column("service", _NAME, nullable=False),
    Column("call", _ID, nullable=False),
    Column("pack_version", _NAME, nullable=False),
    Column("pack_digest", String(128), nullable=False),
    Column("inputs", String(64), nullable=False),
    Column("problem", _NAME, nullable=False),
    Column("issuer", String(500), nullable=False),
    Column("said", Text, nullable=False, server_default="[]"),  # JSON: a list of `Said`, parts that are empty left out
)
feedback = Table(
    "feedback",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("service", _NAME, nullable=False),
    Column("card", _ID, nullable=False),
    Column("outcome", _NAME, nullable=False),
    Column("reason", _NAME, nullable=False),
    Column("commented", Boolean, nullable=False),
    Column("issuer", String(500), nullable=False),
    Index("feedback_card", "card"),
)
accepted = Table(
    "accepted",
    metadata,
    Column("feedback", _ID, ForeignKey("feedback.id"), primary_key=True),
    Column("suggestion", _ID, primary_key=True),
)
tokens = Table(
    "tokens",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("expires", Float(53), nullable=False),
    Index("tokens_expires", "expires"),
)
