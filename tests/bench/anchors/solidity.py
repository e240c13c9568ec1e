"""The npm packages that the gas bench compares with, and the Solidity compiler, which is one too.

Pinned with their hashes in `package-lock.json` beside this file, installed without their scripts
into `.cache/anchors` by `make anchors`. Where they aren't there, nothing is measured: never fetched
here.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PACKAGES = HERE.parents[2] / ".cache" / "anchors" / "node_modules"
RUNS = 200  # of the optimizer: the compiler's default, and what most libraries test with
EVM = "prague"

Artifact = dict[str, Any]  # an `abi` and a creation `bytecode` (0x…)


def installed() -> bool:
    """Whether `make anchors` has run."""
    return (PACKAGES / "solc").is_dir()


def versions() -> dict[str, str]:
    """The pinned packages and their versions."""
    return dict(json.loads((HERE / "package.json").read_text())["dependencies"])


@cache
def compile_anchors() -> dict[str, Artifact]:
    """Every contract of `Anchors.sol` by its name."""
    outputs = {"*": {"*": ["abi", "evm.bytecode.object"]}}
    question = {
        "language": "Solidity",
        "sources": {"Anchors.sol": {"content": (HERE / "Anchors.sol").read_text()}},
        "settings": {
            "evmVersion": EVM,
            "optimizer": {"enabled": True, "runs": RUNS},
            "outputSelection": outputs,
        },
    }
    run = subprocess.run(
        ["node", str(HERE / "compile.cjs")],
        cwd=PACKAGES.parent,
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(run.stdout)
    faults = [
        it["formattedMessage"] for it in answer.get("errors", []) if it["severity"] == "error"
    ]
    if faults:
        raise RuntimeError("\n".join(faults))
    return {
        name: {"abi": contract["abi"], "bytecode": "0x" + contract["evm"]["bytecode"]["object"]}
        for name, contract in answer["contracts"]["Anchors.sol"].items()
    }


def released(path: str) -> Artifact:
    """A contract as its authors built and released it: a JSON artifact inside a package."""
    artifact = json.loads((PACKAGES / path).read_text())
    bytecode = artifact["bytecode"]
    return {
        "abi": artifact["abi"],
        "bytecode": bytecode["object"] if isinstance(bytecode, dict) else bytecode,
    }
