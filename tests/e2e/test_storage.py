"""Folders, sites and their export by the public faces, with the developer's command line.

At its end everything of the platform but the chain is out of reach, and the site is up again.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner, Result
from web3.types import RPCEndpoint

from api.storage.unixfs import parse_cid
from scripts.cli import app as dspace
from scripts.client.restoring import check_whole, contenthash, load_blocks, root_of_name, serve
from scripts.dev_accounts import dev_accounts, key_of
from scripts.wallet import Wallet, wait_for
from tests.support.journey import SEEN_SECONDS, answers, buy, seen_service, start_service
from tests.support.platform import RunningPlatform

COIN = 10**6
STORAGE_PLAN = 3
YEAR = 365 * 86_400
LABEL = "taken-away"
SECRET = b"\x7a" * 32
SITE = {
    "index.html": b"<h1>home</h1>",
    "about.html": b"<h1>about</h1>",
    "app/data.bin": bytes(range(256)) * 6_000,
    "_headers": b"/*\n  X-Frame-Options: DENY\n",
}


@pytest.mark.timeout(230)
class TestStorage:
    """One story; each test goes on where the one before it ended."""

    @pytest.fixture(scope="class")
    def owner(self, platform: RunningPlatform) -> Wallet:
        made = Wallet(platform.faces())
        Wallet(platform.faces(), key_of(dev_accounts()[9])).fund(made.address, 10**18)
        buy(made, made.address, 50 * COIN)
        made.sign_in()
        return made

    @pytest.fixture(scope="class")
    def services(self, owner: Wallet) -> tuple[int, int]:
        """A site's and a storage's."""
        made = start_service(owner), start_service(owner, STORAGE_PLAN)
        for service in made:
            seen_service(owner, service, "active")
        return made

    @pytest.fixture(scope="class")
    def folder(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        made = tmp_path_factory.mktemp("site")
        for name, data in SITE.items():
            path = made / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return made

    @pytest.fixture(autouse=True)
    def home(
        self,
        monkeypatch: pytest.MonkeyPatch,
        platform: RunningPlatform,
        owner: Wallet,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> None:
        home = tmp_path_factory.getbasetemp() / "home"
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
        monkeypatch.setenv("DSPACE_API", owner.platform.api_url)
        monkeypatch.setenv("DSPACE_WALLET_KEY", "0x" + owner.account.key.hex().removeprefix("0x"))

    def run(self, *words: str, fails: bool = False) -> Result:
        result = CliRunner().invoke(dspace, list(words))
        assert (result.exit_code != 0) == fails, result.output
        return result

    def test_a_developer_signs_in_and_deploys(
        self, owner: Wallet, services: tuple[int, int], folder: Path
    ) -> None:
        assert owner.address in self.run("login").output
        words = ("deploy", str(folder), "--site", "keepsake", "--service", str(services[0]))
        made = json.loads(self.run(*words, "--json").stdout)
        assert made["deployment"]["state"] == "live"
        page = answers(owner.platform, "keepsake.localhost", 200)
        assert page.content == SITE["index.html"]
        assert page.headers["X-Frame-Options"] == "DENY"
        about = owner.platform.visit("keepsake.localhost", "/about")
        assert about.content == SITE["about.html"]

    def test_files_are_public_by_their_cid_while_the_storage_is_paid(
        self, owner: Wallet, services: tuple[int, int], folder: Path
    ) -> None:
        self.run("files", "put", str(folder), "/site")
        path = "/ipfs/" + json.loads(self.run("files", "ls", "--json").stdout)[0]["cid"]
        # The site holds the same content: only what the folder alone has shows the pause.
        saved = owner.request("PUT", "/v1/files/own.txt", data=b"only in the folder").json()
        own = f"/ipfs/{saved['cid']}"

        def answered(status: int) -> bool:
            return bool(owner.platform.visit("localhost", own).status_code == status)

        wait_for(lambda: answered(200), SEEN_SECONDS, "it is public")
        owner.send("Hosting", "pause", services[1])
        wait_for(lambda: answered(402), SEEN_SECONDS, "it is paused")
        assert owner.platform.visit("localhost", f"{path}/about.html").status_code == 200
        refused = owner.request("PUT", "/v1/files/more.txt", data=b"x")
        assert (refused.status_code, refused.json()["type"]) == (
            402,
            "/problems/storage-not-active",
        )
        assert owner.request("GET", "/v1/files/own.txt").content == b"only in the folder"
        owner.send("Hosting", "resume", services[1])
        wait_for(lambda: answered(200), SEEN_SECONDS, "it is back")

    def test_the_chain_is_told_what_the_name_stands_for(
        self, owner: Wallet, platform: RunningPlatform
    ) -> None:
        order = (LABEL, owner.address, YEAR, SECRET)
        owner.send("Domains", "commit", owner.call("Domains", "commitment_of", *order))
        for method, params in (("evm_increaseTime", [600]), ("evm_mine", [])):
            owner.platform.node.provider.make_request(RPCEndpoint(method), params)
        owner.send("Domains", "register", *order)
        root = owner.get("/v1/sites/keepsake")["live_deployment"]["cid"]
        node = bytes(owner.call("Domains", "node_of", LABEL))
        owner.send("Domains", "set_contenthash", node, contenthash(parse_cid(root)))

    def test_all_of_it_is_taken_away_and_comes_up_elsewhere(
        self, owner: Wallet, platform: RunningPlatform, tmp_path: Path
    ) -> None:
        zipped = tmp_path / "everything.zip"
        told = self.run("export", str(zipped)).output
        assert "all verified" in told
        root = owner.get("/v1/sites/keepsake")["live_deployment"]["cid"]
        domains = owner.platform.contracts["Domains"].address
        words = ("restore", str(zipped), "--name", LABEL, "--rpc", owner.platform.chain_url)
        out = tmp_path / "files"
        told = self.run(*words, "--domains", domains, "--out", str(out)).output
        assert f"the chain says that {LABEL} is {root}" in told
        for name, data in SITE.items():
            assert (out / name).read_bytes() == data
        wanted = root_of_name(owner.platform.chain_url, domains, LABEL)
        store = load_blocks([zipped], tmp_path / "blocks")
        assert check_whole(store, wanted) > 4
        server = serve(store, wanted, "127.0.0.1", 0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        for path, name in (("/", "index.html"), ("/about", "about.html"), ("/app/data.bin",) * 2):
            answer = requests.get(f"{url}{path}", timeout=10)
            assert answer.content == SITE[name.lstrip("/")]
            assert answer.headers["X-Frame-Options"] == "DENY"
        assert requests.get(f"{url}/nope", timeout=10).status_code == 404
        server.shutdown()
        server.server_close()

    def test_a_car_that_was_tampered_with_is_refused_by_its_block(
        self, owner: Wallet, tmp_path: Path
    ) -> None:
        car = tmp_path / "site.car"
        self.run("export", str(car), "--site", "keepsake")
        data = bytearray(car.read_bytes())
        at = data.index(b"<h1>home</h1>")
        data[at + 4] ^= 1
        car.write_bytes(data)
        domains = owner.platform.contracts["Domains"].address
        words = ("restore", str(car), "--name", LABEL, "--rpc", owner.platform.chain_url)
        told = self.run(*words, "--domains", domains, fails=True).output
        assert "its bytes are not those of its CID" in told

    def test_a_car_of_something_else_is_not_what_the_chain_says(
        self, owner: Wallet, tmp_path: Path
    ) -> None:
        saved = self.run("files", "put", __file__, "/other.py").output.strip()
        other = owner.request("GET", "/v1/files/other.py?format=car")
        car = tmp_path / "other.car"
        car.write_bytes(other.content)
        domains = owner.platform.contracts["Domains"].address
        words = ("restore", str(car), "--name", LABEL, "--rpc", owner.platform.chain_url)
        told = self.run(*words, "--domains", domains, fails=True).output
        assert "isn't whole" in told
        assert saved.startswith("bafk")
