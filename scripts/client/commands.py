"""The commands' names and options; what they do is imported once one of them runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

Api = Annotated[str, typer.Option("--api", help="The API's URL; else DSPACE_API, or the last one.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

account_app = typer.Typer()
sites_app = typer.Typer(help="Your sites.", no_args_is_help=False)


@contextmanager
def one_line() -> Iterator[None]:
    """Ends a command that fails with one line, and exit code 1."""
    from scripts.client.errors import ClientError

    try:
        yield
    except ClientError as error:
        from scripts.client.show import plain

        print(f"dspace: {plain(str(error))}", file=sys.stderr)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        print("dspace: interrupted", file=sys.stderr)
        raise typer.Exit(130) from None


@account_app.command()
def login(
    api: Api = "",
    key: Annotated[
        str | None, typer.Option(help="A file with the private key; - reads standard input.")
    ] = None,
    keystore: Annotated[Path | None, typer.Option(help="An encrypted keystore file.")] = None,
    account: Annotated[
        int | None, typer.Option(help="One of the development chain's accounts, 0 to 9.")
    ] = None,
) -> None:
    """Sign in with a wallet (EIP-4361); the token is kept for this user."""
    with one_line():
        from scripts.client.account import log_in

        log_in(api, key, keystore, account)


@account_app.command()
def logout(api: Api = "") -> None:
    """End the session, and forget its token."""
    with one_line():
        from scripts.client.account import log_out

        log_out(api)


@account_app.command()
def whoami(api: Api = "", as_json: Json = False) -> None:
    """The account: address, balance, tier, storage, services."""
    with one_line():
        from scripts.client.account import show_account

        show_account(api, as_json)


@account_app.command()
def token(
    name: Annotated[str, typer.Option(help="What it is called in the list of keys.")] = "ci",
    scope: Annotated[list[str] | None, typer.Option(help="Again for each; docs/api.md.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="How long it lasts.")] = 90,
    api: Api = "",
) -> None:
    """Make an API key for CI (DSPACE_TOKEN); it is printed once, here."""
    with one_line():
        from scripts.client.account import print_key

        print_key(api, name, scope or ["sites:read", "sites:write"], days)


@account_app.command()
def deploy(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to publish.")],
    site: Annotated[
        str | None, typer.Option(help="Which site; needed if you have several.")
    ] = None,
    service: Annotated[
        str | None, typer.Option(help="Create the site on this service, if it isn't there.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Until it is live.")] = True,
    hidden: Annotated[bool, typer.Option("--hidden", help="Take hidden files too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be sent.")] = False,
    api: Api = "",
    as_json: Json = False,
) -> None:
    """Publish a folder; only blocks that the server lacks are sent."""
    with one_line():
        from scripts.client.publishing import Publishing

        publishing = Publishing(api, as_json)
        if not publishing.run(folder, site, service, hidden=hidden, wait=wait, dry_run=dry_run):
            raise typer.Exit(1)


@sites_app.callback(invoke_without_command=True)
def sites(context: typer.Context) -> None:
    """Your sites; without a command, list them."""
    if context.invoked_subcommand is None:
        sites_list()


@sites_app.command("list")
def sites_list(api: Api = "", as_json: Json = False) -> None:
    """Your sites, each with the state of its service."""
    with one_line():
        from scripts.client.sites import print_sites

        print_sites(api, as_json)


@sites_app.command("create")
def sites_create(
    name: str,
    service: Annotated[str, typer.Option(help="The service that it stands on.")],
    api: Api = "",
    as_json: Json = False,
) -> None:
    """Make a site on an active service of yours."""
    with one_line():
        from scripts.client.sites import make_site

        make_site(api, name, service, as_json)


@sites_app.command("delete")
def sites_delete(
    name: str,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    api: Api = "",
) -> None:
    """Delete a site: it is no longer served, and its name is free again."""
    with one_line():
        from scripts.client.sites import remove_site

        if not yes:
            typer.confirm(f"Delete the site {name}?", abort=True)
        remove_site(api, name)
