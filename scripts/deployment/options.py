"""What the operator's Ape scripts share: network, account and manifest, and how they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand, account_option, network_option

from scripts.deployment.ape_hands import ApeHands
from scripts.deployment.errors import DeployError
from scripts.operating.desk import Desk

F = TypeVar("F", bound=Callable[..., Any])

_manifest_option: Callable[[F], F] = click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="DSPACE_DEPLOYMENT",
    default=Path(".decentraspace/deployment.json"),
    show_default=True,
    help="The deployment manifest; DSPACE_DEPLOYMENT names another one.",
)

dry_run_option: Callable[[F], F] = click.option(
    "--dry-run", is_flag=True, help="Print what would change, and send nothing."
)


def operator_command(function: Callable[..., None]) -> click.Command:
    """A command that takes `--network`, `--account` and `--manifest`, and is connected."""
    decorated = network_option()(account_option()(_manifest_option(function)))
    make: Callable[..., click.Command] = click.command(cls=ConnectedProviderCommand)
    return make(decorated)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Ends the command with one line where a deployment isn't as it must be."""
    try:
        yield
    except DeployError as error:
        raise click.ClickException(str(error)) from error


def desk_of(account: AccountAPI, manifest: Path, dry_run: bool) -> Desk:
    """The operator's desk at the connected network."""
    return Desk(ApeHands(account), manifest, dry_run, click.echo)
