"""UnixFS: files and directories as content-addressed blocks, the same ones that Kubo makes.

Writing: `import_file`, `DirectoryBuilder`. Reading: `Dag`, `measure_directory`. Which shape a DAG
gets is a `Profile` of IPIP-499, and nothing else: the same bytes under the same profile have the
same CID everywhere.
"""

from __future__ import annotations

from api.storage.unixfs.cid import Cid, encode_cid, parse_cid
from api.storage.unixfs.directory import DirectoryBuilder
from api.storage.unixfs.importer import Imported, import_file
from api.storage.unixfs.measure import Measured, measure_directory
from api.storage.unixfs.profile import UNIXFS_V0_2015, UNIXFS_V1_2025, Profile
from api.storage.unixfs.reader import Dag, Directory, Entry, File, Step

__all__ = [
    "UNIXFS_V0_2015",
    "UNIXFS_V1_2025",
    "Cid",
    "Dag",
    "Directory",
    "DirectoryBuilder",
    "Entry",
    "File",
    "Imported",
    "Measured",
    "Profile",
    "Step",
    "encode_cid",
    "import_file",
    "measure_directory",
    "parse_cid",
]
