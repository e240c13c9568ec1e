"""`ape run treasury …`: the float that ether is sold for, what was earned, and the ether."""

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
from scripts.operating.amounts import ADDRESS
from scripts.operating.treasury import Treasury


@operator_command
@click.argument(
    "move",
    type=click.Choice(["show", "add-float", "withdraw-float", "withdraw-earned", "withdraw-ether"]),
)
@click.argument("amount", required=False)
@click.option("--to", type=ADDRESS, help="Who receives what is withdrawn.")
@dry_run_option
def cli(
    move: str,
    amount: str | None,
    to: str | None,
    account: AccountAPI,
    manifest: Path,
    dry_run: bool,
) -> None:
    """Show the treasury, or move AMOUNT of it: credits, or ether; "all" withdraws all.

    Adding to the float takes the asset from the account, and approves it first where it must.
    """
    with one_line_errors():
        treasury = Treasury(desk_of(account, manifest, dry_run))
        if move == "show":
            treasury.show()
        elif amount is None:
            raise DeployError(f"{move} needs an amount")
        elif (move == "add-float") == bool(to):
            raise DeployError("a withdrawal needs --to, and nothing else has one")
        elif to is None:
            treasury.add_float(amount)
        elif move == "withdraw-ether":
            treasury.withdraw_ether(amount, to)
        else:
            treasury.withdraw(move.removeprefix("withdraw-"), amount, to)
