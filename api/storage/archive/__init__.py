"""Archives (zip, tar, tar.gz) as directories in the store. Untrusted input from end to end.

Invariant: nothing is ever written to a path that an archive names; its files are streamed into
blocks. Looking at an archive (`inspect_archive`, inside an upload) and importing it
(`import_archive`, in the job) are the same walk, so what passes the one passes the other.
What is refused and what is skipped: docs/storage.md.
"""

from __future__ import annotations

from api.storage.archive.importing import (
    ArchiveSummary,
    ImportedDirectory,
    import_archive,
    inspect_archive,
    read_archive,
)
from api.storage.archive.limits import ArchiveLimits

__all__ = [
    "ArchiveLimits",
    "ArchiveSummary",
    "ImportedDirectory",
    "import_archive",
    "inspect_archive",
    "read_archive",
]
