"""`ape run set_plan NUMBER …`: a plan's name, price and period. What runs keeps its rate."""

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
from scripts.deployment.spec import DAY_SECONDS, FUNCTION_SITE, STATIC_SITE, Plan


@operator_command
@click.argument("number", type=click.IntRange(1, 2**12 - 1))
@dry_run_option
@click.option("--name", help="At most 32 bytes.")
@click.option(
    "--kind",
    type=click.IntRange(STATIC_SITE, FUNCTION_SITE),
    help="1 static site, 2 storage, 3 function site; fixed once the plan is there.",
)
@click.option("--rate", type=click.IntRange(min=0), help="nano credit a second; 0 is free.")
@click.option("--free-days", type=click.IntRange(min=0), help="A free plan's period in days.")
@click.option("--offered/--withdrawn", default=None, help="Whether it can be started.")
def cli(
    number: int,
    account: AccountAPI,
    manifest: Path,
    dry_run: bool,
    name: str | None,
    kind: int | None,
    rate: int | None,
    free_days: int | None,
    offered: bool | None,
) -> None:
    """Change what is named of plan NUMBER, and leave the rest of it as it is."""
    with one_line_errors():
        desk = desk_of(account, manifest, dry_run)
        before = Plan(number, *desk.read("Hosting", "plan_of", number))
        asked: dict[str, Any] = {
            "name": name,
            "kind": kind,
            "rate": rate,
            "free_period": None if free_days is None else free_days * DAY_SECONDS,
            "offered": True if offered is None and not before.kind else offered,
        }
        after = replace(before, **{key: to for key, to in asked.items() if to is not None})
        if desk.tell_fields(before, after):
            desk.send("Hosting", "set_plan", number, *after.terms)
        else:
            click.echo(f"Plan {number} is that already.")
