"""From an archive to a directory in the store, or, with nowhere to keep it, to its summary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from api.storage.archive.limits import Account, ArchiveLimits
from api.storage.archive.member import Member
from api.storage.archive.names import is_litter
from api.storage.archive.tars import GZIP_MAGIC, looks_like_tar, read_tar
from api.storage.archive.zips import MAGICS, read_zip
from api.storage.nowhere import Nowhere
from api.storage.ports import ArchiveRejected, BlockStore, PathClash, ShardTooDeep
from api.storage.unixfs import UNIXFS_V1_2025, DirectoryBuilder, Imported, Profile, import_file

_HEAD_BYTES = 512


@dataclass(frozen=True, slots=True)
class ArchiveSummary:
    """What an archive holds; litter isn't counted."""

    format: str  # zip, tar, tar.gz
    file_count: int
    size_bytes: int  # unpacked


@dataclass(frozen=True, slots=True)
class ImportedDirectory:
    """A directory that was imported and will survive a crash."""

    cid: str
    file_count: int
    size_bytes: int  # of the files


def inspect_archive(file: BinaryIO, limits: ArchiveLimits) -> ArchiveSummary:
    """Walks the whole archive as an import would, and keeps nothing; raises ArchiveRejected."""
    summary, _root = _load(file, limits, Nowhere(), UNIXFS_V1_2025)
    return summary


def import_archive(
    file: BinaryIO,
    limits: ArchiveLimits,
    store: BlockStore,
    profile: Profile = UNIXFS_V1_2025,
) -> ImportedDirectory:
    """Puts the archive's files and flushes; on any failure nothing of it is kept.

    Where everything lies in one top folder, that folder is the root. Raises ArchiveRejected,
    StoreFull.
    """
    try:
        summary, root = _load(file, limits, store, profile)
        store.flush()
    except BaseException:
        store.discard()
        raise
    return ImportedDirectory(str(root.cid), summary.file_count, summary.size_bytes)


def read_archive(
    file: BinaryIO, limits: ArchiveLimits, store: BlockStore, profile: Profile
) -> tuple[ArchiveSummary, DirectoryBuilder]:
    """Puts the archive's files, without a flush, and gives their tree; raises ArchiveRejected."""
    account = Account(limits, packed_bytes=file.seek(0, 2))
    file.seek(0)
    kind, members = _open(file, account)
    builder = DirectoryBuilder(profile)
    file_count = size_bytes = 0
    for member in members:
        if is_litter(member.path):
            continue
        try:
            if member.stream is None:
                builder.add_directory(member.path)
            else:
                imported = import_file(cast("BinaryIO", member.stream), store, profile)
                file_count += 1
                size_bytes += imported.size_bytes
                _add(builder, member, imported)
        except PathClash:
            raise ArchiveRejected(
                "comes twice, or is a directory and a file at once", member.entry
            ) from None
        account.check_entries(file_count + builder.directory_count, member.entry)
    if not file_count:
        raise ArchiveRejected("the archive holds no files")
    return ArchiveSummary(kind, file_count, size_bytes), builder


def _load(
    file: BinaryIO, limits: ArchiveLimits, store: BlockStore, profile: Profile
) -> tuple[ArchiveSummary, Imported]:
    summary, builder = read_archive(file, limits, store, profile)
    builder.strip_single_top()
    try:
        root = builder.build(store)
    except ShardTooDeep as clash:
        raise ArchiveRejected("its name can't be told from another's", str(clash)) from None
    return summary, root


def _add(builder: DirectoryBuilder, member: Member, file: Imported) -> None:
    if not member.path:
        raise ArchiveRejected("a file without a name", member.entry)
    builder.add_file(member.path, file)


def _open(file: BinaryIO, account: Account) -> tuple[str, Iterator[Member]]:
    """By the first bytes; the name that it was uploaded under says nothing."""
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    if head.startswith(MAGICS):
        return "zip", read_zip(file, account)
    if head.startswith(GZIP_MAGIC):
        return "tar.gz", read_tar(file, account, gzipped=True)
    if len(head) == _HEAD_BYTES and looks_like_tar(head):
        return "tar", read_tar(file, account, gzipped=False)
    raise ArchiveRejected("neither a zip, nor a tar, nor a tar.gz archive")
