"""How much each service held and when.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import indexer.schema

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "storage_levels",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("service_id", indexer.schema.Uint256(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
    )
    with op.batch_alter_table("storage_levels", schema=None) as batch_op:
        batch_op.create_index("ix_storage_levels_service", ["service_id", "at_ms"], unique=False)


def downgrade() -> None:
    op.drop_table("storage_levels")
