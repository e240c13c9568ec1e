"""How sites are served.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("sites", schema=None) as batch_op:
        for name, default in (
            ("spa", sa.false()),
            ("clean_urls", sa.true()),
            ("listing", sa.false()),
        ):
            batch_op.add_column(
                sa.Column(name, sa.Boolean(), nullable=False, server_default=default)
            )


def downgrade() -> None:
    with op.batch_alter_table("sites", schema=None) as batch_op:
        for name in ("listing", "clean_urls", "spa"):
            batch_op.drop_column(name)
