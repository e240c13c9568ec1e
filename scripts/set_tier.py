"""`ape run set_tier NUMBER …`: what a tier asks and gives. Whoever has it keeps its terms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from ape.api import AccountAPI

from scripts.deployment.options import (
    desk_of,
    dry_run_option,
    one_line_errors,
    operator_command,
)
from scripts.deployment.spec import GIB, Tier


@operator_command
@click.argument("number", type=click.IntRange(0, 255))
@dry_run_option
@click.option("--name", help="At most 32 bytes.")
@click.option(
    "--rate", type=click.IntRange(min=0), help="nano credit a second; 0 for tier 0 alone."
)
@click.option("--discount", type=click.IntRange(0, 9_000), help="Basis points off paid services.")
@click.option("--services", type=click.IntRange(min=0), help="How many at once.")
@click.option("--storage-gib", type=click.IntRange(min=0), help="Storage allowed.")
@click.option("--traffic-gib", type=click.IntRange(min=0), help="Traffic allowed a month.")
@click.option("--offered/--withdrawn", default=None, help="Whether it can be taken.")
def cli(
    number: int,
    account: AccountAPI,
    manifest: Path,
    dry_run: bool,
    storage_gib: int | None,
    traffic_gib: int | None,
    **asked: Any,
) -> None:
    """Change what is named of tier NUMBER, and leave the rest of it as it is."""
    with one_line_errors():
        desk = desk_of(account, manifest, dry_run)
        before = Tier(number, *desk.read("Hosting", "tier_terms", number))
        asked["storage"] = None if storage_gib is None else storage_gib * GIB
        asked["traffic"] = None if traffic_gib is None else traffic_gib * GIB
        if asked["offered"] is None and not any(before.terms):
            asked["offered"] = True  # a tier that was never set
        after = replace(before, **{key: to for key, to in asked.items() if to is not None})
        if desk.tell_fields(before, after):
            desk.send("Hosting", "set_tier", number, *after.terms)
        else:
            click.echo(f"Tier {number} is that already.")
