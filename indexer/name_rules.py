"""The Python twin of what the clock decides about names: owners, prices, links, attestations.

Nothing here is stored anywhere. `contracts/Domains.vy` and its modules hold the same rules; the
tests hold the two against one another to the second. Seconds are unix seconds, and durations are
in seconds; prices are nano credit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

DAY = 86_400
YEAR = 365 * DAY
GRACE = 90 * DAY  # after `expires_at`, for its owner to renew
MIN_DURATION = 28 * DAY
MAX_AHEAD = 10 * YEAR  # how far a name can be paid
MIN_COMMITMENT_AGE = 60
MAX_COMMITMENT_AGE = DAY
NOTICE = 2 * DAY  # from the announcement of prices until they count
SETTLED = DAY  # how long prices that have come to count can't be followed by others
PREMIUM_DAYS = 21
PREMIUM_START = 10**17
SHORTEST, LONGEST = 3, 5  # characters: of the first price, and of the last

ZERO_ADDRESS = "0x" + "0" * 40

LABEL = re.compile(r"(?!..--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")

PerYear = tuple[int, int, int]  # for labels of 3, 4, and 5 or more characters


class NameState(StrEnum):
    """What a name amounts to at a second; none of it is stored."""

    REGISTERED = "registered"  # its owner's
    GRACE = "grace"  # still its owner's; nothing but renewal moves it
    PREMIUM = "premium"  # anyone's, at the price and a premium that falls
    FREE = "free"  # anyone's, at the price


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is stored; the default is one that nobody ever registered."""

    owner: str = ZERO_ADDRESS
    expires_at: int = 0
    service: int = 0  # as linked; 0 for none
    version: int = 0  # counts its changes of hands
    format: int = 0  # how its content hash is stored; 0 for none

    @property
    def freed_at(self) -> int:
        """The first second at which anyone may register it; 0 where nobody ever did."""
        return self.expires_at + GRACE if self.expires_at else 0

    def is_registered(self, now: int) -> bool:
        """Whether its time is not over."""
        return now < self.expires_at

    def is_free(self, now: int) -> bool:
        """Whether anyone may register it."""
        return now >= self.freed_at

    def state(self, now: int) -> NameState:
        """Where it is in its life."""
        if self.is_registered(now):
            return NameState.REGISTERED
        if not self.is_free(now):
            return NameState.GRACE
        return NameState.PREMIUM if premium(self, now) else NameState.FREE

    def owner_at(self, now: int) -> str | None:
        """As `ownerOf` answers; None where that reverts."""
        return self.owner if self.is_registered(now) else None

    def points(self, version: int, now: int) -> bool:
        """Whether a record that was set in a version counts."""
        return version == self.version and self.is_registered(now)

    def serves(self, service_owner: str | None, now: int) -> int:
        """The service that it serves, as `link_of` answers: 0 for none.

        `service_owner` owns the linked service; None where nothing is known of that.
        """
        if not self.service or not self.is_registered(now) or service_owner != self.owner:
            return 0
        return self.service


def unpack_name(word: int) -> Name:
    """Reads a name word; see contracts/modules/name_word.vy for the layout."""
    return Name(
        owner=to_checksum_address((word & (2**160 - 1)).to_bytes(20, "big")),
        expires_at=(word >> 160) & (2**32 - 1),
        service=(word >> 192) & (2**36 - 1),
        version=(word >> 228) & (2**24 - 1),
        format=word >> 252,
    )


@dataclass(frozen=True, slots=True)
class Prices:
    """What names cost a year, and what they will from `changes_at` on."""

    before: PerYear
    after: PerYear
    changes_at: int

    def at(self, second: int) -> PerYear:
        """Those that count at a second, not before the change that came last but one."""
        return self.after if second >= self.changes_at else self.before

    def cost(self, label: str, duration: int, second: int) -> int:
        """A label's for a duration, rounded up, without a premium."""
        per_year = self.at(second)[min(len(label), LONGEST) - SHORTEST]
        return -(-per_year * duration // YEAR)

    def is_settled(self, now: int) -> bool:
        """Whether others may be announced."""
        return self.before == self.after or not 0 <= now - self.changes_at <= SETTLED


def premium(name: Name, now: int) -> int:
    """What a name costs beyond its price, since it has become free not long ago."""
    if not name.freed_at or not name.is_free(now):
        return 0
    days, seconds = divmod(now - name.freed_at, DAY)
    if days >= PREMIUM_DAYS:
        return 0
    at_dawn = PREMIUM_START >> days
    return at_dawn - (at_dawn >> 1) * seconds // DAY - (PREMIUM_START >> PREMIUM_DAYS)


def price_of(name: Name, prices: Prices, label: str, duration: int, now: int) -> int:
    """What registering or renewing costs now, as `price_of` answers."""
    return prices.cost(label, duration, now) + premium(name, now)


def registration_price(
    name: Name, prices: Prices, label: str, duration: int, committed_at: int, now: int
) -> int:
    """What `register` takes: the price of the commitment's second where that was less."""
    least = min(prices.cost(label, duration, second) for second in (committed_at, now))
    return least + premium(name, now)


def commitment_counts(committed_at: int, now: int) -> bool:
    """Whether a commitment can be revealed; 0 for one that was never made, or is used up."""
    age = now - committed_at
    return committed_at != 0 and MIN_COMMITMENT_AGE <= age <= MAX_COMMITMENT_AGE


def is_allowed(label: str) -> bool:
    """Whether a label may be registered; see contracts/modules/labels.vy."""
    return LABEL.fullmatch(label) is not None


def is_available(name: Name, label: str, now: int) -> bool:
    """Whether a label is allowed and free, as `available` answers."""
    return is_allowed(label) and name.is_free(now)


def node_of(top_node: str, label: str) -> str:
    """The ENS namehash of a label under the top node; 0x and 64 hex digits both."""
    return "0x" + keccak(bytes.fromhex(top_node[2:]) + keccak(text=label)).hex()


@dataclass(frozen=True, slots=True)
class DnsName:
    """Whose a name of the DNS is, as it was attested last."""

    owner: str = ZERO_ADDRESS  # the zero address: revoked
    until: int = 0  # the second from which it counts no more

    def owner_at(self, now: int) -> str | None:
        """As `dns_of` answers; None for nobody."""
        return self.owner if now < self.until else None
