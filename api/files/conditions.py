"""If-Match and If-None-Match of writes: what the client believes to stand at the path."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from api.gateway.conditional import matches
from api.problems import Problem
from api.storage.unixfs import Cid
from api.storage.unixfs.cid import DAG_PB


@dataclass(frozen=True, slots=True)
class Conditions:
    """The headers as they came."""

    match: str | None
    none_match: str | None

    def check(self, cid: Cid | None) -> None:
        """Raises a Problem of 412; `cid` is what stands there, None: nothing."""
        wrong = self.match is not None and not (cid and names(self.match, cid))
        wrong |= self.none_match is not None and cid is not None and names(self.none_match, cid)
        if wrong:
            shown = str(cid) if cid else None
            raise Problem("precondition-failed", cid=shown, headers=_tag(cid))


def read_conditions() -> Conditions:
    """Of the present request."""
    return Conditions(request.headers.get("If-Match"), request.headers.get("If-None-Match"))


def etag_of(cid: Cid) -> str:
    """The entity tag of a file or folder."""
    return f'"{cid}"'


def names(header: str, cid: Cid) -> bool:
    """Whether a header names the CID, in either spelling."""
    if matches(header, etag_of(cid)):
        return True
    return cid.codec == DAG_PB and matches(header, f'"{cid.text_v0}"')


def _tag(cid: Cid | None) -> dict[str, str]:
    return {"ETag": etag_of(cid)} if cid else {}
