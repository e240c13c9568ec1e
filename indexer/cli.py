"""`dspace index …`: run, status, rebuild, verify."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated

import orjson
import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from indexer.errors import Fatal, NotLeader, ProviderError
from indexer.logs import configure_logging
from indexer.manifest import DeploymentError, load_deployment
from indexer.rewinding import describe_rewind, rewind_figures
from indexer.run import Indexer, stop_on_signals
from indexer.serving import serving
from indexer.settings import IndexerSettings, Verification, bad_settings
from indexer.status import describe, read_status
from indexer.verify import verify as verify_rows

index_app = typer.Typer(help="Mirror the contracts into SQL.", no_args_is_help=True)

Verify = Annotated[
    Verification | None,
    typer.Option("--verify", help="What logs are held against; in place of DSPACE_VERIFY."),
]
CHECKS = 3  # of the chain, before a rebuild gives up

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@index_app.command()
def run(
    once: Annotated[bool, typer.Option("--once", help="Stop at the chain's head.")] = False,
    verify: Verify = None,
) -> None:
    """Follow the chain; a second one waits until the first is gone."""
    with _one_line_for_failures(), stop_on_signals() as stop:
        configure_logging()
        settings, indexer = _indexer(verify)
        with serving(settings, indexer.health):
            indexer.run(stop, once=once)


@index_app.command()
def status(
    as_json: AsJson = False,
    digest: Annotated[bool, typer.Option(help="The digest reads every row.")] = True,
) -> None:
    """Where the mirror stands, and the digest of its rows."""
    with _one_line_for_failures():
        found = read_status(IndexerSettings().database_url, digest=digest)
    if as_json:
        _print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    _print_all(describe(found))


@index_app.command()
def rebuild(verify: Verify = None) -> None:
    """Empty the mirror and make it anew from the chain; refused while an indexer runs."""
    with _one_line_for_failures(), stop_on_signals() as stop:
        configure_logging()
        settings, indexer = _indexer(verify)
        try:
            if not indexer.store.open():
                raise NotLeader("an indexer writes to this database; stop it first")
            _check_chain(indexer)  # before anything is lost
            indexer.store.reset()
            indexer.run(stop, once=True)
        finally:
            indexer.close()
        if not stop.is_set():
            found = read_status(settings.database_url, digest=True)
            _print(f"block {found['block_number']} {found['block_hash']}")
            _print(f"state digest {found['state_digest']}")


@index_app.command()
def rewind(
    to: Annotated[int, typer.Option("--to", help="The block to go back to, at any depth.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask, as where nobody could.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it, change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Go back to a block, below the final ones too; refused while an indexer runs.

    Lists what was irreversibly done on blocks that are gone then. `dspace index run` goes on from
    there.
    """
    with _one_line_for_failures():
        configure_logging()
        _, indexer = _indexer()
        try:
            if not indexer.store.open():
                raise NotLeader("an indexer writes to this database; stop it first")
            indexer.store.check()
            done = indexer.store.rewind(to, dry_run=True)
            asks = not (dry_run or yes) and _is_interactive()
            if not dry_run:
                if asks:
                    _print_all(describe_rewind(done))
                    typer.confirm("Go back?", abort=True)
                done = indexer.store.rewind(to)
        except ValueError as error:
            raise Fatal(f"--to: {error}") from None
        finally:
            indexer.close()
    if as_json:
        _print(orjson.dumps(rewind_figures(done), option=orjson.OPT_INDENT_2).decode())
    elif not asks:
        _print_all(describe_rewind(done))
    if not dry_run and not as_json:
        _print("Done. `dspace index run` goes on from here.")


@index_app.command(name="verify")
def verify_(as_json: AsJson = False) -> None:
    """Hold every row against the contracts at the mirror's block, while an indexer may run.

    Status 0: all agree. 1: some differ. 2: it can't be told.
    """
    with _one_line_for_failures(status=2):
        configure_logging()
        settings = IndexerSettings()
        deployment = load_deployment(settings.manifest)
        try:
            report = verify_rows(settings, deployment)
        except DBAPIError as error:
            raise Fatal(f"the database failed: {str(error.orig).splitlines()[0]}") from error
    if as_json:
        _print(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        for line in report.lines():
            _print(line)
    if not report.agrees:
        raise typer.Exit(1)


def _indexer(verify: Verification | None = None) -> tuple[IndexerSettings, Indexer]:
    settings = IndexerSettings(verify=verify) if verify else IndexerSettings()
    return settings, Indexer(settings, load_deployment(settings.manifest))


def _is_interactive() -> bool:
    return sys.stdin.isatty()


def _check_chain(indexer: Indexer) -> None:
    """Raises ProviderError once the nodes have failed a few times, or Fatal."""
    for left in reversed(range(CHECKS)):
        try:
            indexer.sync.check_chain()
            return
        except ProviderError:
            if not left:
                raise


@contextmanager
def _one_line_for_failures(status: int = 1) -> Iterator[None]:
    try:
        yield
    except (Fatal, DeploymentError, ProviderError) as error:
        sys.stderr.write(f"dspace: {error}\n")
        raise typer.Exit(status) from None
    except ValidationError as error:
        for line in bad_settings(error):
            sys.stderr.write(f"dspace: {line}\n")
        raise typer.Exit(2) from None


def _print_all(lines: Iterable[str]) -> None:
    for line in lines:
        _print(line)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    index_app()
