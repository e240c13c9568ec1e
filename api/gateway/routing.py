"""Who may be served what: from a host and a path to a root CID, or to the reason why not.

The service's state is asked at the second of each request.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from api.gateway import pages
from api.gateway.contents import BARE, Face, Key, Options
from api.gateway.hosts import Host, HostKind
from api.gateway.open import IPFS
from api.gateway.pages import Refusal
from api.gateway.previews import Preview
from api.gateway.view import View
from api.storage.ports import BadCid
from api.storage.unixfs.cid import is_other_cid, parse_cid
from indexer.rules import ServiceState


@dataclass(slots=True)  # not frozen: one is made at each request, which takes half as long
class Target:
    """What to resolve; never changed."""

    root: str
    path: str  # decoded, starts with a slash
    face: Face
    options: Options = BARE

    @property
    def key(self) -> Key:
        """What it is kept under."""
        return self.root, self.path, self.face, self.options


def check_path(path: str) -> None:
    """Refuses dot segments and what no URL means; raises Refusal."""
    if not path.startswith("/") or "\0" in path:
        raise pages.bad_path()
    if "/." in path and any(name in (".", "..") for name in path.split("/")):
        raise pages.bad_path()


def route_site(view: View, host: Host, path: str, wall: int) -> Target:
    """A site's live deployment; `wall` in unix seconds. Raises Refusal."""
    site = view.by_name.get(host.label)
    if site is None or host.kind is not HostKind.SITE:
        raise pages.unknown_site()
    _check_service(view, site.service_id, wall)
    if site.live_cid is None:
        raise pages.not_published()
    return Target(site.live_cid, path, Face.SITE, site.options)


def route_preview(view: View, preview: Preview, path: str, wall: int) -> Target:
    """A deployment of a site that is there and paid for; raises Refusal."""
    site = view.sites.get(preview.site_id) if preview.site_id else None
    if site is None or site.deleted:
        raise pages.unknown_site()
    _check_service(view, site.service_id, wall)
    if preview.cid is None:
        raise pages.not_published()
    return Target(preview.cid, path, Face.PREVIEW, site.options)


def route_path(view: View, path: str) -> Target:
    """`/ipfs/{cid}/…` on the bare domain; raises Refusal, also for what a suspended site serves."""
    if not path.startswith(IPFS):
        raise pages.not_found()
    text, slash, rest = path[len(IPFS) :].partition("/")
    return _bare(view, text, slash + rest, Face.PATH)


def route_origin(view: View, host: Host, path: str) -> Target:
    """`{cid}.ipfs.{base}`, an origin of a root's own; raises Refusal as `route_path` does."""
    return _bare(view, host.label, path, Face.ORIGIN)


def check_holders(view: View, services: Collection[int], wall: int) -> None:
    """Whether content that these services hold is public; raises Refusal.

    It is as long as one of them is active: who pays keeps it on the air.
    """
    states = {service_id: view.state_of(service_id, wall) for service_id in services}
    if ServiceState.ACTIVE in states.values():
        return
    for state in (ServiceState.SUSPENDED, ServiceState.PAUSED, *ServiceState):
        for service_id, found in states.items():
            if found is state:
                raise _refusal(view, service_id, state)
    raise pages.not_held()


def _bare(view: View, text: str, path: str, face: Face) -> Target:
    try:
        root = parse_cid(text)
    except BadCid:
        raise (pages.not_kept() if is_other_cid(text) else pages.bad_cid()) from None
    if view.is_suspended(str(root)):
        raise pages.suspended(None)
    return Target(str(root), path, face)


def _check_service(view: View, service_id: int, wall: int) -> None:
    state = view.state_of(service_id, wall)
    if state is not ServiceState.ACTIVE:
        raise _refusal(view, service_id, state)


def _refusal(view: View, service_id: int, state: ServiceState | None) -> Refusal:
    match state:
        case ServiceState.PAUSED:
            return pages.paused()
        case ServiceState.LAPSED:
            return pages.lapsed()
        case ServiceState.EXPIRED:
            return pages.expired()
        case ServiceState.SUSPENDED:
            return pages.suspended(view.reasons.get(service_id))
        case ServiceState.STOPPED:
            return pages.stopped()
        case _:  # a block that started it was orphaned
            return pages.unknown_site()
