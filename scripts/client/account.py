"""`dspace login`, `logout`, `whoami` and `token`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from scripts.client.connection import Connection, open_connection
from scripts.client.credentials import load_credentials
from scripts.client.deploying import list_all
from scripts.client.settings import ClientSettings
from scripts.client.show import Show, credits_text, size_text

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def log_in(api: str, key: str | None, keystore: Path | None, account: int | None) -> None:
    """Signs in, and tells who that is."""
    from scripts.client.keys import read_wallet
    from scripts.client.signin import chain_of, sign_in

    show = Show()
    connection = Connection(open_connection(api).url)
    chain_id = chain_of(connection)
    wallet = read_wallet(key, keystore, account, chain_id)
    made = sign_in(connection, wallet, chain_id, load_credentials())
    parts = urlsplit(connection.url)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        show.warn(f"{connection.url} is not encrypted: others on the way can read the token")
    if ClientSettings().token.get_secret_value():
        show.warn("DSPACE_TOKEN is set, and goes before this sign-in")
    show.out.print(f"signed in to {made['api']} as {made['address']} until {made['expires_at']}")


def log_out(api: str) -> None:
    """Ends the session."""
    from scripts.client.signin import sign_out

    show, kept = Show(), load_credentials()
    url = open_connection(api).url
    ended = sign_out(Connection(url, kept.token(url)), kept)
    show.out.print(f"signed out of {url}" if ended else f"not signed in to {url}")


def show_account(api: str, as_json: bool) -> None:
    """Who is signed in, and what there is."""
    show = Show(as_json)
    connection = open_connection(api).signed_in()
    account = connection.get("/v1/account")
    tiers = {tier["id"]: tier for tier in connection.get("/v1/tiers")["items"]}
    tier = tiers.get(account["tier"])
    services = list(list_all(connection, "/v1/services"))
    value = {"api": connection.url, "account": account, "tier": tier, "services": services}
    burning = credits_text(int(account["rate"]) * 86_400)
    lines = [
        f"api       {connection.url}",
        f"address   {account['address']}",
        f"balance   {credits_text(int(account['balance']))} credits, burning {burning} a day",
    ]
    if account["depletes_at"]:
        lines.append(f"runs dry  {account['depletes_at']}")
    if tier is not None:
        lines.append(f"tier      {tier['name']}")
        lines.append(f"storage   {size_text(int(tier['storage_bytes']))} at most")
    lines += [
        f"service   {service['id']}: {service['kind']}, {service['state']}" for service in services
    ]
    show.result(value, lines)


def print_key(api: str, name: str, scopes: list[str], days: int) -> None:
    """The key alone on standard output, to be piped into where it is kept."""
    from scripts.client.signin import make_key

    show = Show()
    made = make_key(open_connection(api), name, scopes, days)
    show.say(f"key {name} for {', '.join(scopes)} until {made['expires_at']}:")
    print(made["key"])
