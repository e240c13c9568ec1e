"""`ape run set_plan NUMBER …`: a plan's name, price and period. What runs keeps its rate."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click
from ape.api import AccountAPI

from scripts.deployment.ape_hands import ApeHands
from scripts.deployment.options import (
    address_of,
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
        hands = ApeHands(account)
        hosting = address_of(hands, manifest, "Hosting")
        before = Plan(number, *hands.read("Hosting", hosting, "plan_of", number))
        asked: dict[str, Any] = {
            "name": name,
            "kind": kind,
            "rate": rate,
            "free_period": None if free_days is None else free_days * DAY_SECONDS,
            "offered": True if offered is None and not before.kind else offered,
        }
        after = replace(before, **{key: to for key, to in asked.items() if to is not None})
        if not _tell(before, after):
            click.echo(f"Plan {number} is that already.")
        elif dry_run:
            click.echo("Dry run: nothing was sent.")
        else:
            hands.send("Hosting", hosting, "set_plan", number, *after.terms)
            click.echo(f"Plan {number} is set.")


def _tell(before: Plan, after: Plan) -> bool:
    """Prints what changes; whether anything does."""
    changed = False
    for field in fields(Plan):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new:
            changed = True
            click.echo(f"{field.name}: {old!r} -> {new!r}")
    return changed
