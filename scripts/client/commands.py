"""The developers' commands of `dspace`. Every failure is one line, and exit code 1."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from scripts.client.credentials import (
    DEFAULT_API,
    Credentials,
    forget_credentials,
    load_credentials,
)
from scripts.client.remote import ClientError, Remote

Api = Annotated[str | None, typer.Option("--api", help="Where the API is; else the last one.")]
AsJson = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]

files_app = typer.Typer(help="Your folders: list, put, get, move, restore.", no_args_is_help=True)
sites_app = typer.Typer(help="Your sites.", no_args_is_help=True)


def add_commands(app: typer.Typer) -> None:
    """Adds all of them to `dspace`."""
    for command in (login, logout, whoami, deploy, export, restore_site):
        app.command(command.__name__.removesuffix("_site"))(command)
    app.add_typer(files_app, name="files")
    app.add_typer(sites_app, name="sites")


def login(
    api: Annotated[str | None, typer.Option("--api", help="Where the API is.")] = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help="A file with a private key in hex.")
    ] = None,
    keystore: Annotated[
        Path | None, typer.Option(help="An encrypted keyfile; its password is asked for.")
    ] = None,
    account: Annotated[
        int | None, typer.Option(help="An account of the development chain, 0 to 9.", min=0, max=9)
    ] = None,
) -> None:
    """Sign in with a wallet. Without a key it is read from DSPACE_WALLET_KEY, or asked for."""
    from scripts.client.signing_in import read_key, read_keyfile, sign_in

    with _told():
        if account is not None:
            from scripts.dev_accounts import dev_accounts

            wallet = dev_accounts()[account]
        elif keystore is not None:
            wallet = read_keyfile(keystore, typer.prompt("password", hide_input=True))
        elif key_file is not None:
            wallet = read_key(_read(key_file))
        else:
            given = os.environ.get("DSPACE_WALLET_KEY")
            wallet = read_key(given or typer.prompt("private key", hide_input=True))
        made = sign_in(api or os.environ.get("DSPACE_API", DEFAULT_API), wallet)
        print(f"signed in at {made.api_url} as {made.address}")


def logout(api: Api = None) -> None:
    """Forget the API key that `login` kept here."""
    found = load_credentials(api)
    if found is not None:
        forget_credentials(found.api_url)
    print("signed out" if found else "nobody was signed in")


def whoami(api: Api = None, as_json: AsJson = False) -> None:
    """The account: its balance, tier, storage and services."""
    with _told():
        _, remote = _signed_in(api)
        account = remote.ask("GET", "/v1/account")
        storage = remote.ask("GET", "/v1/account/storage")
        services = list(remote.pages("/v1/services"))
        if as_json:
            print(json.dumps({"account": account, "storage": storage, "services": services}))
            return
        used, allowed = int(storage["used_bytes"]), int(storage["allowed_bytes"])
        print(f"{account['address']} at {remote.api_url}")
        print(f"balance {int(account['balance']) / 10**9:,.6f} credits, tier {account['tier']}")
        print(f"storage {decimal(used)} of {decimal(allowed)}")
        for service in services:
            print(f"service {service['id']}: {service['kind']}, {service['state']}")


def deploy(
    folder: Annotated[Path, typer.Argument(help="What to put on the site.")],
    site: Annotated[str, typer.Option("--site", help="The site's name.")],
    service: Annotated[
        str | None, typer.Option(help="Make the site on this service where there is none yet.")
    ] = None,
    wait: Annotated[bool, typer.Option(help="Wait until it is live.")] = True,
    dry_run: Annotated[bool, typer.Option(help="Only tell what would be sent.")] = False,
    api: Api = None,
    as_json: AsJson = False,
) -> None:
    """Put a folder on a site. Only what the platform lacks is sent."""
    from dataclasses import asdict

    from scripts.client.deploying import deploy_folder

    with _told():
        _, remote = _signed_in(api)
        if service is not None and not _has_site(remote, site):
            remote.ask("POST", "/v1/sites", json={"name": site, "service_id": service})
        console = Console(stderr=True)
        made = deploy_folder(remote, folder, site, console, wait=wait, dry_run=dry_run)
        if as_json:
            print(json.dumps(asdict(made)))
            return
        would = "would be sent" if dry_run else "sent"
        print(
            f"{made.file_count} files, {decimal(made.size_bytes)}; "
            f"{made.sent_blocks} blocks, {decimal(made.sent_bytes)} {would}"
        )
        print(f"cid     {made.cid}")
        if made.deployment is not None:
            print(f"state   {made.deployment['state']}")
            print(f"preview {made.deployment['preview_url']}")
            print(f"site    {made.url}")


def export(
    target: Annotated[Path | None, typer.Argument(help="The file to write.")] = None,
    site: Annotated[str | None, typer.Option(help="One site alone, as a CAR.")] = None,
    api: Api = None,
) -> None:
    """Take everything with you: a zip of a manifest and CARs, every block verified."""
    from scripts.client.exporting import export_account, export_site

    with _told():
        _, remote = _signed_in(api)
        console = Console(stderr=True)
        path = target or Path(f"{site}.car" if site else "decentraspace-export.zip")
        if site is not None:
            figures = export_site(remote, site, path, console)
        else:
            figures = export_account(remote, path, console)
        print(f"{figures['cars']} CARs, {figures['blocks']} blocks, all verified: {path}")


def restore_site(
    sources: Annotated[list[Path], typer.Argument(help="CARs, or an export's zip.")],
    name: Annotated[str | None, typer.Option(help="The name whose record the chain has.")] = None,
    root: Annotated[str | None, typer.Option(help="A root, on your own word.")] = None,
    rpc: Annotated[str, typer.Option(help="A node of the chain.")] = "http://127.0.0.1:8545",
    manifest: Annotated[
        Path | None, typer.Option(help="deployment.json, or an export's manifest.json.")
    ] = None,
    domains: Annotated[str | None, typer.Option(help="The address of Domains.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the files to this folder.")] = None,
    listen: Annotated[str | None, typer.Option(help="Serve it, at HOST:PORT.")] = None,
) -> None:
    """Bring a site up again elsewhere, from its CAR and the chain alone."""
    from tempfile import TemporaryDirectory

    from scripts.client.restoring import (
        check_whole,
        domains_of,
        load_blocks,
        parse_root,
        root_of_name,
        serve,
        write_files,
    )

    with _told(), TemporaryDirectory() as scratch:
        if (name is None) == (root is None):
            raise ClientError("name the site by --name, or its root by --root")
        if name is not None:
            if domains is None and manifest is None:
                raise ClientError("say where Domains is, by --manifest or --domains")
            address = domains or domains_of(manifest or Path())
            wanted = root_of_name(rpc, address, name)
            print(f"the chain says that {name} is {wanted}")
        else:
            wanted = parse_root(root or "")
        store = load_blocks(sources, Path(scratch))
        print(f"{check_whole(store, wanted)} blocks, all verified")
        if out is not None:
            print(f"{write_files(store, wanted, out)} files in {out}")
        if listen is not None:
            host, _, port = listen.rpartition(":")
            server = serve(store, wanted, host or "127.0.0.1", int(port))
            print(f"serving at http://{listen}/, until Ctrl-C")
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                server.server_close()


@sites_app.command("list")
def list_sites(api: Api = None, as_json: AsJson = False) -> None:
    """Your sites, by name."""
    with _told():
        _, remote = _signed_in(api)
        sites = list(remote.pages("/v1/sites"))
        if as_json:
            print(json.dumps(sites))
            return
        for site in sites:
            live = site["live_deployment"]
            print(f"{site['name']}  {site['state']}  {site['url']}  {live['cid'] if live else '-'}")


@sites_app.command("create")
def create_site(
    name: str,
    service: Annotated[str, typer.Option(help="The service that pays for it.")],
    api: Api = None,
) -> None:
    """A new site on one of your services."""
    with _told():
        _, remote = _signed_in(api)
        made = remote.ask("POST", "/v1/sites", json={"name": name, "service_id": service})
        print(made["url"])


@sites_app.command("delete")
def delete_site(name: str, api: Api = None) -> None:
    """Take a site down; its content stays for the grace period."""
    with _told():
        _, remote = _signed_in(api)
        remote.ask("DELETE", f"/v1/sites/{name}")
        print(f"{name} is gone")


@files_app.command("ls")
def ls(
    path: Annotated[str, typer.Argument()] = "/", api: Api = None, as_json: AsJson = False
) -> None:
    """The entries of a folder."""
    from scripts.client.files import list_files

    with _told():
        _, remote = _signed_in(api)
        items = list(list_files(remote, path))
        if as_json:
            print(json.dumps(items))
            return
        table = Table.grid(padding=(0, 2))
        for item in items:
            slash = "/" if item["kind"] == "directory" else ""
            table.add_row(item["name"] + slash, decimal(item["size"]), item["cid"])
        Console(soft_wrap=True).print(table)


@files_app.command("put")
def put_files(local: Path, target: str, api: Api = None) -> None:
    """A file or a folder to a path; a path with a slash behind it is a folder to put it into."""
    from scripts.client.files import put

    with _told():
        _, remote = _signed_in(api)
        print(put(remote, local, target))


@files_app.command("get")
def get_files(
    source: str, local: Annotated[Path | None, typer.Argument()] = None, api: Api = None
) -> None:
    """A file or a folder to this machine, every block verified."""
    from scripts.client.files import get

    with _told():
        _, remote = _signed_in(api)
        target = local or Path(source.rstrip("/").rsplit("/", 1)[-1] or "files")
        print(f"{get(remote, source, target)} files to {target}")


@files_app.command("cat")
def cat_file(path: str, api: Api = None) -> None:
    """A file's bytes."""
    from scripts.client.files import cat

    with _told():
        _, remote = _signed_in(api)
        cat(remote, path, sys.stdout.buffer)


@files_app.command("rm")
def rm(path: str, api: Api = None) -> None:
    """Delete a file or a folder; older versions still have it."""
    with _told():
        _, remote = _signed_in(api)
        remote.ask("DELETE", f"/v1/files/{path.strip('/')}")


@files_app.command("mv")
def mv(
    source: str, target: str, overwrite: Annotated[bool, typer.Option()] = False, api: Api = None
) -> None:
    """Move or rename a file or a folder."""
    _change("/v1/files/move", {"from": source, "to": target, "overwrite": overwrite}, api)


@files_app.command("cp")
def cp(
    source: str, target: str, overwrite: Annotated[bool, typer.Option()] = False, api: Api = None
) -> None:
    """Copy a file or a folder; no byte is sent."""
    _change("/v1/files/copy", {"from": source, "to": target, "overwrite": overwrite}, api)


@files_app.command("mkdir")
def mkdir(path: str, api: Api = None) -> None:
    """Make an empty folder."""
    _change("/v1/files/folders", {"path": path}, api)


@files_app.command("versions")
def versions(api: Api = None) -> None:
    """The states of your folders, newest first."""
    with _told():
        _, remote = _signed_in(api)
        for version in remote.pages("/v1/file-versions"):
            told = (str(version[name]) for name in ("number", "id", "created_at", "change"))
            print("  ".join(told))


@files_app.command("restore")
def restore(
    version: str,
    path: Annotated[str | None, typer.Option(help="One path alone.")] = None,
    api: Api = None,
) -> None:
    """Bring your folders, or one path, back to a version."""
    _change(f"/v1/file-versions/{version}/restore", {"path": path} if path else {}, api)


def _change(route: str, body: dict[str, Any], api: str | None) -> None:
    with _told():
        _, remote = _signed_in(api)
        print(remote.ask("POST", route, json=body)["cid"])


def _has_site(remote: Remote, name: str) -> bool:
    return any(site["name"] == name for site in remote.pages("/v1/sites"))


def _signed_in(api: str | None) -> tuple[Credentials, Remote]:
    found = load_credentials(api)
    if found is None:
        raise ClientError("not signed in: run `dspace login`")
    return found, Remote(found.api_url, found.token)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise ClientError(f"{path}: {error.strerror}") from None


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        print(f"dspace: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
