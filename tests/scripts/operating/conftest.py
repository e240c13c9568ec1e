"""A deployment of its own, and an operator with every role, by Ape and without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from indexer.abi import load_abi
from indexer.manifest import Deployment, load_deployment
from scripts.deployment import deploy
from scripts.deployment.web3_hands import Web3Hands
from scripts.operating.desk import Desk
from tests.support.chain import RunningChain

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
PASSPHRASE = "a passphrase of the test's"

Ended = tuple[int, str]  # exit code, output
Session = Callable[..., list[Ended]]


@pytest.fixture(scope="module")
def operator(developers: list[LocalAccount]) -> LocalAccount:
    return developers[5]


@pytest.fixture(scope="module")
def manifest(
    devnet: RunningChain, operator: LocalAccount, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("operating") / "deployment.json"
    deploy(devnet.url, operator.key.to_0x_hex(), path, say=lambda _: None)
    return path


@pytest.fixture(scope="module")
def made(manifest: Path) -> Deployment:
    return load_deployment(manifest)


@pytest.fixture(scope="module")
def contract(devnet: RunningChain, made: Deployment) -> Callable[[str], Any]:
    """A contract as web3.py sees it."""

    def at(name: str) -> Any:
        return devnet.web3.eth.contract(address=made.contracts[name].address, abi=load_abi(name))

    return at


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def desk(devnet: RunningChain, operator: LocalAccount, manifest: Path, said: list[str]) -> Desk:
    hands = Web3Hands(devnet.url, operator.key.to_0x_hex())
    return Desk(hands, manifest, dry_run=False, say=said.append)


@pytest.fixture(scope="module")
def session(
    devnet: RunningChain,
    operator: LocalAccount,
    manifest: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Session:
    """Runs commands one after the other, each as `ape run` does."""
    folder = tmp_path_factory.mktemp("ape")
    (folder / "accounts").mkdir()
    keyfile = Account.encrypt(operator.key, PASSPHRASE, iterations=2)
    (folder / "accounts" / "operator.json").write_text(json.dumps(keyfile))
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "APE_DATA_FOLDER": str(folder),
        "APE_ACCOUNTS_operator_PASSPHRASE": PASSPHRASE,
        "DSPACE_DEPLOYMENT": str(manifest),
        "PYTHONWARNINGS": "ignore",
        # Nothing may go out: a proxy that isn't there fails whoever tries.
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "NO_PROXY": "127.0.0.1",
    }

    def run(*commands: list[str]) -> list[Ended]:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.scripts.operating.ape_session", devnet.url],
            cwd=ROOT,
            env=environment,
            input=json.dumps(commands),
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return [(code, output) for code, output in json.loads(ended.stdout.splitlines()[-1])]

    return run
