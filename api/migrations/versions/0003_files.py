"""Accounts' trees of files and their versions.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.db

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "file_trees",
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("head_id", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_table(
        "file_versions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cid", sa.String(length=64), nullable=False),
        sa.Column("dag_bytes", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("created_at", api.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", api.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("file_versions", schema=None) as batch_op:
        batch_op.create_index("uq_file_versions_account", ["account", "number"], unique=True)
        batch_op.create_index("ix_file_versions_superseded", ["superseded_at"], unique=False)


def downgrade() -> None:
    op.drop_table("file_versions")
    op.drop_table("file_trees")
