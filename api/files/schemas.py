"""What goes into and comes out of folders. Sizes are bytes; paths start with a slash."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from api.http.schemas import MAX_PAGE, Amount, AsOf, Input, Model, Moment, Number

_CID = Field(None, max_length=128, pattern=r"^[A-Za-z0-9]+$")
_VERSION = Field(None, max_length=32, pattern=r"^[0-9a-f]+$")
_PATH = Field(min_length=1, max_length=2_048)


class ListQuery(BaseModel):
    """Which directory, of which version, from where on."""

    path: str = Field("/", max_length=2_048)
    version: str | None = _VERSION
    cid: str | None = _CID
    cursor: str | None = Field(
        None, max_length=2_048, description="`next_cursor` of the page before"
    )
    limit: int = Field(50, ge=1, le=MAX_PAGE)


class ReadQuery(BaseModel):
    """Which version, and in which form: `car` gives the file or folder as a CAR."""

    version: str | None = _VERSION
    format: Literal["car"] | None = None
    cursor: str | None = Field(None, max_length=2_048)
    limit: int = Field(50, ge=1, le=MAX_PAGE)


class PutQuery(BaseModel):
    """How the file is cut into blocks, by IPIP-499."""

    profile: Literal["unixfs-v1-2025", "unixfs-v0-2015"] = "unixfs-v1-2025"


class UploadQuery(PutQuery):
    """Where it goes: a folder, which is made where there is none."""

    path: str = Field("/", max_length=2_048)


class MoveRequest(Input):
    """From one path to another; a target that is there stops it unless `overwrite` is set."""

    from_: str = Field(alias="from", min_length=1, max_length=2_048)
    to: str = _PATH
    overwrite: bool = False


class CopyRequest(Input):
    """From a path, or from content that the account holds by its CID."""

    from_: str | None = Field(None, alias="from", min_length=1, max_length=2_048)
    cid: str | None = _CID
    to: str = _PATH
    overwrite: bool = False


class FolderRequest(Input):
    """A folder to make; those above it come by themselves."""

    path: str = _PATH


class RestoreRequest(Input):
    """What to bring back: all of it, or one path."""

    path: str | None = Field(None, max_length=2_048)


class Entry(Model):
    """A file or a folder; a folder's size counts every block below it."""

    name: str
    path: str
    kind: Literal["file", "directory"]
    cid: str
    size: int  # bytes


class Listing(Model):
    """A page of a directory, by name."""

    path: str
    cid: str
    version: str | None  # None: nothing was ever put, or it was asked for by CID
    items: list[Entry]
    next_cursor: str | None
    as_of: AsOf


class Saved(Model):
    """What a change left, where it left one thing."""

    cid: str
    size: int  # bytes
    path: str
    kind: Literal["file", "directory"]
    version: str  # the tree's, after the change
    as_of: AsOf


class SavedMany(Model):
    """What an upload of many left. With one file its members stand here as well."""

    items: list[Entry]
    cid: str  # of the one file, or of the folder that they were put into
    size: int  # bytes
    path: str
    version: str
    as_of: AsOf


class Version(Model):
    """A state of the whole tree."""

    id: str
    number: int
    cid: str
    size: int  # bytes of every block in it
    change: str
    created_at: Moment


class Versions(Model):
    """Newest first."""

    items: list[Version]
    next_cursor: str | None


class UsageQuery(BaseModel):
    """Which UTC days; both are counted in, and the last 30 where they aren't named."""

    from_: date | None = Field(None, alias="from")
    to: date | None = None


class StorageDay(Model):
    """What a service held over a UTC day."""

    service_id: Number
    day: date
    byte_seconds: Amount


class StorageUsage(Model):
    """By service and day; days on which nothing was held are left out."""

    items: list[StorageDay]
    as_of: AsOf


class Storage(Model):
    """How much the account's sites, folders and pins hold, and what its tier allows; bytes."""

    used_bytes: Amount
    allowed_bytes: Amount
    as_of: AsOf
