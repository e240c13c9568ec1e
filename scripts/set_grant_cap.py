"""`ape run set_grant_cap CREDITS`: what all granters together can grant in a day."""

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
from scripts.operating.amounts import CREDITS, credits_text


@operator_command
@click.argument("per_day", metavar="CREDITS", type=CREDITS)
@dry_run_option
def cli(per_day: int, account: AccountAPI, manifest: Path, dry_run: bool) -> None:
    """Bound the grants of a day to CREDITS; 0 stops them."""
    with one_line_errors():
        desk = desk_of(account, manifest, dry_run)
        before = desk.read("Credits", "grant_cap")
        if desk.tell("grants a day", credits_text(before), credits_text(per_day)):
            desk.send("Credits", "set_grant_cap", per_day)
        else:
            click.echo("The cap is that already.")
