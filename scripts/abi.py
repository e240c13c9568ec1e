"""Writes `indexer/abi/*.json` from the contracts; with `--check` it only tells what is stale.

The ABIs are part of the package, so that the servers run without a compiler. They are exactly
what the compiler says, so that nobody has to trust a hand-edited file.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ABI_DIR = ROOT / "indexer" / "abi"
CONTRACTS = {
    "Credits": ROOT / "contracts" / "Credits.vy",
    "Domains": ROOT / "contracts" / "Domains.vy",
    "Hosting": ROOT / "contracts" / "Hosting.vy",
    "TestUSD": ROOT / "contracts" / "testing" / "TestUSD.vy",
}


@cache
def compile_contract(name: str) -> dict[str, Any]:
    """The `abi` and the creation `bytecode` (0x…) of a contract, for the EVM of Ape's config."""
    from vyper.cli.vyper_compile import compile_files
    from vyper.compiler.settings import Settings

    source = CONTRACTS[name]
    outputs = compile_files(
        [str(source)],
        ["abi", "bytecode"],
        paths=[str(ROOT)],
        include_sys_path=False,
        settings=Settings(evm_version="prague"),
    )
    (artifact,) = outputs.values()
    return dict(artifact)


def render(name: str) -> str:
    """The file's text: two spaces, a line end at the end, in the compiler's order."""
    return json.dumps(compile_contract(name)["abi"], indent=2) + "\n"


def stale(directory: Path) -> list[str]:
    """The files in a directory that don't say what the compiler says."""
    return [
        path.name
        for name in CONTRACTS
        if not (path := directory / f"{name}.json").exists() or path.read_text() != render(name)
    ]


def write(directory: Path) -> None:
    """Writes every file anew."""
    for name in CONTRACTS:
        (directory / f"{name}.json").write_text(render(name))


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.abi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when stale")
    parser.add_argument("--directory", type=Path, default=ABI_DIR, help="where the files are")
    options = parser.parse_args(arguments)
    if not options.check:
        write(options.directory)
        return 0
    names = stale(options.directory)
    if names:
        print(f"stale: {', '.join(names)}; run `make abi`")
    return int(bool(names))


if __name__ == "__main__":
    sys.exit(main())
