"""What a browser shows: a served site, the API's docs, and a wallet's view of the chain."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.dev_accounts import dev_accounts, key_of
from scripts.wallet import Wallet
from tests.support.journey import buy, publish, seen_service, start_service, zipped
from tests.support.platform import RunningPlatform
from tests.support.tools import chromium

COIN = 10**6
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=10000",
]
# A page on the site's origin that speaks to the node as a wallet in the browser does.
WALLET_PAGE = """<!doctype html><title>wallet</title><p id=chain>asking</p><script>
const ask = async (method, params) => (await (await fetch("%s", {
  method: "POST", headers: {"content-type": "application/json"},
  body: JSON.stringify({jsonrpc: "2.0", id: 1, method, params}),
})).json()).result;
(async () => {
  const chain = await ask("eth_chainId", []);
  const accounts = await ask("eth_accounts", []);
  document.getElementById("chain").textContent = `${chain} ${accounts[0]}`;
})();
</script>"""


@pytest.fixture(scope="module")
def browser() -> str:
    return chromium()


@pytest.fixture(scope="module")
def platform(browser: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    running = RunningPlatform(tmp_path_factory.mktemp("platform") / "data")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def site(platform: RunningPlatform) -> str:
    """The address of a published site."""
    faces = platform.faces()
    owner = Wallet(faces)
    Wallet(faces, key_of(dev_accounts()[9])).fund(owner.address, 10**18)
    owner.sign_in()
    buy(owner, owner.address, COIN)
    service = start_service(owner)
    seen_service(owner, service, "active")
    made = owner.request("POST", "/v1/sites", json={"name": "seen", "service_id": str(service)})
    assert made.status_code == 201, made.text
    files = {
        "index.html": b"<!doctype html><title>t</title><body><script src=app.js></script>",
        "app.js": b"document.body.append('drawn by a script')",
        "wallet.html": (WALLET_PAGE % faces.chain_url).encode(),
    }
    publish(owner, "seen", zipped(files))
    return f"http://seen.localhost:{platform.ports['GATEWAY']}"


def shown(browser: str, url: str, profile: Path) -> str:
    """The page's document after its scripts have run."""
    command = [browser, *FLAGS, f"--user-data-dir={profile}", "--dump-dom", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_site_is_drawn_with_its_scripts(browser: str, site: str, tmp_path: Path) -> None:
    assert "drawn by a script" in shown(browser, f"{site}/", tmp_path)


def test_a_page_reaches_the_chain_as_a_wallet_does(browser: str, site: str, tmp_path: Path) -> None:
    page = shown(browser, f"{site}/wallet.html", tmp_path)
    assert f"0x7a69 {dev_accounts()[0].address.lower()}" in page.lower()


def test_the_docs_are_drawn_without_the_network(
    browser: str, platform: RunningPlatform, tmp_path: Path
) -> None:
    page = shown(browser, f"{platform.faces().api_url}/docs", tmp_path)
    assert "/v1/sites" in page
