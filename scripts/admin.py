"""`ape run admin propose|withdraw|accept CONTRACT`: hands a contract over, in two steps."""

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
from scripts.deployment.spec import OWN
from scripts.operating.amounts import ADDRESS


@operator_command
@click.argument("move", type=click.Choice(["propose", "withdraw", "accept"]))
@click.argument("contract", type=click.Choice(OWN))
@click.argument("address", type=ADDRESS, required=False)
@dry_run_option
def cli(
    move: str,
    contract: str,
    address: str | None,
    account: AccountAPI,
    manifest: Path,
    dry_run: bool,
) -> None:
    """Offer CONTRACT to ADDRESS, take the offer back, or accept it with the account it is for."""
    with one_line_errors():
        if (move == "propose") != bool(address):
            raise DeployError("an offer needs an address, and nothing else has one")
        desk = desk_of(account, manifest, dry_run)
        proposed = desk.read(contract, "proposed_admin")
        if move == "accept":
            desk.tell("admin", desk.read(contract, "admin"), proposed)
            desk.send(contract, "accept_admin")
        elif desk.tell("proposed", proposed, address or ZERO_ADDRESS):
            desk.send(contract, "propose_admin", address or ZERO_ADDRESS)
        else:
            click.echo("The offer is that already.")
