"""Writes `indexer/abi/*.json`, `contracts/storage.json` and `scripts/deployment/runtime.json`.

`--check` only tells what is stale.

The ABIs are part of the package, so that the servers run without a compiler. They are exactly
what the compiler says, so that nobody has to trust a hand-edited file. So is the storage layout,
which readers of single slots (a proof, an archive node) rely on: it moves only where a change says
so. The digests of the code tell what stands on a chain from what this repository would deploy,
without a compiler.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

ROOT = Path(__file__).parents[1]
ABI_DIR = ROOT / "indexer" / "abi"
STORAGE = ROOT / "contracts" / "storage.json"
RUNTIME = ROOT / "scripts" / "deployment" / "runtime.json"
CONTRACTS = {
    "Credits": ROOT / "contracts" / "Credits.vy",
    "Domains": ROOT / "contracts" / "Domains.vy",
    "Hosting": ROOT / "contracts" / "Hosting.vy",
    "TestFeed": ROOT / "contracts" / "testing" / "TestFeed.vy",
    "TestUSD": ROOT / "contracts" / "testing" / "TestUSD.vy",
}


@cache
def compile_contract(name: str) -> dict[str, Any]:
    """The `abi`, `bytecode` (creation) and `bytecode_runtime` (0x…), and `layout` of a contract.

    For the EVM of Ape's config.
    """
    from vyper.cli.vyper_compile import compile_files
    from vyper.compiler.settings import Settings

    source = CONTRACTS[name]
    outputs = compile_files(
        [str(source)],
        ["abi", "bytecode", "bytecode_runtime", "layout"],
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


def slots_of(layout: dict[str, Any], module: str = "") -> dict[str, str]:
    """Every stored variable with its module: "slot 3, 1 long, uint256", in the layout's order."""
    slots: dict[str, str] = {}
    for name, entry in layout.items():
        if isinstance(entry.get("slot"), int):
            length = entry["n_slots"]
            slots[f"{module}{name}"] = f"slot {entry['slot']}, {length} long, {entry['type']}"
        else:
            slots |= slots_of(entry, f"{module}{name}.")
    return slots


def storage() -> dict[str, dict[str, str]]:
    """What each contract stores where, but for those that only tests use."""
    return {
        name: slots_of(compile_contract(name)["layout"].get("storage_layout", {}))
        for name, source in CONTRACTS.items()
        if source.parent.name != "testing"
    }


def runtime() -> dict[str, dict[str, int | str]]:
    """The length and the keccak256 of each contract's code, without the immutables behind it."""
    codes = {
        name: bytes.fromhex(compile_contract(name)["bytecode_runtime"][2:]) for name in CONTRACTS
    }
    return {
        name: {"bytes": len(code), "keccak256": "0x" + keccak(code).hex()}
        for name, code in codes.items()
    }


def moved(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> list[str]:
    """What isn't where it was: a line a variable, with both places."""
    return [
        f"{contract}: {name}: {was.get(name, 'nowhere')} -> {now.get(name, 'nowhere')}"
        for contract in sorted(before.keys() | after.keys())
        for was, now in [(before.get(contract, {}), after.get(contract, {}))]
        for name in sorted(was.keys() | now.keys())
        if was.get(name) != now.get(name)
    ]


def write(directory: Path) -> None:
    """Writes every ABI anew."""
    for name in CONTRACTS:
        (directory / f"{name}.json").write_text(render(name))


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.abi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when stale")
    parser.add_argument("--directory", type=Path, default=ABI_DIR, help="where the files are")
    options = parser.parse_args(arguments)
    whole = options.directory == ABI_DIR
    if not options.check:
        write(options.directory)
        if whole:
            STORAGE.write_text(json.dumps(storage(), indent=2) + "\n")
            RUNTIME.write_text(json.dumps(runtime(), indent=2) + "\n")
        return 0
    names = stale(options.directory)
    if whole and (lines := moved(json.loads(STORAGE.read_text()), storage())):
        print(*lines, sep="\n")
        names.append(STORAGE.name)
    if whole and json.loads(RUNTIME.read_text()) != runtime():
        names.append(RUNTIME.name)
    if names:
        print(f"stale: {', '.join(names)}; run `make abi`")
    return int(bool(names))


if __name__ == "__main__":
    sys.exit(main())
