"""The operator's way: Ape compiles offline, deploys, changes plans and roles, opens a console.

Each command is a process of its own, with an Ape folder of its own that holds one keyfile.
"""

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
from indexer.manifest import load_deployment
from tests.support.chain import RunningChain

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PASSPHRASE = "a passphrase of the test's"
STATIC_SITE_PLAN = 2

Ape = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def operator(developers: list[LocalAccount]) -> LocalAccount:
    return developers[7]


@pytest.fixture(scope="module")
def ape_folder(tmp_path_factory: pytest.TempPathFactory, operator: LocalAccount) -> Path:
    folder = tmp_path_factory.mktemp("ape")
    keyfile = Account.encrypt(operator.key, PASSPHRASE, iterations=2)
    (folder / "accounts").mkdir()
    (folder / "accounts" / "operator.json").write_text(json.dumps(keyfile))
    return folder


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("manifest") / "deployment.json"


@pytest.fixture(scope="module")
def ape(ape_folder: Path, manifest: Path) -> Ape:
    """Runs an Ape command over the repository."""
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "APE_DATA_FOLDER": str(ape_folder),
        "APE_ACCOUNTS_operator_PASSPHRASE": PASSPHRASE,
        "DSPACE_DEPLOYMENT": str(manifest),
        "PYTHONWARNINGS": "ignore",
        # Nothing may go out: a proxy that isn't there fails whoever tries.
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "NO_PROXY": "127.0.0.1",
    }

    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BIN / "ape"), *arguments],
            cwd=ROOT,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def deployed(ape: Ape, devnet: RunningChain) -> str:
    """What `ape run deploy` printed."""
    ended = ape("run", "deploy", "--network", devnet.url, "--account", "operator")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def operate(ape: Ape, devnet: RunningChain, deployed: str) -> Ape:
    """Runs an operator's script as the deployer."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return ape("run", *arguments, "--network", devnet.url, "--account", "operator")

    return run


def contract(devnet: RunningChain, manifest: Path, name: str) -> Any:
    address = load_deployment(manifest).contracts[name].address
    return devnet.web3.eth.contract(address=address, abi=load_abi(name))


def test_compile__needs_no_network(ape: Ape) -> None:
    ended = ape("compile", "--force")
    assert ended.returncode == 0, ended.stderr
    assert "Vyper compiler '0.4.3'" in ended.stdout + ended.stderr


def test_deploy__writes_the_manifest_of_what_then_stands(
    devnet: RunningChain, deployed: str, manifest: Path, operator: LocalAccount
) -> None:
    deployment = load_deployment(manifest)
    assert set(deployment.contracts) == {
        *("TestUSD", "TestFeed", "Credits", "Hosting", "Domains"),
    }
    assert all(made.address in deployed for made in deployment.contracts.values())
    hosting = contract(devnet, manifest, "Hosting")
    assert hosting.functions.admin().call() == operator.address
    assert hosting.functions.plan_of(STATIC_SITE_PLAN).call() == ("Static site", 1, 2_000, 0, True)


def test_set_plan__tells_the_change_and_makes_it_unless_dry(
    operate: Ape, devnet: RunningChain, manifest: Path
) -> None:
    hosting = contract(devnet, manifest, "Hosting")
    change = ("set_plan", str(STATIC_SITE_PLAN), "--rate", "2500")
    before = hosting.functions.plan_of(STATIC_SITE_PLAN).call()
    dry = operate(*change, "--dry-run")
    assert "rate: 2000 -> 2500" in dry.stdout
    assert "Hosting.set_plan was not sent" in dry.stdout
    assert hosting.functions.plan_of(STATIC_SITE_PLAN).call() == before
    assert operate(*change).returncode == 0
    assert hosting.functions.plan_of(STATIC_SITE_PLAN).call() == ("Static site", 1, 2_500, 0, True)


def test_set_plan__tells_why_the_contract_refuses(operate: Ape) -> None:
    ended = operate("set_plan", str(STATIC_SITE_PLAN), "--kind", "2")
    assert ended.returncode == 1
    assert "Hosting: kind is fixed" in ended.stderr


def test_grant_role__adds_roles_and_takes_them_away(
    operate: Ape, devnet: RunningChain, manifest: Path, developers: list[LocalAccount]
) -> None:
    someone = developers[6].address
    roles_of = contract(devnet, manifest, "Hosting").functions.roles_of(someone)
    granted = operate("grant_role", someone, "granter", "moderator")
    assert "Hosting: no role -> granter, moderator" in granted.stdout
    assert roles_of.call() == 1 + 8
    operate("grant_role", someone, "granter", "--revoke", "--contract", "Hosting")
    assert roles_of.call() == 8
    credits_ = contract(devnet, manifest, "Credits")
    assert credits_.functions.roles_of(someone).call() == 1 + 8


@pytest.mark.parametrize("network", ["ethereum:local:{url}", "{url}"])
def test_console__has_the_contracts_by_name(
    ape: Ape, devnet: RunningChain, deployed: str, manifest: Path, network: str
) -> None:
    asked = "print('SAID', chain.chain_id, Credits, Domains.symbol(), TestUSD.name())\n"
    ended = ape("console", "--network", network.format(url=devnet.url), stdin=asked)
    credits_ = load_deployment(manifest).contracts["Credits"].address
    assert f"SAID 31337 {credits_} DSPACE Test USD" in ended.stdout
