"""Domains in Python: what each call does, or why it is refused. Time, in seconds, is given to it.

What the clock decides is asked of the mirror's twin (`indexer/name_rules.py`), which is so held
against the contract. A name's row is what the mirror keeps of it; records stand beside it under
their version, as the mirror keeps them, so that a change of hands forgets them untouched.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from indexer import name_rules
from indexer.name_rules import Name, NameState, PerYear, Prices
from tests.contracts.domains.registry import (
    MAX_AGE,
    MAX_AHEAD,
    MIN_AGE,
    MIN_DURATION,
    PREMIUM_DAYS,
    PRICES,
)
from tests.contracts.model import Refused, check
from tests.contracts.world import DAY

Order = tuple[str, str, int]  # label, owner, duration


@dataclass
class Model:
    """All names, at a second."""

    now: int
    labels: tuple[str, ...]
    names: dict[str, Name] = field(default_factory=dict)
    commitments: dict[Order, int] = field(default_factory=dict)
    approvals: dict[tuple[str, int], str] = field(default_factory=dict)
    records: dict[tuple[str, str], tuple[int, object]] = field(default_factory=dict)
    services: dict[int, str] = field(default_factory=dict)
    stopped: set[int] = field(default_factory=set)
    open: bool = True
    prices: Prices = field(default_factory=lambda: Prices(PRICES, PRICES, 0))
    costs: dict[Order, int] = field(default_factory=dict)  # nano credit, at the commitment

    def name(self, label: str) -> Name:
        """As stored."""
        return self.names.get(label, Name())

    def is_free(self, label: str) -> bool:
        """Whether it is anyone's."""
        return self.name(label).is_free(self.now)

    def owner(self, label: str) -> str:
        """Of a name whose time is not over."""
        found = self.name(label).owner_at(self.now)
        if found is None:
            check(self.name(label).state(self.now) is NameState.GRACE, "Domains: no such name")
            raise Refused("Domains: name has expired")
        return found

    def held_by(self, account: str) -> int:
        """How many names came to an account and went to no other."""
        return sum(name.owner == account for name in self.names.values())

    def record(self, label: str, key: str, nothing: object) -> object:
        """What the name points to now."""
        version, said = self.records.get((label, key), (0, nothing))
        return said if self.name(label).points(version, self.now) else nothing

    def link(self, label: str) -> int:
        """The service that it serves now."""
        name = self.name(label)
        return name.serves(self.services.get(name.service), self.now)

    def price(self, label: str, duration: int) -> int:
        """nano credit, now."""
        return name_rules.price_of(self.name(label), self.prices, label, duration, self.now)

    def registration_price(self, order: Order) -> int:
        """nano credit, now; never more than it cost when it was committed to."""
        label, _, duration = order
        now = self.prices.cost(label, duration, self.now)
        cost = min(now, self.costs.get(order, now))
        made_at = self.commitments.get(order, 0)
        if name_rules.commitment_counts(made_at, self.now):
            then = self.prices.cost(label, duration, made_at)
            assert cost == min(now, then), "the twin's prices tell no more what it cost then"
        return cost + name_rules.premium(self.name(label), self.now)

    def moments(self) -> list[int]:
        """The seconds to come at which something changes by itself."""
        found = [made_at + age for made_at in self.commitments.values() for age in (60, MAX_AGE)]
        for name in self.names.values():
            found += [name.expires_at, name.freed_at, name.freed_at + PREMIUM_DAYS * DAY]
        found += [self.prices.changes_at, self.prices.changes_at + DAY + 1]
        return sorted(second for second in found if second > self.now)

    # ------------------------------------------------------------ calls

    def commit(self, order: Order) -> None:
        """Remembers the second."""
        made_at = self.commitments.get(order)
        check(made_at is None or self.now > made_at + MAX_AGE, "Domains: already committed")
        self.commitments[order] = self.now
        self.costs[order] = self.prices.cost(order[0], order[2], self.now)

    def register(self, order: Order, balance: int) -> None:
        """Gives a free name to its owner."""
        label, owner, duration = order
        check(self.open, "Domains: registering is stopped")
        made_at = self.commitments.get(order)
        if made_at is None:
            raise Refused("Domains: no commitment")
        check(self.now >= made_at + MIN_AGE, "Domains: commitment too young")
        check(self.now <= made_at + MAX_AGE, "Domains: commitment too old")
        check(self.is_free(label), "Domains: name is taken")
        check(self.registration_price(order) <= balance, "Credits: not enough credit")
        del self.commitments[order]
        version = self.names[label].version + 1 if label in self.names else 0
        self.names[label] = Name(owner, self.now + duration, 0, version)

    def renew(self, label: str, duration: int, balance: int) -> None:
        """Gives a name more time."""
        check(not self.is_free(label), "Domains: no such name")
        expires_at = self.name(label).expires_at + duration
        check(duration >= MIN_DURATION, "Domains: duration too short")
        check(expires_at <= self.now + MAX_AHEAD, "Domains: duration too long")
        check(expires_at > self.now, "Domains: duration too short")
        cost = self.prices.cost(label, duration, self.now)
        check(cost <= balance, "Credits: not enough credit")
        self.names[label] = replace(self.name(label), expires_at=expires_at)

    def transfer(self, label: str, owner: str, to: str, sender: str) -> None:
        """Changes hands, and clears what it points to."""
        found = self.owner(label)
        version = self.name(label).version
        check(found == owner, "Domains: not the owner")
        approved = self.approvals.get((label, version))
        check(sender in (found, approved), "Domains: not your name")
        self.names[label] = replace(self.name(label), owner=to, service=0, version=version + 1)

    def approve(self, label: str, approved: str, sender: str) -> None:
        """For this version."""
        check(self.owner(label) == sender, "Domains: not your name")
        self.approvals[label, self.name(label).version] = approved

    def set_record(self, label: str, key: str, said: object, sender: str) -> None:
        """For this version."""
        check(self.owner(label) == sender, "Domains: not your name")
        self.records[label, key] = (self.name(label).version, said)

    def set_link(self, label: str, service: int, sender: str) -> None:
        """0 unlinks."""
        check(self.owner(label) == sender, "Domains: not your name")
        if service:
            check(service in self.services, "Hosting: no such service")
            check(self.services[service] == sender, "Domains: not your service")
            check(service not in self.stopped, "Domains: service has ended")
        else:
            check(self.name(label).service, "Domains: not linked")
        self.names[label] = replace(self.name(label), service=service)

    def set_prices(self, per_year: PerYear) -> None:
        """Announces prices."""
        check(self.prices.is_settled(self.now), "Domains: prices just changed")
        changes_at = self.now + name_rules.NOTICE
        self.prices = Prices(self.prices.at(self.now), per_year, changes_at)
