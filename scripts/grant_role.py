"""`ape run grant_role ADDRESS ROLE…`: gives an account roles, or takes them away by --revoke."""

from __future__ import annotations

from pathlib import Path

import click
from ape.api import AccountAPI
from eth_utils.address import is_hex_address, to_checksum_address

from scripts.deployment.ape_hands import ApeHands
from scripts.deployment.errors import DeployError
from scripts.deployment.options import (
    address_of,
    dry_run_option,
    one_line_errors,
    operator_command,
)
from scripts.deployment.spec import ROLES

CONTRACTS = ("Credits", "Hosting")


@operator_command
@click.argument("address")
@click.argument("roles", nargs=-1, required=True, type=click.Choice(list(ROLES)))
@dry_run_option
@click.option(
    "--contract",
    "contracts",
    multiple=True,
    type=click.Choice(CONTRACTS),
    default=CONTRACTS,
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
        if not is_hex_address(address):
            raise DeployError(f"{address} is no address")
        owner = to_checksum_address(address)
        hands = ApeHands(account)
        bits = sum(ROLES[role] for role in set(roles))
        for name in contracts:
            at = address_of(hands, manifest, name)
            before = int(hands.read(name, at, "roles_of", owner))
            after = before & ~bits if revoke else before | bits
            click.echo(f"{name}: {_names(before)} -> {_names(after)}")
            if after != before and not dry_run:
                hands.send(name, at, "set_roles", owner, after)
        if dry_run:
            click.echo("Dry run: nothing was sent.")


def _names(bits: int) -> str:
    return ", ".join(name for name, bit in ROLES.items() if bits & bit) or "no role"
