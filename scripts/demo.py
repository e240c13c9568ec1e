"""`dspace demo`: one whole journey through the public faces, told step by step.

It walks on the platform that runs (DSPACE_API_PORT and so on say where), or brings one up over a
temporary data folder on free ports and takes it down again.
"""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import requests
from rich.console import Console
from web3.logs import DISCARD

from scripts.dev_accounts import dev_accounts, key_of
from scripts.supervisor.settings import UpSettings
from scripts.wallet import Platform, Wallet, wait_for

START_SECONDS = 120
SEEN_SECONDS = 10
UNIT = 10**6  # base units of TestUSD in one coin
STATIC_SITE_PLAN = 2
DOCS = Path(__file__).parent.parent / "docs"


def run_demo(console: Console) -> None:
    """Walks the journey; raises on the first thing that isn't as told."""
    with _platform(console) as platform:
        Journey(platform, console).walk()


class Journey:
    """The steps, each of which proves what it tells."""

    def __init__(self, platform: Platform, console: Console) -> None:
        self.platform = platform
        self.console = console
        self.step = 0
        self.owner = Wallet(platform)
        self.friend = Wallet(platform, key_of(dev_accounts()[9]))
        self.name = f"demo-{self.owner.address[2:10].lower()}"
        self.host = f"{self.name}.{platform.base_domain}"

    def walk(self) -> None:
        """All of it, in order."""
        self.sign_in()
        service = self.start_service()
        self.publish(service)
        self.pause_and_resume(service)
        self.run_dry()
        self.top_up()
        self.tell(
            f"That was all of it. The site: http://{self.host} at {self.platform.gateway_url}"
        )

    def sign_in(self) -> None:
        self.tell(f"A fresh wallet, {self.owner.address}, gets a little ether and signs in")
        self.friend.fund(self.owner.address, 10**18)
        self.owner.sign_in()
        self.show("session", self.owner.get("/v1/auth/sessions/current"))

    def start_service(self) -> int:
        self.tell("It mints test coins, buys credit with them, and starts a paid static site")
        rate = self._rate()
        amount = max(1, rate * 25 // 1_000)  # 25 seconds' worth; a coin's base unit is 1,000 nano
        self._buy(self.owner, amount)
        receipt = self.owner.send(
            "Hosting", "start", STATIC_SITE_PLAN, b"demo".ljust(32, b"\0"), rate
        )
        events = self.platform.contracts["Hosting"].events.ServiceStarted()
        service = int(events.process_receipt(receipt, errors=DISCARD)[0]["args"]["service"])
        self.show("service", self._seen(service, "active"))
        self.show("account", self.owner.get("/v1/account"))
        return service

    def publish(self, service: int) -> None:
        self.tell(f"It makes the site {self.name} and uploads a zip of the project's own docs")
        site = self.owner.request(
            "POST", "/v1/sites", json={"name": self.name, "service_id": str(service)}
        )
        site.raise_for_status()
        archive = _zip_of_docs()
        deployment = self.owner.request(
            "POST",
            f"/v1/sites/{self.name}/deployments",
            files={"archive": ("site.zip", archive, "application/zip")},
        )
        deployment.raise_for_status()
        path = f"/v1/sites/{self.name}/deployments/{deployment.json()['id']}"
        live = wait_for(
            lambda: (answer := self.owner.get(path))["state"] == "live" and answer, 30, "deployment"
        )
        self.show("deployment", live)
        self._serves(200)

    def pause_and_resume(self, service: int) -> None:
        self.tell("It pauses the service on-chain: the site answers 402; resumed, it is back")
        self.owner.send("Hosting", "pause", service)
        self._serves(402)
        self.owner.send("Hosting", "resume", service)
        self._serves(200)

    def run_dry(self) -> None:
        depletes_at = int(self.owner.call("Credits", "depletes_at", self.owner.address))
        left = max(0, depletes_at - int(time.time()))
        self.tell(f"The credit runs dry in {left} s; nobody has to do anything for that")
        self._serves(402, left + SEEN_SECONDS)
        late = time.time() - depletes_at
        self.console.print(f"   402 came {late:+.1f} s around the second that depletes_at said")

    def top_up(self) -> None:
        self.tell("Another wallet tops the account up, and the site is back")
        self._buy(self.friend, UNIT)
        self._serves(200)

    def tell(self, sentence: str) -> None:
        """The next step's sentence."""
        self.step += 1
        self.console.print(f"\n[bold]{self.step}. {sentence}.[/bold]", highlight=False)

    def show(self, label: str, answer: object) -> None:
        """What the API said."""
        self.console.print(f"   {label}: {answer}", highlight=False, markup=False)

    def _buy(self, buyer: Wallet, amount: int) -> None:
        till = self.platform.contracts["Credits"].address
        buyer.send("TestUSD", "mint", buyer.address, amount)
        buyer.send("TestUSD", "approve", till, amount)
        buyer.send("Credits", "buy", amount, self.owner.address)

    def _rate(self) -> int:
        plans = self.owner.get("/v1/plans")["items"]
        return next(int(plan["rate"]) for plan in plans if str(plan["id"]) == str(STATIC_SITE_PLAN))

    def _seen(self, service: int, state: str) -> dict[str, object]:
        def look() -> dict[str, object] | None:
            answer = self.owner.request("GET", f"/v1/services/{service}")
            found: dict[str, object] = answer.json()
            return found if answer.ok and found["state"] == state else None

        return wait_for(look, SEEN_SECONDS, f"service {service} {state}")

    def _serves(self, status: int, seconds: float = SEEN_SECONDS) -> None:
        begun = time.monotonic()
        wait_for(
            lambda: self.platform.visit(self.host).status_code == status,
            seconds,
            f"{self.host} answers {status}",
        )
        took = (time.monotonic() - begun) * 1_000
        now = datetime.now().astimezone().strftime("%H:%M:%S")
        self.console.print(f"   {now}  http://{self.host}/ answers {status}, after {took:.0f} ms")


def _zip_of_docs() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        links = []
        for page in sorted(DOCS.rglob("*.md")):
            name = page.relative_to(DOCS).as_posix()
            archive.write(page, name)
            links.append(f'<li><a href="{name}">{name}</a>')
        archive.writestr(
            "index.html", f"<!doctype html><title>DecentraSpace</title><ul>{''.join(links)}</ul>"
        )
    return buffer.getvalue()


@contextmanager
def _platform(console: Console) -> Iterator[Platform]:
    """The running platform, or one of our own."""
    settings = UpSettings()
    platform = _platform_of(settings)
    if _runs(platform):
        yield platform
        return
    console.print("No platform runs here: bringing one up in a temporary folder …")
    with tempfile.TemporaryDirectory(prefix="dspace-demo-") as folder:
        own = UpSettings(
            data_dir=Path(folder),
            chain_port=_free_port(),
            api_port=_free_port(),
            gateway_port=_free_port(),
            rpc_urls="",
            database_url="",
            deployment=None,
        )
        with _running(own):
            yield _platform_of(own)


@contextmanager
def _running(settings: UpSettings) -> Iterator[None]:
    environment = settings.environment("") | {"DSPACE_RPC_URLS": "", "DSPACE_SECRET_KEY": ""}
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.cli", "up"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        platform = _platform_of(settings)
        wait_for(
            lambda: _runs(platform) or process.poll() is not None, START_SECONDS, "the platform"
        )
        if process.poll() is not None:
            raise SystemExit("dspace: the platform did not start")
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGINT)
        process.wait(30)


def _runs(platform: Platform) -> bool:
    try:
        ready = requests.get(f"{platform.api_url}/readyz", timeout=2).ok
        return ready and platform.visit(platform.base_domain, "/readyz").ok
    except requests.RequestException:
        return False


def _platform_of(settings: UpSettings) -> Platform:
    return Platform(
        api_url=f"http://127.0.0.1:{settings.api_port}",
        chain_url=settings.chain_url,
        gateway_url=f"http://127.0.0.1:{settings.gateway_port}",
        base_domain=settings.base_domain,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
