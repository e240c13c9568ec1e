"""`ape run attest_dns NAME [OWNER]`: whose a name of the public DNS is, or nobody's any more."""

from __future__ import annotations

from pathlib import Path

import click
from ape.api import AccountAPI

from indexer.name_rules import ZERO_ADDRESS
from scripts.deployment.errors import DeployError
from scripts.deployment.options import (
    desk_of,
    dry_run_option,
    one_line_errors,
    operator_command,
)
from scripts.deployment.spec import DAY_SECONDS
from scripts.operating.amounts import ADDRESS


@operator_command
@click.argument("name")
@click.argument("owner", type=ADDRESS, required=False)
@click.option("--days", type=click.IntRange(1, 400), default=90, show_default=True)
@click.option("--revoke", is_flag=True, help="It is nobody's any more.")
@dry_run_option
def cli(
    name: str,
    owner: str | None,
    days: int,
    revoke: bool,
    account: AccountAPI,
    manifest: Path,
    dry_run: bool,
) -> None:
    """Attest that NAME is OWNER's, whose TXT record was seen; it runs out after some days."""
    with one_line_errors():
        if revoke == bool(owner):
            raise DeployError("name the owner, or --revoke the name")
        desk = desk_of(account, manifest, dry_run)
        before = desk.read("Domains", "dns_of", name)
        if revoke:
            if desk.tell("owner", before[0], ZERO_ADDRESS):
                desk.send("Domains", "revoke_dns", name)
            else:
                click.echo(f"{name} is nobody's already.")
            return
        until = desk.now() + days * DAY_SECONDS
        desk.tell("owner", before[0], owner)
        desk.tell("until", before[1], until)
        desk.send("Domains", "attest_dns", name, owner, until)
