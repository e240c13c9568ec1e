"""`ape run set_meter ADDRESS`: registers a contract that may stream and spend, or takes it off."""

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
from scripts.operating.amounts import ADDRESS


@operator_command
@click.argument("meter", metavar="ADDRESS", type=ADDRESS)
@click.option("--off", is_flag=True, help="Take it off: it may still lower what it started.")
@dry_run_option
def cli(meter: str, off: bool, account: AccountAPI, manifest: Path, dry_run: bool) -> None:
    """Let the contract at ADDRESS change rates and spend; it counts two days later."""
    with one_line_errors():
        desk = desk_of(account, manifest, dry_run)
        registered, _counts_at = desk.read("Credits", "meter_of", meter)
        if not desk.tell("registered", registered, not off):
            click.echo("The meter is that already.")
        elif desk.send("Credits", "set_meter", meter, not off) and not off:
            counts_at = desk.read("Credits", "meter_of", meter)[1]
            click.echo(f"It counts from the unix second {counts_at} on.")
