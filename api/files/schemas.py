"""What goes into and comes out of folders."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from api.http.schemas import Amount, AsOf, Input, Model, Moment, PageQuery
from api.storage.unixfs import UNIXFS_V0_2015, UNIXFS_V1_2025

Kind = Literal["file", "directory"]
ProfileName = Literal["unixfs-v1-2025", "unixfs-v0-2015"]
PROFILES = {profile.name: profile for profile in (UNIXFS_V1_2025, UNIXFS_V0_2015)}

PathText = Annotated[
    str, Field(min_length=1, max_length=1_100, description="A path in the tree, as `/a/b`.")
]
CidText = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9]+$")]
VersionId = Annotated[
    str, Field(pattern=r"^[0-9a-f]{32}$", description="A version of the tree; else the newest.")
]


class UploadQuery(Input):
    """Where an upload goes."""

    path: PathText = Field("/", description="The folder that it goes into; a CAR: its own path.")
    profile: ProfileName = Field("unixfs-v1-2025", description="Of the files' own CIDs.")
    overwrite: bool = Field(False, description="Of a CAR: whether it may replace what is there.")


class PutQuery(Input):
    """How a file is cut."""

    profile: ProfileName = Field("unixfs-v1-2025", description="Of the file's own CID.")


class ReadQuery(PageQuery):
    """Which version, and in which form."""

    cursor: str | None = Field(None, max_length=400, description="`next_cursor` of the page before")
    version: VersionId | None = None
    format: Literal["car"] | None = Field(None, description="The file or folder as a CAR.")


class ListQuery(ReadQuery):
    """What to show: a path in the tree, or below a CID that the tree holds or held."""

    path: PathText = "/"
    cid: CidText | None = None

    @model_validator(mode="after")
    def _one_root(self) -> Self:
        if self.cid is not None and self.version is not None:
            raise ValueError("cid or version, not both")
        return self


class MoveRequest(Input):
    """From one path to another."""

    source: PathText = Field(alias="from")
    target: PathText = Field(alias="to")
    overwrite: bool = False


class CopyRequest(Input):
    """From a path, or from a CID that the account holds."""

    source: PathText | None = Field(None, alias="from")
    cid: CidText | None = None
    target: PathText = Field(alias="to")
    overwrite: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.source is None) == (self.cid is None):
            raise ValueError("from or cid, one of them")
        return self


class FolderRequest(Input):
    """A folder to be made."""

    path: PathText


class RestoreRequest(Input):
    """What goes back to how it was in a version."""

    path: PathText = Field("/", description="One file or folder; else the whole tree.")


class UploadedFile(Model):
    """One of several."""

    cid: str
    size: int  # bytes
    path: str


class FileOut(Model):
    """A file or folder in the tree after a change."""

    cid: str
    size: int = Field(description="A file's bytes; a folder's with all that its blocks take.")
    path: str
    version: str
    as_of: AsOf


class UploadOut(FileOut):
    """The one file, or the folder that several went into, with each of them."""

    items: list[UploadedFile] | None


class EntryOut(Model):
    """What a folder holds under a name."""

    name: str
    path: str
    kind: Kind
    cid: str
    size: int


class Folder(Model):
    """A page of a folder, by name."""

    path: str
    cid: str
    version: str | None  # None: the tree was never changed, or it was asked for by CID
    items: list[EntryOut]
    next_cursor: str | None
    as_of: AsOf


class VersionOut(Model):
    """The whole tree after one change."""

    id: str
    number: int  # 1, 2, …
    cid: str
    size: int  # bytes of all its blocks
    change: str  # what made it
    created_at: Moment
    is_head: bool


class Versions(Model):
    """Newest first."""

    items: list[VersionOut]
    next_cursor: str | None


class StorageOut(Model):
    """What sites, folders and pins of the account take, and what its tier lets it keep."""

    used_bytes: Amount
    allowed_bytes: Amount
    as_of: AsOf
