"""`ape run check`: holds a live deployment against what this repository says."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from ape.api import AccountAPI

from scripts.deployment.options import desk_of, one_line_errors, operator_command
from scripts.deployment.spec import DAY_SECONDS, DEVELOPMENT, Spec
from scripts.operating.amounts import ADDRESS
from scripts.operating.check import Check


@operator_command
@click.option(
    "--grace-days",
    type=click.IntRange(min=0),
    default=DEVELOPMENT.grace_seconds // DAY_SECONDS,
    show_default=True,
    help="What Credits was deployed with.",
)
@click.option("--asset", type=ADDRESS, help="What Credits was deployed with, if not TestUSD.")
@click.option("--admin", type=ADDRESS, help="Whose all contracts must be.")
def cli(
    account: AccountAPI, manifest: Path, grace_days: int, asset: str | None, admin: str | None
) -> None:
    """Compare code, immutables, roles, meters, offers, market and reserve; 1 where one differs."""
    with one_line_errors():
        spec = Spec(asset=asset, grace_seconds=grace_days * DAY_SECONDS)
        differs = Check(desk_of(account, manifest, dry_run=True), spec, admin).run()
    if differs:
        sys.exit(1)
