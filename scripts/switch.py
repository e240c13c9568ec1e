"""`ape run switch buying|registering open|closed`: the pauser's two switches."""

from __future__ import annotations

from pathlib import Path

import click
from ape.api import AccountAPI

from scripts.deployment.options import (
    desk_of,
    dry_run_option,
    one_line_errors,
    operator_command,
)

SWITCHES = {"buying": "Credits", "registering": "Domains"}


@operator_command
@click.argument("what", type=click.Choice(list(SWITCHES)))
@click.argument("state", type=click.Choice(["open", "closed"]))
@dry_run_option
def cli(what: str, state: str, account: AccountAPI, manifest: Path, dry_run: bool) -> None:
    """Stop or allow buying credit, or registering names. Refunds and renewals always go on."""
    with one_line_errors():
        desk = desk_of(account, manifest, dry_run)
        is_open = desk.read(SWITCHES[what], what)
        if desk.tell(what, "open" if is_open else "closed", state):
            desk.send(SWITCHES[what], f"set_{what}", state == "open")
        else:
            click.echo(f"{what} is {state} already.")
