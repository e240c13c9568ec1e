"""The Python twin of what the contracts derive: balances, depletion, limits and service states.

Nothing here is stored anywhere. `contracts/modules/account_word.vy`, `Credits.vy` and
`Hosting.vy` hold the same rules; the tests hold the two against one another to the second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from eth_utils.address import to_checksum_address

DAY = 86_400  # seconds
DEFAULT_PER_DAY = 10**6  # micro credit
NANO_PER_MICRO = 10**3
BASIS_POINTS = 10_000


def chain_now(cursor_block_timestamp: int, wall: int) -> int:
    """The second that derived states are evaluated at; all in unix seconds.

    The wall clock, since a balance runs dry between blocks too; but never earlier than the block
    that the stored rows are true at, however wrong this machine's clock is.
    """
    return max(cursor_block_timestamp, wall)


@dataclass(frozen=True, slots=True)
class Account:
    """The packed word of an account, true at `updated_at` (unix seconds)."""

    paid: int = 0  # nano credit
    granted: int = 0  # nano credit
    rate: int = 0  # nano credit a second
    updated_at: int = 0
    spent_today: int = 0  # micro credit
    lowered: bool = False
    per_day: int = DEFAULT_PER_DAY  # micro credit

    @property
    def balance(self) -> int:
        """nano credit at `updated_at`."""
        return self.paid + self.granted

    @property
    def depletes_at(self) -> int | None:
        """The first unix second at which the balance is 0; None where nothing streams."""
        if self.rate == 0:
            return None
        return self.updated_at + -(-self.balance // self.rate)

    def accrued(self, now: int) -> Account:
        """Burns the stream up to `now`, or up to the second it ran dry if that came first."""
        burned = self.rate * (now - self.updated_at)
        at = now
        if self.rate and burned >= self.balance:
            burned = self.balance
            at = self.depletes_at or now
        from_granted = min(burned, self.granted)
        return replace(
            self,
            granted=self.granted - from_granted,
            paid=self.paid - (burned - from_granted),
            updated_at=at,
        )

    def is_depleted(self, now: int) -> bool:
        """Whether something streams and nothing is left to stream."""
        return self.depletes_at is not None and now >= self.depletes_at

    def has_ended(self, now: int, grace: int) -> bool:
        """Whether the account stayed depleted for the whole grace period (seconds)."""
        return self.depletes_at is not None and now >= max(self.depletes_at, 0) + grace

    def current(self, now: int, grace: int, set_limit: int | None = None) -> Account:
        """As `Credits.account_of` answers at `now`; `set_limit` is the account's last LimitSet."""
        today = self
        if self.updated_at // DAY != now // DAY:
            per_day = set_limit if self.lowered and set_limit is not None else self.per_day
            today = replace(self, spent_today=0, lowered=False, per_day=per_day)
        accrued = today.accrued(now)
        if self.has_ended(now, grace):
            return replace(accrued, rate=0, updated_at=now)
        return accrued


def unpack(word: int) -> Account:
    """Reads an account word; see contracts/modules/account_word.vy for the layout."""
    if word == 0:
        return Account()
    return Account(
        paid=word & (2**60 - 1),
        granted=(word >> 60) & (2**52 - 1),
        rate=(word >> 112) & (2**36 - 1),
        updated_at=(word >> 148) & (2**32 - 1),
        spent_today=(word >> 180) & (2**37 - 1),
        lowered=bool((word >> 217) & 1),
        per_day=(word >> 218) & (2**37 - 1),
    )


class ServiceState(IntEnum):
    """The states of a service; the last two are derived and never stored."""

    ACTIVE = 1
    PAUSED = 2
    SUSPENDED = 3
    STOPPED = 4
    LAPSED = 5
    EXPIRED = 6


@dataclass(frozen=True, slots=True)
class Service:
    """A service as it is stored."""

    id: int
    owner: str
    plan: int
    state: ServiceState
    rate: int  # nano credit a second, before the discount; 0 for a free one
    discount: int  # basis points
    epoch: int
    expires_at: int  # unix seconds, 0 for never

    @property
    def streams(self) -> int:
        """What it streams while it is active, nano credit a second; as `Hosting.streams`."""
        if not self.rate or not self.discount:
            return self.rate
        return max(1, self.rate * (BASIS_POINTS - self.discount) // BASIS_POINTS)


def unpack_service(number: int, word: int) -> Service:
    """Reads a service word; see contracts/modules/service_word.vy for the layout."""
    rate, terms = (word >> 160) & (2**36 - 1), (word >> 196) & (2**32 - 1)
    return Service(
        id=number,
        owner=to_checksum_address((word & (2**160 - 1)).to_bytes(20, "big")),
        plan=(word >> 228) & (2**12 - 1),
        state=ServiceState(word >> 252),
        rate=rate,
        discount=terms if rate else 0,
        epoch=(word >> 240) & (2**12 - 1),
        expires_at=0 if rate else terms,
    )


@dataclass(frozen=True, slots=True)
class Subscription:
    """The tier that an account took, with the terms that it took it at."""

    tier: int = 0
    rate: int = 0  # nano credit a second
    discount: int = 0  # basis points
    services: int = 0  # at once
    epoch: int = 0


def current_tier(
    subscription: Subscription, account: Account, epoch: int, now: int, grace: int
) -> int:
    """The tier that an account has at `now`, as `Hosting.tier_of` answers.

    `account` and `epoch` are as stored; `grace` is Credits' grace period in seconds.
    """
    if subscription.epoch != epoch + account.has_ended(now, grace):
        return 0
    return subscription.tier if account.accrued(now).balance else 0


def service_state(
    service: Service, account: Account, epoch: int, now: int, grace: int
) -> ServiceState:
    """What a service amounts to at `now`, as `Hosting.state_of` answers.

    `account` and `epoch` are its owner's, as stored; `grace` is Credits' grace period in seconds.
    """
    if service.state is ServiceState.STOPPED:
        return ServiceState.STOPPED
    current_epoch = epoch + account.has_ended(now, grace)
    if service.rate and service.epoch < current_epoch:
        return ServiceState.STOPPED
    if service.state is not ServiceState.ACTIVE:
        return service.state
    if service.expires_at and now >= service.expires_at:
        return ServiceState.EXPIRED
    if service.rate and account.is_depleted(now):
        return ServiceState.LAPSED
    return ServiceState.ACTIVE
