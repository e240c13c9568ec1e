"""`ape run set_feed FEED --max-age SECONDS`: the price feed that ether is bought at."""

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
@click.argument("feed", type=ADDRESS)
@click.option("--max-age", type=click.IntRange(min=1), required=True, help="Seconds.")
@dry_run_option
def cli(feed: str, max_age: int, account: AccountAPI, manifest: Path, dry_run: bool) -> None:
    """Buy ether by FEED, an AggregatorV3 of credits an ether; the zero address stops it."""
    with one_line_errors():
        desk = desk_of(account, manifest, dry_run)
        changed = [
            desk.tell("feed", desk.read("Credits", "feed"), feed),
            desk.tell("max age", desk.read("Credits", "feed_max_age"), max_age),
        ]
        if any(changed):
            desk.send("Credits", "set_feed", feed, max_age)
        else:
            click.echo("The feed is that already.")
