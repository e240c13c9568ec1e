"""`dspace index …`: run, status, rebuild."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import orjson
import typer
from sqlalchemy import func, select

from indexer import schema
from indexer.database import open_engine
from indexer.errors import Fatal, NotLeader
from indexer.logs import configure_logging
from indexer.manifest import DeploymentError, load_deployment
from indexer.reads import read_as_of, state_digest
from indexer.run import Indexer, stop_on_signals
from indexer.settings import IndexerSettings

index_app = typer.Typer(help="Mirror the contracts into SQL.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@index_app.command()
def run(
    once: Annotated[bool, typer.Option("--once", help="Stop at the chain's head.")] = False,
) -> None:
    """Follow the chain; a second one waits until the first is gone."""
    configure_logging()
    with _one_line_for_failures(), stop_on_signals() as stop:
        _indexer().run(stop, once=once)


@index_app.command()
def status(as_json: AsJson = False) -> None:
    """Where the mirror stands, and the digest of its rows."""
    with _one_line_for_failures():
        found = _status(IndexerSettings())
    if as_json:
        _print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    if not found["started"]:
        _print("The mirror is empty: no block was indexed yet.")
        return
    for name, value in found.items():
        if name not in ("started", "rows"):
            _print(f"{name:<18} {value}")
    for table, count in found["rows"].items():
        _print(f"{table:<26} {count}")


@index_app.command()
def rebuild() -> None:
    """Empty the mirror and make it anew from the chain; refused while an indexer runs."""
    configure_logging()
    with _one_line_for_failures(), stop_on_signals() as stop:
        indexer = _indexer()
        try:
            if not indexer.store.open():
                raise NotLeader("an indexer writes to this database; stop it first")
            indexer.store.reset()
            indexer.run(stop, once=True)
        finally:
            indexer.close()
        if not stop.is_set():
            found = _status(IndexerSettings())
            _print(f"block {found['block_number']} {found['block_hash']}")
            _print(f"state digest {found['state_digest']}")


def _indexer() -> Indexer:
    settings = IndexerSettings()
    return Indexer(settings, load_deployment(settings.manifest))


def _status(settings: IndexerSettings) -> dict[str, Any]:
    engine = open_engine(settings.database_url, writes=False)
    try:
        with engine.connect() as conn:
            as_of = read_as_of(conn)
            if as_of is None:
                return {"started": False}
            return {
                "started": True,
                "chain_id": as_of.chain_id,
                "genesis_hash": as_of.genesis_hash,
                "block_number": as_of.block_number,
                "block_hash": as_of.block_hash,
                "block_timestamp": as_of.block_timestamp,
                "finalized_number": as_of.finalized_number,
                "head_number": as_of.head_number,
                "lag_blocks": max(0, as_of.head_number - as_of.block_number),
                "lag_seconds": as_of.lag_seconds(int(time.time())),
                "schema_version": schema.SCHEMA_VERSION,
                "state_digest": state_digest(conn),
                "rows": {
                    str(table.name): conn.execute(
                        select(func.count()).select_from(table)
                    ).scalar_one()
                    for table in schema.mirror.sorted_tables
                },
            }
    finally:
        engine.dispose()


@contextmanager
def _one_line_for_failures() -> Iterator[None]:
    try:
        yield
    except (Fatal, DeploymentError) as error:
        sys.stderr.write(f"dspace: {error}\n")
        raise typer.Exit(1) from None


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    index_app()
