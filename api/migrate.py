"""`dspace migrate`: the off-chain tables, by Alembic. The mirror's are the indexer's own.

Invariant: there is one head, and models and migrations make the same tables (tests hold both).
"""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text

from api.db import engine_options, prepare_engine
from api.settings import ApiSettings
from indexer.database import normalised
from indexer.logs import configure_logging

SCRIPTS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x6D696772  # "migr"

log = structlog.get_logger()


def migrate(settings: ApiSettings) -> None:
    """Brings the tables to the newest version; does nothing where they have it."""
    configure_logging()
    engine = open_migration_engine(settings.database_url)
    try:
        with engine.connect() as conn:
            conn = conn.execution_options(dspace_writes=True)
            with conn.begin():
                if engine.dialect.name == "postgresql":
                    # Two that start at once: the second finds the work done.
                    conn.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
                config = alembic_config()
                config.attributes["connection"] = conn
                command.upgrade(config, "head")
    finally:
        engine.dispose()
    log.info("migrated", revision=newest_revision())


def open_migration_engine(database_url: str) -> Engine:
    """An engine as the API has it; the folder of a SQLite file is made."""
    return prepare_engine(
        create_engine(normalised(database_url), **engine_options(database_url, 1))
    )


def alembic_config() -> Config:
    """Alembic's configuration; there is no file of it."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return config


@cache
def newest_revision() -> str:
    """The head that this version of the code needs."""
    return str(ScriptDirectory.from_config(alembic_config()).get_current_head())


def new_revision(message: str, settings: ApiSettings) -> None:
    """For developers: a migration from what models and an up-to-date database differ in."""
    engine = open_migration_engine(settings.database_url)
    with engine.connect() as conn:
        config = alembic_config()
        config.attributes["connection"] = conn
        command.revision(config, message, autogenerate=True)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Writes a migration from the models.")
    arguments.add_argument("message")
    new_revision(arguments.parse_args().message, ApiSettings())
