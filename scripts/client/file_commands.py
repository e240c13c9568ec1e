"""The names and options of `dspace files`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.client.commands import Api, Json, one_line

files_app = typer.Typer(help="Your folders on the platform.", no_args_is_help=True)

Overwrite = Annotated[bool, typer.Option("--force", "-f", help="Replace what is there.")]


@files_app.command()
def ls(path: Annotated[str, typer.Argument()] = "/", api: Api = "", as_json: Json = False) -> None:
    """List a folder."""
    with one_line():
        from scripts.client.files import Files

        Files(api, as_json).ls(path)


@files_app.command()
def put(
    local: Annotated[list[Path], typer.Argument(metavar="LOCAL…")],
    remote: Annotated[str, typer.Argument()],
    hidden: Annotated[bool, typer.Option("--hidden", help="Take hidden files too.")] = False,
    api: Api = "",
) -> None:
    """Upload files and whole folders; into REMOTE where it ends in / or they are several."""
    with one_line():
        from scripts.client.files import Files

        Files(api).put(local, remote, hidden)


@files_app.command()
def get(
    remote: str,
    local: Annotated[Path | None, typer.Argument()] = None,
    force: Overwrite = False,
    api: Api = "",
) -> None:
    """Download a file or a folder; every block is checked."""
    with one_line():
        from scripts.client.files import Files

        Files(api).get(remote, local, force)


@files_app.command()
def cat(remote: str, api: Api = "") -> None:
    """Print a file."""
    with one_line():
        from scripts.client.files import Files

        Files(api).cat(remote)


@files_app.command()
def rm(remote: list[str], api: Api = "") -> None:
    """Delete files and whole folders; older versions still have them."""
    with one_line():
        from scripts.client.files import Files

        Files(api).rm(remote)


@files_app.command()
def mv(source: str, target: str, force: Overwrite = False, api: Api = "") -> None:
    """Move or rename; into TARGET where it ends in /."""
    with one_line():
        from scripts.client.files import Files

        Files(api).mv(source, target, force)


@files_app.command()
def cp(source: str, target: str, force: Overwrite = False, api: Api = "") -> None:
    """Copy; into TARGET where it ends in /."""
    with one_line():
        from scripts.client.files import Files

        Files(api).cp(source, target, force)


@files_app.command()
def mkdir(remote: str, api: Api = "") -> None:
    """Make an empty folder."""
    with one_line():
        from scripts.client.files import Files

        Files(api).mkdir(remote)


@files_app.command()
def versions(api: Api = "", as_json: Json = False) -> None:
    """The versions of your folders, newest first."""
    with one_line():
        from scripts.client.files import Files

        Files(api, as_json).versions()


@files_app.command()
def restore(
    version: str, remote: Annotated[str | None, typer.Argument()] = None, api: Api = ""
) -> None:
    """Bring back a version as a whole, or one path of it."""
    with one_line():
        from scripts.client.files import Files

        Files(api).restore(version, remote)
