"""`ape run set_prices THREE FOUR FIVE`: what names cost a year; it counts two days later."""

from __future__ import annotations

from datetime import UTC, datetime
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
@click.argument("prices", nargs=3, type=CREDITS)
@dry_run_option
def cli(prices: tuple[int, int, int], account: AccountAPI, manifest: Path, dry_run: bool) -> None:
    """Announce PRICES in credits a year, for names of 3, 4, and 5 or more characters."""
    with one_line_errors():
        desk = desk_of(account, manifest, dry_run)
        _now, announced, _changes_at = desk.read("Domains", "prices")
        lengths = ("3 characters", "4 characters", "5 and more")
        changed = [
            desk.tell(length, credits_text(before), credits_text(after))
            for length, before, after in zip(lengths, announced, prices, strict=True)
        ]
        if not any(changed):
            click.echo("The prices are that already.")
        elif desk.send("Domains", "set_prices", list(prices)):
            at = datetime.fromtimestamp(desk.read("Domains", "prices")[2], UTC)
            click.echo(f"They count from {at:%Y-%m-%d %H:%M:%S} UTC on, two days from now;")
            click.echo("what is committed to before keeps its price.")
