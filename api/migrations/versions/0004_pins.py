"""Pins.

Revision ID: 0004
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.db
import indexer.schema

revision = "0004"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "pins",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("service_id", indexer.schema.Uint256(), nullable=False),
        sa.Column("cid", sa.String(length=128), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("name_folded", sa.Text(), nullable=True),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.Column("meta", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("created_at", api.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("queued_at", api.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("pins", schema=None) as batch_op:
        batch_op.create_index("uq_pins_created", ["created_at"], unique=True)
        batch_op.create_index("ix_pins_service_created", ["service_id", "created_at"])
        batch_op.create_index("ix_pins_service_root", ["service_id", "root"])
    op.create_table(
        "pin_meta",
        sa.Column("pin_id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["pin_id"], ["pins.id"]),
        sa.PrimaryKeyConstraint("pin_id", "key"),
    )


def downgrade() -> None:
    op.drop_table("pin_meta")
    op.drop_table("pins")
