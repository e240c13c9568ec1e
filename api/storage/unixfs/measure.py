"""Whether a directory is here as a whole, and how much it is.

Every block below it is read and checked. Directories may share parts, so each is walked once: a
DAG of a few blocks can stand for more files than could ever be counted one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.storage.ports import BlockCorrupt, NotADirectory
from api.storage.unixfs.cid import Cid
from api.storage.unixfs.reader import Dag, Directory

_DEEPEST = 64  # folders; archives are refused far above


@dataclass(frozen=True, slots=True)
class Measured:
    """What lies below a directory; what is shared counts each time it appears."""

    file_count: int
    size_bytes: int


def measure_directory(dag: Dag, root: Cid) -> Measured:
    """Raises BlockMissing, BlockCorrupt, NotAFile (a symbolic link), NotADirectory (the root)."""
    if not isinstance(dag.open(root), Directory):
        raise NotADirectory(str(root))
    return _measure(dag, root, {}, 0)


def _measure(dag: Dag, cid: Cid, known: dict[Cid, Measured], depth: int) -> Measured:
    if cid in known:
        return known[cid]
    if depth > _DEEPEST:
        raise BlockCorrupt("directories are nested too deeply")
    step = dag.open(cid)
    if isinstance(step, Directory):
        below = [_measure(dag, entry.cid, known, depth + 1) for entry in dag.entries(step)]
        made = Measured(
            sum(each.file_count for each in below), sum(each.size_bytes for each in below)
        )
    else:
        made = Measured(1, sum(len(block) for block in dag.read(step)))
    known[cid] = made
    return made
