"""What is held as time goes by, what was kept of it, which services ended, and what was told.

Revision ID: 0006
Revises: 0002
"""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

import api.db
import indexer.schema

revision = "0006"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("holds", schema=None) as batch_op:
        # Of what was held before, nobody knows whether it is indexed: the collector looks first.
        batch_op.add_column(
            sa.Column("indexed", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.alter_column("indexed", server_default=None)
        batch_op.create_index(
            "ix_holds_not_indexed",
            ["cid"],
            unique=False,
            sqlite_where=sa.text("NOT indexed"),
            postgresql_where=sa.text("NOT indexed"),
        )
    op.create_table(
        "hold_levels",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("service_id", indexer.schema.Uint256(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("hold_levels", schema=None) as batch_op:
        batch_op.create_index("ix_hold_levels_service", ["service_id", "id"], unique=False)
        batch_op.create_index("ix_hold_levels_at", ["at"], unique=False)
    op.create_table(
        "storage_usage",
        sa.Column("service_id", indexer.schema.Uint256(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("byte_seconds", indexer.schema.Uint256(), nullable=False),
        sa.PrimaryKeyConstraint("service_id", "day"),
    )
    with op.batch_alter_table("storage_usage", schema=None) as batch_op:
        batch_op.create_index("ix_storage_usage_day", ["day"], unique=False)
    op.create_table(
        "ended_services",
        sa.Column("service_id", indexer.schema.Uint256(), nullable=False),
        sa.Column("since", api.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("service_id"),
    )
    with op.batch_alter_table("ended_services", schema=None) as batch_op:
        batch_op.create_index("ix_ended_services_since", ["since"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("address", sa.String(length=42), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=96), nullable=False),
        sa.Column("at", api.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("over_at", api.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index("ix_notices_address", ["address", "id"], unique=False)
        batch_op.create_index(
            "uq_notices_open",
            ["address", "kind", "subject"],
            unique=True,
            sqlite_where=sa.text("over_at IS NULL"),
            postgresql_where=sa.text("over_at IS NULL"),
        )
    # Sites that were deleted before there were holds.
    op.execute(
        "UPDATE holds SET released_at = CURRENT_TIMESTAMP WHERE kind = 'deployment' "
        "AND released_at IS NULL AND subject IN (SELECT d.id FROM deployments d "
        "JOIN sites s ON s.id = d.site_id WHERE s.deleted_at IS NOT NULL)"
    )
    now = int(time.time())
    op.execute(
        f"INSERT INTO hold_levels (service_id, at, bytes) SELECT service_id, {now}, SUM(largest) "  # noqa: S608
        "FROM (SELECT service_id, cid, MAX(size_bytes) AS largest FROM holds "
        "WHERE released_at IS NULL GROUP BY service_id, cid) AS roots GROUP BY service_id"
    )


def downgrade() -> None:
    for table in ("notices", "ended_services", "storage_usage", "hold_levels"):
        op.drop_table(table)
    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.drop_index("ix_holds_not_indexed")
        batch_op.drop_column("indexed")


def _counter() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
