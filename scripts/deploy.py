"""`ape run deploy --network … --account …`: the contracts onto any chain, and the manifest.

A development chain gets TestUSD and a deployer with every role; any other chain needs the asset
that it is to take, and its roles are granted one by one (`ape run grant_role`).
"""

from __future__ import annotations

from pathlib import Path

import click
from ape.api import AccountAPI

from scripts.deployment.ape_hands import ApeHands
from scripts.deployment.errors import DeployError
from scripts.deployment.install import deploy_with
from scripts.deployment.options import one_line_errors, operator_command
from scripts.deployment.spec import DAY_SECONDS, DEVELOPMENT, DEVELOPMENT_CHAIN_ID, Spec


@operator_command
@click.option("--asset", help="The ERC-20 that credit is bought with, of at most 9 decimals.")
@click.option(
    "--grace-days",
    type=click.IntRange(min=0),
    default=DEVELOPMENT.grace_seconds // DAY_SECONDS,
    show_default=True,
    help="Days from an account's depletion until what it ran has ended.",
)
def cli(account: AccountAPI, manifest: Path, asset: str | None, grace_days: int) -> None:
    """Deploy the contracts that aren't there yet, and write the manifest."""
    with one_line_errors():
        hands = ApeHands(account)
        development = hands.chain_id == DEVELOPMENT_CHAIN_ID
        if not asset and not development:
            raise DeployError(
                f"chain {hands.chain_id} is no development chain: name the asset by --asset"
            )
        if asset and not hands.code(asset):
            raise DeployError(f"no contract stands at the asset's address {asset}")
        spec = Spec(
            asset=asset,
            grace_seconds=grace_days * DAY_SECONDS,
            deployer_roles=DEVELOPMENT.deployer_roles if development else 0,
        )
        deploy_with(hands, spec, manifest, click.echo)
