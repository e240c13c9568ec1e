"""Archives, and a site to deploy them to."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from api.jobs.runner import Runner
from tests.api.world import Wallet

PATH = "/v1/sites/hello/deployments"


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return made.getvalue()


def page(text: str) -> bytes:
    return zipped({"index.html": text.encode()})


def upload(wallet: Wallet, archive: bytes, **options: Any) -> TestResponse:
    return wallet.post(PATH, data={"archive": (io.BytesIO(archive), "site.zip")}, **options)


def deploy(wallet: Wallet, text: str = "hello") -> dict[str, Any]:
    """A deployment in the queue."""
    answer = upload(wallet, page(text))
    assert answer.status_code == 202, answer.text
    assert answer.json is not None
    return dict(answer.json)


def show(wallet: Wallet, deployment: dict[str, Any]) -> dict[str, Any]:
    answer = wallet.get(f"{PATH}/{deployment['id']}")
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return dict(answer.json)


def work(app: Flask) -> int:
    """Does every job that is due."""
    return Runner(app).drain()
