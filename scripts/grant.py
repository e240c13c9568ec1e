"""`ape run grant ADDRESS CREDITS REFERENCE`: credit for a payment made elsewhere, once for ever."""

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
from scripts.operating.amounts import ADDRESS, CREDITS, REFERENCE, credits_text


@operator_command
@click.argument("address", type=ADDRESS)
@click.argument("amount", metavar="CREDITS", type=CREDITS)
@click.argument("reference", type=REFERENCE)
@dry_run_option
def cli(
    address: str,
    amount: int,
    reference: bytes,
    account: AccountAPI,
    manifest: Path,
    dry_run: bool,
) -> None:
    """Grant ADDRESS some CREDITS; REFERENCE is 32 bytes as 0x hex, or a text that is hashed."""
    with one_line_errors():
        desk = desk_of(account, manifest, dry_run)
        click.echo(f"reference: 0x{reference.hex()}")
        granted = desk.read("Credits", "account_of", address)[1]
        desk.tell("granted", credits_text(granted), credits_text(granted + amount))
        cap, today = desk.read("Credits", "grant_cap"), desk.read("Credits", "granted_today")
        desk.tell(
            "of today's cap left", credits_text(cap - today), credits_text(cap - today - amount)
        )
        to, _amount, state = desk.read("Credits", "grant_of", reference)
        if state:
            raise DeployError(f"the reference was used already, for {to}")
        if today + amount > cap:
            raise DeployError(f"that is above the cap of {credits_text(cap)} a day")
        desk.send("Credits", "grant", address, amount, reference)
