"""`ape run grant_role ADDRESS ROLE…`: gives an account roles, or takes them away by --revoke."""

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
from scripts.deployment.spec import OWN, ROLES
from scripts.operating.amounts import ADDRESS


@operator_command
@click.argument("address", type=ADDRESS)
@click.argument("roles", nargs=-1, required=True, type=click.Choice(list(ROLES)))
@dry_run_option
@click.option(
    "--contract",
    "contracts",
    multiple=True,
    type=click.Choice(OWN),
    default=OWN,
    help="Only on this contract; on all of them unless named.",
)
@click.option("--revoke", is_flag=True, help="Take the roles away.")
def cli(
    address: str,
    roles: tuple[str, ...],
    account: AccountAPI,
    manifest: Path,
    dry_run: bool,
    contracts: tuple[str, ...],
    revoke: bool,
) -> None:
    """Grant ADDRESS the ROLES on top of those that it has."""
    with one_line_errors():
        desk = desk_of(account, manifest, dry_run)
        bits = sum(ROLES[role] for role in set(roles))
        for name in contracts:
            before = int(desk.read(name, "roles_of", address))
            after = before & ~bits if revoke else before | bits
            if desk.tell(name, _names(before), _names(after)):
                desk.send(name, "set_roles", address, after)
            else:
                click.echo(f"{name}: {_names(before)} already.")


def _names(bits: int) -> str:
    return ", ".join(name for name, bit in ROLES.items() if bits & bit) or "no role"
