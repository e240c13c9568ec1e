"""`python -m scripts.devnet`: the embedded chain as a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from indexer.logs import configure_logging
from indexer.settings import bad_settings
from scripts.devnet.errors import DevnetError
from scripts.devnet.server import DEFAULT_BLOCK_SECONDS, run_devnet


def main(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = 8545,
    data_dir: Annotated[Path, typer.Option(help="Folder of the chain's database.")] = Path(
        ".decentraspace/chain"
    ),
    block_seconds: Annotated[
        float, typer.Option(min=0, help="The heartbeat; 0 mines on transactions only.")
    ] = DEFAULT_BLOCK_SECONDS,
) -> None:
    """Serve the development chain until SIGTERM or Ctrl-C."""
    try:
        configure_logging()
        run_devnet(host, port, data_dir, block_seconds)
    except DevnetError as error:
        print(f"devnet: {error}", file=sys.stderr)
        sys.exit(1)
    except ValidationError as error:
        for line in bad_settings(error):
            print(f"devnet: {line}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    typer.run(main)
