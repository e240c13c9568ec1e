"""What a site's own rules say that the gateway can't follow, told when the site is stored."""

from __future__ import annotations

from collections.abc import Iterator

from api.gateway.rules import headers, redirects
from api.storage.ports import EntryMissing, NotADirectory, NotAFile
from api.storage.unixfs import Cid, Dag, File


def check_rules(dag: Dag, root: Cid) -> list[str]:
    """Sentences for the deployment's log; none where all is well."""
    return list(_check(dag, root))


def _check(dag: Dag, root: Cid) -> Iterator[str]:
    rules = _read(dag, root, redirects.NAME)
    if rules is not None:
        try:
            redirects.parse_redirects(rules)
        except redirects.BadRedirects as error:
            yield f"{error}; until it is mended, pages that aren't there answer 500"
    lines = _read(dag, root, headers.NAME)
    if lines is not None:
        yield from headers.parse_headers(lines).left_out


def _read(dag: Dag, root: Cid, name: str) -> bytes | None:
    try:
        file = dag.resolve(root, [name])[-1]
    except (EntryMissing, NotADirectory, NotAFile):
        return None
    if not isinstance(file, File):
        return None
    return b"".join(dag.read(file, 0, redirects.MAX_BYTES + 1))
