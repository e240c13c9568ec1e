"""Domains in Python: what each call does, or why it is refused. Time, in seconds, is given to it.

A name's row is what the mirror keeps of it; records stand beside it under its version, as the
mirror would keep them, so that a change of hands forgets them without touching them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tests.contracts.domains.registry import (
    MAX_AGE,
    MAX_AHEAD,
    MIN_AGE,
    MIN_DURATION,
    NAME_GRACE,
    PREMIUM_DAYS,
    cost,
    premium,
)
from tests.contracts.world import DAY, ZERO

Order = tuple[str, str, int]  # label, owner, duration


class Refused(Exception):
    """The call reverts, for this reason."""


def require(holds: object, reason: str) -> None:
    """Refuses what must not be."""
    if not holds:
        raise Refused(reason)


@dataclass(frozen=True)
class Name:
    """A name's row."""

    owner: str = ZERO
    expires_at: int = 0
    service: int = 0
    version: int = 0

    @property
    def freed_at(self) -> int:
        """The first second at which it is anyone's."""
        return self.expires_at + NAME_GRACE if self.expires_at else 0


@dataclass
class Model:
    """All names, at a second."""

    now: int
    labels: tuple[str, ...]
    names: dict[str, Name] = field(default_factory=dict)
    commitments: dict[Order, int] = field(default_factory=dict)
    approvals: dict[tuple[str, int], str] = field(default_factory=dict)
    records: dict[tuple[str, int, str], object] = field(default_factory=dict)
    services: dict[int, str] = field(default_factory=dict)
    stopped: set[int] = field(default_factory=set)
    open: bool = True

    def name(self, label: str) -> Name:
        """As stored."""
        return self.names.get(label, Name())

    def is_registered(self, label: str) -> bool:
        """Whether its time is not over."""
        return self.now < self.name(label).expires_at

    def is_free(self, label: str) -> bool:
        """Whether it is anyone's."""
        return self.now >= self.name(label).freed_at

    def owner(self, label: str) -> str:
        """Of a name whose time is not over."""
        if not self.is_registered(label):
            require(not self.is_free(label), "Domains: no such name")
            raise Refused("Domains: name has expired")
        return self.name(label).owner

    def held_by(self, account: str) -> int:
        """How many names came to an account and went to no other."""
        return sum(name.owner == account for name in self.names.values())

    def record(self, label: str, key: str, nothing: object) -> object:
        """What the name points to now."""
        if not self.is_registered(label):
            return nothing
        return self.records.get((label, self.name(label).version, key), nothing)

    def link(self, label: str) -> int:
        """The service that it serves now."""
        name = self.name(label)
        if not self.is_registered(label) or self.services.get(name.service) != name.owner:
            return 0
        return name.service

    def price(self, label: str, duration: int) -> int:
        """nano credit, now."""
        name = self.name(label)
        extra = 0
        if name.expires_at and self.is_free(label):
            extra = premium(self.now - name.freed_at)
        return cost(label, duration) + extra

    def moments(self) -> list[int]:
        """The seconds to come at which something changes by itself."""
        found = [made_at + age for made_at in self.commitments.values() for age in (60, MAX_AGE)]
        for name in self.names.values():
            found += [name.expires_at, name.freed_at, name.freed_at + PREMIUM_DAYS * DAY]
        return sorted(second for second in found if second > self.now)

    # ------------------------------------------------------------ calls

    def commit(self, order: Order) -> None:
        """Remembers the second."""
        made_at = self.commitments.get(order)
        require(made_at is None or self.now > made_at + MAX_AGE, "Domains: already committed")
        self.commitments[order] = self.now

    def register(self, order: Order, balance: int) -> None:
        """Gives a free name to its owner."""
        label, owner, duration = order
        require(self.open, "Domains: registering is stopped")
        made_at = self.commitments.get(order)
        if made_at is None:
            raise Refused("Domains: no commitment")
        require(self.now >= made_at + MIN_AGE, "Domains: commitment too young")
        require(self.now <= made_at + MAX_AGE, "Domains: commitment too old")
        require(self.is_free(label), "Domains: name is taken")
        require(self.price(label, duration) <= balance, "Credits: not enough credit")
        del self.commitments[order]
        version = self.names[label].version + 1 if label in self.names else 0
        self.names[label] = Name(owner, self.now + duration, 0, version)

    def renew(self, label: str, duration: int, balance: int) -> None:
        """Gives a name more time."""
        require(not self.is_free(label), "Domains: no such name")
        expires_at = self.name(label).expires_at + duration
        require(duration >= MIN_DURATION, "Domains: duration too short")
        require(expires_at <= self.now + MAX_AHEAD, "Domains: duration too long")
        require(expires_at > self.now, "Domains: duration too short")
        require(cost(label, duration) <= balance, "Credits: not enough credit")
        self.names[label] = replace(self.name(label), expires_at=expires_at)

    def transfer(self, label: str, owner: str, to: str, sender: str) -> None:
        """Changes hands, and clears what it points to."""
        found = self.owner(label)
        version = self.name(label).version
        require(found == owner, "Domains: not the owner")
        approved = self.approvals.get((label, version))
        require(sender in (found, approved), "Domains: not your name")
        self.names[label] = replace(self.name(label), owner=to, service=0, version=version + 1)

    def approve(self, label: str, approved: str, sender: str) -> None:
        """For this version."""
        require(self.owner(label) == sender, "Domains: not your name")
        self.approvals[label, self.name(label).version] = approved

    def set_record(self, label: str, key: str, said: object, sender: str) -> None:
        """For this version."""
        require(self.owner(label) == sender, "Domains: not your name")
        self.records[label, self.name(label).version, key] = said

    def set_link(self, label: str, service: int, sender: str) -> None:
        """0 unlinks."""
        require(self.owner(label) == sender, "Domains: not your name")
        if service:
            require(service in self.services, "Hosting: no such service")
            require(self.services[service] == sender, "Domains: not your service")
            require(service not in self.stopped, "Domains: service has ended")
        else:
            require(self.name(label).service, "Domains: not linked")
        self.names[label] = replace(self.name(label), service=service)
