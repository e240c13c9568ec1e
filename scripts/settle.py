"""`ape run settle FILE`: charges accounts for what they used; what was cut off goes on."""

from __future__ import annotations

from pathlib import Path

import click
from ape.api import AccountAPI

from scripts.deployment.errors import DeployError
from scripts.deployment.options import (
    desk_of,
    dry_run_option,
    one_line_errors,
    operator_command,
)
from scripts.operating.amounts import BYTES32
from scripts.operating.settlement import Settlement, load_charges, merkle_root


@operator_command
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--label", help="What the charges are of; the file's name unless named.")
@click.option("--root", type=BYTES32, help="The Merkle root, where it is of lines elsewhere.")
@dry_run_option
def cli(
    file: Path,
    label: str | None,
    root: bytes | None,
    account: AccountAPI,
    manifest: Path,
    dry_run: bool,
) -> None:
    """Settle the charges of FILE, once: lines of account,micro, or JSON."""
    with one_line_errors():
        if root and label:
            raise DeployError("a root that is given has no label")
        charges = load_charges(file)
        Settlement(
            desk_of(account, manifest, dry_run),
            file,
            root or merkle_root(label or file.stem, charges),
            charges,
        ).run()
