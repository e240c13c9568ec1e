"""The steps of a journey by the public faces, shared by the end-to-end and the browser tests."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import requests
from web3.logs import DISCARD

from scripts.wallet import Platform, Wallet, wait_for

STATIC_SITE_PLAN = 2
SEEN_SECONDS = 3.0  # from a transaction to what the API and the gateway do


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def buy(buyer: Wallet, account: str, amount: int) -> None:
    till = buyer.platform.contracts["Credits"].address
    buyer.send("TestUSD", "mint", buyer.address, amount)
    buyer.send("TestUSD", "approve", till, amount)
    buyer.send("Credits", "buy", amount, account)


def start_service(owner: Wallet, plan: int = STATIC_SITE_PLAN) -> int:
    rate = next(int(p["rate"]) for p in owner.get("/v1/plans")["items"] if int(p["id"]) == plan)
    receipt = owner.send("Hosting", "start", plan, b"\1" * 32, rate)
    started = (
        owner.platform.contracts["Hosting"]
        .events.ServiceStarted()
        .process_receipt(receipt, errors=DISCARD)
    )
    return int(started[0]["args"]["service"])


def seen_service(owner: Wallet, service: int, state: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        answer = owner.request("GET", f"/v1/services/{service}")
        return answer.json() if answer.ok and answer.json()["state"] == state else None

    return wait_for(look, SEEN_SECONDS, f"service {service} {state}")


def publish(owner: Wallet, name: str, archive: bytes) -> dict[str, Any]:
    answer = owner.request(
        "POST",
        f"/v1/sites/{name}/deployments",
        files={"archive": ("site.zip", archive, "application/zip")},
    )
    assert answer.status_code == 202, answer.text
    path = f"/v1/sites/{name}/deployments/{answer.json()['id']}"

    def look() -> dict[str, Any] | None:
        deployment = owner.get(path)
        assert deployment["state"] != "failed", deployment
        return deployment if deployment["state"] == "live" else None

    return wait_for(look, 30, "the deployment goes live")


def answers(
    faces: Platform, host: str, status: int, seconds: float = SEEN_SECONDS
) -> requests.Response:
    def look() -> requests.Response | None:
        answer = faces.visit(host)
        return answer if answer.status_code == status else None

    return wait_for(look, seconds, f"{host} answers {status}")
