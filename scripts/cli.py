"""The console script `dspace`: each command hands over to the part that does the work.

Parts are imported by the command that needs them, so that `dspace gateway` doesn't load the API.
"""

from __future__ import annotations

import sys

import typer
from pydantic import ValidationError
from rich.console import Console

from indexer.cli import index_app
from indexer.settings import bad_settings
from scripts.client.commands import account_app, sites_app
from scripts.client.file_commands import files_app

app = typer.Typer(
    name="dspace",
    help="The backend of a decentralised hosting platform.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(index_app, name="index")
app.add_typer(account_app)  # its commands stand beside those of this file
app.add_typer(sites_app, name="sites")
app.add_typer(files_app, name="files")


@app.command()
def up() -> None:
    """Run everything on this machine: chain, contracts, indexer, API, gateway, jobs."""
    from scripts.supervisor.settings import UpSettings
    from scripts.supervisor.up import StartFailed
    from scripts.supervisor.up import up as run_up

    try:
        run_up(UpSettings(), Console())
    except StartFailed as failure:
        fail(str(failure))


@app.command()
def demo() -> None:
    """One whole journey through the public faces, told step by step."""
    from scripts.demo import run_demo

    run_demo(Console())


@app.command()
def migrate() -> None:
    """Bring the API's tables to the newest version."""
    from api.migrate import migrate as run_migrate
    from api.settings import ApiSettings

    run_migrate(ApiSettings())


@app.command()
def api() -> None:
    """Serve the HTTP API."""
    from api.server import run_api
    from api.settings import ApiSettings

    run_api(ApiSettings())


@app.command()
def gateway() -> None:
    """Serve the sites."""
    from api.gateway.server import run_gateway
    from api.gateway.settings import GatewaySettings

    run_gateway(GatewaySettings())


@app.command()
def worker() -> None:
    """Do the jobs."""
    from api.jobs.worker import run_worker
    from api.settings import ApiSettings

    run_worker(ApiSettings())


@app.command()
def scheduler() -> None:
    """Say when jobs are due, and find the lost ones."""
    from api.jobs.scheduler import run_scheduler
    from api.settings import ApiSettings

    run_scheduler(ApiSettings())


def fail(reason: str) -> None:
    """Ends the command with one line."""
    print(f"dspace: {reason}", file=sys.stderr)
    sys.exit(1)


def main() -> None:
    """The entry point; a bad setting ends it with one line that names it."""
    try:
        app()
    except ValidationError as error:
        for line in bad_settings(error):
            print(f"dspace: {line}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
