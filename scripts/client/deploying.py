"""From a local folder to a live site: hash, ask, send, deploy, follow.

Invariant: nothing is created before the folder was read whole; a second run of an unchanged folder
sends no block.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import requests

from scripts.client.connection import Connection, retrying
from scripts.client.errors import ClientError, NotReachable, Refused

SETTLED = {"live", "superseded", "failed"}
POLL_SECONDS = 0.25
_STREAM = {"Accept": "text/event-stream"}

Say = Callable[[str], None]


def find_site(connection: Connection, name: str) -> dict[str, Any] | None:
    """One of the caller's sites; None where there is none of that name."""
    try:
        found: dict[str, Any] = connection.get(f"/v1/sites/{name}")
    except Refused as refused:
        if refused.slug == "unknown-site":
            return None
        raise
    return found


def list_sites(connection: Connection) -> list[dict[str, Any]]:
    """All of the caller's sites."""
    return list(list_all(connection, "/v1/sites"))


def list_all(connection: Connection, path: str, /, **query: Any) -> Iterator[dict[str, Any]]:
    """The items of every page."""
    cursor: str | None = None
    while True:
        page = connection.get(path, **query, **({"cursor": cursor} if cursor else {}))
        yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def choose_site(connection: Connection, name: str | None, service: str | None) -> tuple[str, bool]:
    """The name of the site to deploy to, and whether it has to be created; raises ClientError."""
    if name is None:
        sites = [site["name"] for site in list_sites(connection)]
        if len(sites) != 1:
            told = f"one of {', '.join(sites)}" if sites else "a new one, with --service ID"
            raise ClientError(f"which site? name it with --site: {told}")
        return str(sites[0]), False
    if find_site(connection, name) is not None:
        return name, False
    if service is None:
        raise ClientError(
            f"there is no site {name}: add --service ID of a service that it can stand on "
            "(`dspace whoami` lists them)"
        )
    return name, True


def create_site(connection: Connection, name: str, service: str) -> dict[str, Any]:
    """A new site on a service of the caller's."""
    made: dict[str, Any] = connection.post("/v1/sites", {"name": name, "service_id": service})
    return made


def create_deployment(connection: Connection, site: str, root: str) -> dict[str, Any]:
    """Of a root that the server holds; made once, however often it has to be asked for."""
    headers = {"Idempotency-Key": uuid4().hex}
    made: dict[str, Any] = retrying(
        lambda: connection.post(f"/v1/sites/{site}/deployments", {"cid": root}, headers=headers)
    )
    return made


def follow(connection: Connection, site: str, deployment_id: str, say: Say) -> dict[str, Any]:
    """Tells the log as it grows until the deployment is settled; what it came to."""
    path = f"/v1/sites/{site}/deployments/{deployment_id}"
    last = "0"
    while True:
        try:
            for number, line in _events(connection, f"{path}/log", last):
                last = number
                say(line)
        except (NotReachable, requests.RequestException):
            pass  # a stream ends now and then; the next look tells whether the API is still there
        except Refused as refused:
            if refused.slug != "busy":
                raise
        shown: dict[str, Any] = retrying(lambda: connection.get(path))
        if shown["state"] in SETTLED:
            return shown
        time.sleep(POLL_SECONDS)


def _events(connection: Connection, path: str, last: str) -> Iterator[tuple[str, str]]:
    """The id and text of each line, until the stream ends."""
    headers = _STREAM | {"Last-Event-ID": last}
    with connection.ask("GET", path, headers=headers, stream=True) as answer:
        for text in answer.iter_lines(decode_unicode=True):
            name, _, value = text.partition(": ")
            if name == "id":
                last = value
            elif name == "event" and value == "end":
                return
            elif name == "data":
                yield last, value.partition(" ")[2]  # the time of a line is of no use here
