"""The main job, by the public faces only: pay on-chain, publish, pause, run dry, come back."""

from __future__ import annotations

import hashlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import material
import psutil
import pytest
import requests

from scripts.dev_accounts import dev_accounts, key_of
from scripts.wallet import Wallet, wait_for
from tests.support.journey import (
    SEEN_SECONDS,
    answers,
    buy,
    publish,
    seen_service,
    start_service,
    zipped,
)
from tests.support.platform import RunningPlatform

COIN = 10**6
NANO_PER_UNIT = 1_000  # nano credit in one base unit of TestUSD
ASSETS = Path(material.__file__).parent / "templates"


@pytest.fixture(scope="module")
def site_files() -> dict[str, bytes]:
    """A real static site of many hundred files, as a package ships it, with an index page."""
    files = {
        path.relative_to(ASSETS).as_posix(): path.read_bytes()
        for part in ("assets", ".icons/material")
        for path in sorted((ASSETS / part).rglob("*"))[:700]
        if path.is_file()
    }
    links = "".join(f'<li><a href="{name}">{name}</a>' for name in sorted(files))
    files["index.html"] = f"<!doctype html><title>icons</title><ul>{links}</ul>".encode()
    files["404.html"] = b"<!doctype html><title>not here</title>"
    assert len(files) > 700
    return files


@pytest.mark.timeout(230)
class TestJourney:
    """One story; each test goes on where the one before it ended."""

    name = "icons"
    host = "icons.localhost"

    @pytest.fixture(scope="class")
    def owner(self, platform: RunningPlatform) -> Iterator[Wallet]:
        wallet = Wallet(platform.faces())
        Wallet(platform.faces(), key_of(dev_accounts()[9])).fund(wallet.address, 10**18)
        return wallet

    @pytest.fixture(scope="class")
    def service(self, owner: Wallet) -> int:
        owner.sign_in()
        buy(owner, owner.address, 5 * COIN)
        return start_service(owner)

    def test_a_service_bought_on_chain_is_seen_by_the_api(
        self, owner: Wallet, service: int
    ) -> None:
        seen = seen_service(owner, service, "active")
        account = owner.get("/v1/account")
        assert seen["owner"] == owner.address
        assert seen["as_of"]["block_number"] > 0
        assert set(seen["as_of"]) >= {"block_number", "block_hash", "finalized", "lag_seconds"}
        assert account["rate"] == str(owner.call("Credits", "account_of", owner.address)[2])
        assert 0 < int(account["balance"]) <= 5 * COIN * NANO_PER_UNIT
        assert account["depletes_at"] is not None

    def test_a_site_is_served_byte_for_byte(
        self, owner: Wallet, service: int, platform: RunningPlatform, site_files: dict[str, bytes]
    ) -> None:
        made = owner.request(
            "POST", "/v1/sites", json={"name": self.name, "service_id": str(service)}
        )
        assert made.status_code == 201, made.text
        live = publish(owner, self.name, zipped(site_files))
        assert live["cid"].startswith("bafy")
        faces = platform.faces()
        answers(faces, self.host, 200)
        for name, data in site_files.items():
            answer = faces.visit(self.host, "/" + requests.utils.quote(name))
            assert answer.status_code == 200, name
            assert hashlib.sha256(answer.content).digest() == hashlib.sha256(data).digest(), name
        assert faces.visit(self.host, "/").content == site_files["index.html"]
        missing = faces.visit(self.host, "/no/such/page")
        assert (missing.status_code, missing.content) == (404, site_files["404.html"])

    def test_an_unchanged_page_is_not_sent_twice(self, platform: RunningPlatform) -> None:
        first = platform.faces().visit(self.host)
        again = platform.faces().visit(self.host, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_pausing_stops_it_and_resuming_brings_it_back(
        self, owner: Wallet, service: int, platform: RunningPlatform
    ) -> None:
        owner.send("Hosting", "pause", service)
        answers(platform.faces(), self.host, 402)
        seen_service(owner, service, "paused")
        owner.send("Hosting", "resume", service)
        answers(platform.faces(), self.host, 200)
        seen_service(owner, service, "active")

    def test_nobody_else_may_touch_it(self, platform: RunningPlatform, service: int) -> None:
        stranger = Wallet(platform.faces())
        stranger.sign_in()
        taken = stranger.request(
            "POST", "/v1/sites", json={"name": "mine-now", "service_id": str(service)}
        )
        upload = stranger.request(
            "POST",
            f"/v1/sites/{self.name}/deployments",
            files={"archive": ("site.zip", zipped({"index.html": b"taken"}), "application/zip")},
        )
        assert (taken.status_code, upload.status_code) == (403, 403)
        assert taken.headers["Content-Type"].startswith("application/problem+json")

    def test_everything_is_found_again_after_kill_9(
        self, owner: Wallet, service: int, platform: RunningPlatform, site_files: dict[str, bytes]
    ) -> None:
        def picture() -> dict[str, Any]:
            faces = platform.faces()
            block = faces.node.eth.get_block(head)
            return {
                "block": block["hash"].to_0x_hex(),
                "site": owner.get(f"/v1/sites/{self.name}")["live_deployment"],
                "service": owner.get(f"/v1/services/{service}")["state"],
                "limit": owner.get("/v1/account")["limit"],
                "page": answers(faces, self.host, 200).content,
            }

        head = platform.faces().node.eth.block_number
        before = picture()
        platform.kill_everything()
        with pytest.raises(requests.RequestException):
            platform.faces().visit(self.host)
        platform.start()
        assert picture() == before
        name = max(site_files, key=lambda name: len(site_files[name]))
        assert platform.faces().visit(self.host, "/" + name).content == site_files[name]

    def test_it_runs_dry_at_the_second_that_the_contract_says(
        self, owner: Wallet, service: int, platform: RunningPlatform
    ) -> None:
        faces = platform.faces()
        poor = Wallet(faces)
        Wallet(faces, key_of(dev_accounts()[9])).fund(poor.address, 10**18)
        poor.sign_in()
        rate = owner.call("Hosting", "service_of", service)[3]
        buy(poor, poor.address, rate * 12 // NANO_PER_UNIT)
        own_service = start_service(poor)
        seen_service(poor, own_service, "active")
        made = poor.request(
            "POST", "/v1/sites", json={"name": "poor", "service_id": str(own_service)}
        )
        assert made.status_code == 201, made.text
        publish(poor, "poor", zipped({"index.html": b"<p>not for long"}))
        answers(faces, "poor.localhost", 200)
        depletes_at = poor.call("Credits", "depletes_at", poor.address)
        last_served = 0.0
        while (answer := faces.visit("poor.localhost")).status_code == 200:
            last_served = time.time()
            assert last_served < depletes_at + SEEN_SECONDS
            time.sleep(0.02)
        assert answer.status_code == 402
        assert depletes_at - 1.0 < last_served < depletes_at + 0.5
        seen_service(poor, own_service, "lapsed")
        buy(owner, poor.address, COIN)
        answers(faces, "poor.localhost", 200)
        seen_service(poor, own_service, "active")

    @pytest.mark.parametrize(
        "words",
        [
            ("scripts.devnet",),
            ("index", "run"),
            ("api",),
            ("gateway",),
            ("worker",),
            ("scheduler",),
        ],
        ids=lambda words: words[0],
    )
    def test_a_killed_process_is_started_again_and_nothing_is_lost(
        self, owner: Wallet, platform: RunningPlatform, words: tuple[str, ...]
    ) -> None:
        killed = platform.member(*words)
        killed.send_signal(signal.SIGKILL)
        psutil.wait_procs([killed], timeout=10)
        wait_for(lambda: _runs_again(platform, words, killed.pid), 20, f"{words} runs again")
        wait_for(platform.is_ready, 20, "ready again")
        fresh = owner.call("Credits", "balance_of", owner.address)
        buy(owner, owner.address, COIN)

        def paid() -> bool:
            return int(owner.get("/v1/account")["balance"]) > fresh

        wait_for(paid, 5, "the purchase is seen")
        live = publish(owner, self.name, zipped({"index.html": f"<p>{words}".encode()}))
        wait_for(
            lambda: platform.faces().visit(self.host).content == f"<p>{words}".encode(),
            SEEN_SECONDS,
            "the new page",
        )
        assert live["state"] == "live"

    def test_ctrl_c_stops_all_of_it(self, platform: RunningPlatform) -> None:
        everyone = platform.everyone()
        assert platform.stop() == 0
        _, alive = psutil.wait_procs(everyone, timeout=5)
        assert alive == []


def _runs_again(platform: RunningPlatform, words: tuple[str, ...], old_pid: int) -> bool:
    try:
        return platform.member(*words).pid != old_pid
    except LookupError:
        return False
