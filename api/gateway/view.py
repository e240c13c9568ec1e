"""What the gateway knows of sites, services and the chain: in memory, read by every request.

Invariant: whatever is here was true at one block of the mirror and one revision of the sites,
and is changed by the poller alone. A service's state is derived at the second of the request, and
kept no longer than that second, so a balance that runs dry stops a site without a block, a poll or
a message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from api.gateway.contents import DEFAULTS, Options
from indexer.reads import AsOf, ServiceView
from indexer.rules import ServiceState, chain_now


@dataclass(frozen=True, slots=True)
class SiteView:
    """A site and the directory that it serves now."""

    id: str
    name: str
    service_id: int
    live_cid: str | None
    revision: int
    deleted: bool
    options: Options = DEFAULTS


@dataclass(slots=True)
class _Moment:
    """The states at one second by one set of rows: who asks again within it gets the same."""

    wall: int
    as_of: AsOf | None
    of: dict[int, ServiceView]
    states: dict[int, ServiceState | None] = field(default_factory=dict)


@dataclass
class View:
    """One worker's memory."""

    as_of: AsOf | None = None  # None: nothing was mirrored yet
    grace: int = 0  # seconds
    services: dict[int, ServiceView] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)  # of suspended services
    sites: dict[str, SiteView] = field(default_factory=dict)  # by id, deleted ones too
    sites_loaded: bool = False
    newest_revision: int = -1
    by_name: dict[str, SiteView] = field(default_factory=dict)  # without the deleted ones
    suspended_roots: set[str] = field(default_factory=set)
    _moment: _Moment = field(default_factory=lambda: _Moment(-1, None, {}))
    refreshed_at: float = 0.0  # monotonic seconds of the last poll that succeeded

    @property
    def ready(self) -> bool:
        """Whether there is anything to serve by."""
        return self.as_of is not None and self.sites_loaded

    def state_of(self, service_id: int, wall: int) -> ServiceState | None:
        """A service's state at a unix second; None where the chain knows no such service."""
        moment = self._moment
        if moment.wall != wall or moment.as_of is not self.as_of or moment.of is not self.services:
            moment = self._moment = _Moment(wall, self.as_of, self.services)
        states = moment.states
        if service_id not in states:
            states[service_id] = self._derive(moment, service_id)
        return states[service_id]

    def _derive(self, moment: _Moment, service_id: int) -> ServiceState | None:
        service = moment.of.get(service_id)
        if service is None or moment.as_of is None:
            return None
        return service.state(chain_now(moment.as_of.block_timestamp, moment.wall), self.grace)

    def is_suspended(self, root: str) -> bool:
        """Whether a directory is what a suspended site serves."""
        return root in self.suspended_roots

    def put_sites(self, sites: Iterable[SiteView], *, whole: bool) -> None:
        """Takes sites over; `whole`: there are no others."""
        kept = {} if whole else dict(self.sites)
        kept.update((site.id, site) for site in sites)
        self.sites = kept
        self.by_name = {site.name: site for site in kept.values() if not site.deleted}
        self.newest_revision = max((site.revision for site in kept.values()), default=-1)
        self.sites_loaded = True
        self._find_suspended()

    def put_services(
        self, services: Collection[ServiceView], reasons: dict[int, str], *, whole: bool
    ) -> None:
        """Takes services over; `whole`: there are no others."""
        kept = {} if whole else dict(self.services)
        kept.update((view.service.id, view) for view in services)
        other = {} if whole else dict(self.reasons)
        for view in services:
            other.pop(view.service.id, None)
        self.services, self.reasons = kept, other | reasons
        self._find_suspended()

    def _find_suspended(self) -> None:
        self.suspended_roots = {
            site.live_cid
            for site in self.by_name.values()
            if site.live_cid
            and (view := self.services.get(site.service_id)) is not None
            and view.service.state is ServiceState.SUSPENDED
        }
