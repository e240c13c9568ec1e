"""`ape run dispute freeze|unfreeze|forfeit REFERENCE`: what becomes of a disputed grant."""

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
from scripts.operating.amounts import REFERENCE, credits_text

STATES = ("unused", "given", "frozen", "forfeited")
AFTER = {"freeze": 2, "unfreeze": 1, "forfeit": 3}
BEFORE = {"freeze": (1,), "unfreeze": (2,), "forfeit": (1, 2)}


@operator_command
@click.argument("move", type=click.Choice(list(AFTER)))
@click.argument("reference", type=REFERENCE)
@dry_run_option
def cli(move: str, reference: bytes, account: AccountAPI, manifest: Path, dry_run: bool) -> None:
    """Set aside what is left of a grant, give it back, or take it for good. Never paid credit."""
    with one_line_errors():
        desk = desk_of(account, manifest, dry_run)
        to, amount, state = desk.read("Credits", "grant_of", reference)
        if not state:
            raise DeployError(f"no grant has the reference 0x{reference.hex()}")
        click.echo(f"grant of {credits_text(amount)} to {to}")
        if not desk.tell("state", STATES[state], STATES[AFTER[move]]):
            click.echo("The grant is that already.")
            return
        if state not in BEFORE[move]:
            raise DeployError(f"a grant that is {STATES[state]} can't be {STATES[AFTER[move]]}")
        granted = desk.read("Credits", "account_of", to)[1]
        # What is frozen is out of the account already.
        left = granted + amount if move == "unfreeze" else granted
        if STATES[state] == "given":
            left -= min(amount, granted)
        desk.tell("granted", credits_text(granted), credits_text(left))
        desk.send("Credits", move, reference)
