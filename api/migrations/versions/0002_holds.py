"""Why content is kept, and which block leads to which.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.db
import indexer.schema

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("service_id", indexer.schema.Uint256(), nullable=False),
        sa.Column("cid", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", api.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("released_at", api.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kind", "subject"),
    )
    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.create_index("ix_holds_cid", ["cid"], unique=False)
        batch_op.create_index("ix_holds_released", ["released_at"], unique=False)
        batch_op.create_index("ix_holds_service", ["service_id"], unique=False)
    op.create_table(
        "block_links",
        sa.Column("parent", sa.String(length=64), nullable=False),
        sa.Column("child", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("parent", "child"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("block_links", schema=None) as batch_op:
        batch_op.create_index("ix_block_links_child", ["child"], unique=False)
    # What was deployed before there were holds; the collector indexes it before it removes any.
    op.execute(
        "INSERT INTO holds (kind, subject, service_id, cid, size_bytes, created_at, released_at) "
        "SELECT 'deployment', d.id, s.service_id, d.cid, COALESCE(d.size_bytes, 0), "
        "d.created_at, s.deleted_at "
        "FROM deployments d JOIN sites s ON s.id = d.site_id WHERE d.cid IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table("block_links")
    op.drop_table("holds")
