"""`ape run moderate suspend|unsuspend SERVICE`: takes a service off the air, or gives it back."""

from __future__ import annotations

from pathlib import Path

import click
from ape.api import AccountAPI

from scripts.deployment.errors import DeployError
from scripts.deployment.options import (
    desk_of,
    dry_run_option,
    one_line_errors,
    operator_command,
)

STATES = ("none", "active", "paused", "suspended", "stopped", "lapsed", "expired")
MOST_REASON = 128  # bytes


@operator_command
@click.argument("move", type=click.Choice(["suspend", "unsuspend"]))
@click.argument("service", type=click.IntRange(min=1))
@click.option("--reason", help="What its owner and its visitors are told; at most 128 bytes.")
@dry_run_option
def cli(
    move: str,
    service: int,
    reason: str | None,
    account: AccountAPI,
    manifest: Path,
    dry_run: bool,
) -> None:
    """Suspend SERVICE for a reason, or give it back to its owner, paused."""
    with one_line_errors():
        if (move == "suspend") != bool(reason):
            raise DeployError("a suspension needs a --reason, and nothing else has one")
        desk = desk_of(account, manifest, dry_run)
        if reason and len(reason.encode()) > MOST_REASON:
            raise DeployError(f"a reason has at most {MOST_REASON} bytes")
        owner = desk.read("Hosting", "service_of", service)[0]
        click.echo(f"service {service} of {owner}")
        before = STATES[desk.read("Hosting", "state_of", service)]
        if (before == "suspended") == (move == "suspend"):
            click.echo(f"The service is {before} already.")
        elif before == "stopped":
            raise DeployError(f"service {service} has ended")
        else:
            desk.tell("state", before, "suspended" if move == "suspend" else "paused")
            desk.send("Hosting", move, service, *([reason] if reason else []))
