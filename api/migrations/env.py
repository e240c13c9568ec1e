"""Alembic's entry: runs on the connection that `api.migrate` gives, in its transaction."""

from __future__ import annotations

from alembic import context

from api.tables import off_chain_tables
from indexer.acts import register


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """The mirror belongs to the indexer, and so does the register of irreversible acts."""
    if kind != "table" or name is None:
        return True
    return not name.startswith("mirror_") and name not in register.tables


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=off_chain_tables(),
    include_name=include_name,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
