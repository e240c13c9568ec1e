"""`dspace sites`."""

from __future__ import annotations

from scripts.client.connection import open_connection
from scripts.client.deploying import create_site, list_sites
from scripts.client.show import Show, size_text


def print_sites(api: str, as_json: bool) -> None:
    """By name."""
    sites = list_sites(open_connection(api).signed_in())
    rows = []
    for site in sites:
        live = site["live_deployment"]
        size = size_text(live["size_bytes"]) if live else "nothing live"
        rows.append((site["name"], site["state"], size, site["url"]))
    Show(as_json).table(sites, ("name", "service", "live", "url"), rows)


def make_site(api: str, name: str, service: str, as_json: bool) -> None:
    """On a service of the caller's."""
    made = create_site(open_connection(api).signed_in(), name, service)
    Show(as_json).result(made, [f"{made['name']}  {made['url']}"])


def remove_site(api: str, name: str) -> None:
    """Its blocks stay for as long as the server's grace period."""
    open_connection(api).signed_in().ask("DELETE", f"/v1/sites/{name}")
    Show().out.print(f"deleted {name}")
