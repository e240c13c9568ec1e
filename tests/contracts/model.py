"""The whole ledger in Python: what each call does, or why it is refused, by `indexer.rules`.

It shares the derived state (accrual, depletion, grace, service states) with the servers, and has
the transitions of its own, so that the contracts are held against both.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from indexer.rules import Account, Service, ServiceState, service_state
from tests.contracts.world import DAY, MICRO, SCALE

PAID_BOUND, RATE_BOUND, LIMIT_BOUND = 2**60, 2**36, 2**37


class Refused(Exception):
    """The revert reason."""


@dataclass(frozen=True)
class Plan:
    """What a plan asks and gives."""

    rate: int  # nano credit a second
    free_period: int  # seconds
    offered: bool = True


def check(condition: bool, reason: str) -> None:
    """As `assert` does in a contract."""
    if not condition:
        raise Refused(reason)


@dataclass
class Model:
    """Credits and Hosting; `now` is the block's second."""

    now: int
    grace: int
    plans: dict[int, Plan]
    accounts: dict[str, Account] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    services: dict[int, Service] = field(default_factory=dict)
    earned: int = 0  # nano credit
    held: int = 0  # nano credit

    # ------------------------------------------------------------ Credits

    def stored(self, who: str) -> Account:
        return self.accounts.get(who, Account())

    def current(self, who: str) -> Account:
        return self.stored(who).current(self.now, self.grace, self.limits.get(who))

    def epoch(self, who: str) -> int:
        return self.epochs.get(who, 0) + self.stored(who).has_ended(self.now, self.grace)

    def refundable(self, who: str) -> int:
        account = self.current(who)
        chargeable = (account.per_day - account.spent_today) * MICRO
        free = min(max(0, account.balance - chargeable), account.paid)
        return free - free % SCALE

    def buy(self, amount: int, who: str) -> None:
        check(amount != 0, "Credits: nothing to buy")
        account = self.current(who)
        paid = account.paid + amount * SCALE
        check(paid < PAID_BOUND, "Credits: paid too large")
        self._write(who, replace(account, paid=paid, updated_at=self.now))
        self.held += amount * SCALE

    def refund(self, amount: int, who: str) -> None:
        account = self.current(who)
        check(amount <= account.paid, "Credits: more than paid credit")
        check(amount <= self.refundable(who), "Credits: limit still chargeable")
        check(amount != 0, "Credits: nothing to pay out")
        check(amount % SCALE == 0, "Credits: not whole asset units")
        self._write(who, replace(account, paid=account.paid - amount))
        self.held -= amount

    def set_limit(self, per_day: int, who: str) -> None:
        account = self.current(who)
        if per_day < account.per_day:
            changed = replace(account, lowered=True)
        else:
            check(per_day < LIMIT_BOUND, "Credits: limit too large")
            changed = replace(account, lowered=False, per_day=per_day)
        self._write(who, changed)
        self.limits[who] = per_day

    def withdraw_earned(self, amount: int) -> None:
        check(amount <= self.earned, "Credits: more than earned")
        check(amount != 0, "Credits: nothing to pay out")
        check(amount % SCALE == 0, "Credits: not whole asset units")
        self.earned -= amount
        self.held -= amount

    def _adjust_rate(self, who: str, delta: int) -> None:
        account = self.current(who)
        check(delta < 0 or account.balance > 0, "Credits: no credit")
        rate = account.rate + delta
        check(rate < RATE_BOUND, "Credits: rate too large")
        updated_at = account.updated_at if rate else self.now
        self._write(who, replace(account, rate=rate, updated_at=updated_at))

    def _write(self, who: str, changed: Account) -> None:
        """What burned until now is earned, an epoch that is over is counted."""
        self.earned += self.stored(who).paid - self.current(who).paid
        self.epochs[who] = self.epoch(who)
        self.accounts[who] = changed

    # ------------------------------------------------------------ Hosting

    def state(self, number: int) -> ServiceState:
        service = self.services[number]
        owner = service.owner
        return service_state(
            service, self.stored(owner), self.epochs.get(owner, 0), self.now, self.grace
        )

    def start(self, plan: int, max_rate: int, who: str) -> None:
        offer = self.plans[plan]
        check(offer.offered, "Hosting: plan not offered")
        check(offer.rate <= max_rate, "Hosting: price above max_rate")
        if offer.rate:
            self._adjust_rate(who, offer.rate)
        number = len(self.services) + 1
        self.services[number] = Service(
            id=number,
            owner=who,
            plan=plan,
            state=ServiceState.ACTIVE,
            rate=offer.rate,
            epoch=self.epoch(who) if offer.rate else 0,
            expires_at=self.now + offer.free_period if offer.free_period else 0,
        )

    def pause(self, number: int, who: str) -> None:
        service = self._owned(number, who)
        check(service.state is ServiceState.ACTIVE, "Hosting: not active")
        self._move(service, ServiceState.PAUSED)

    def resume(self, number: int, who: str) -> None:
        service = self._owned(number, who)
        check(service.state is ServiceState.PAUSED, "Hosting: not paused")
        self._move(service, ServiceState.ACTIVE)

    def stop(self, number: int, who: str) -> None:
        self._move(self._owned(number, who), ServiceState.STOPPED)

    def renew_free(self, number: int, who: str) -> None:
        service = self._owned(number, who)
        check(service.rate == 0, "Hosting: not a free service")
        offer = self.plans[service.plan]
        check(offer.offered and offer.free_period > 0, "Hosting: plan not offered")
        self.services[number] = replace(service, expires_at=self.now + offer.free_period)

    def suspend(self, number: int) -> None:
        service = self._living(number)
        check(service.state is not ServiceState.SUSPENDED, "Hosting: already suspended")
        self._move(service, ServiceState.SUSPENDED)

    def unsuspend(self, number: int) -> None:
        service = self._living(number)
        check(service.state is ServiceState.SUSPENDED, "Hosting: not suspended")
        self._move(service, ServiceState.PAUSED)

    def _living(self, number: int) -> Service:
        check(number in self.services, "Hosting: no such service")
        check(self.state(number) is not ServiceState.STOPPED, "Hosting: service has ended")
        return self.services[number]

    def _owned(self, number: int, who: str) -> Service:
        service = self._living(number)
        check(service.owner == who, "Hosting: not your service")
        return service

    def _move(self, service: Service, state: ServiceState) -> None:
        streamed = service.rate if service.state is ServiceState.ACTIVE else 0
        streams = service.rate if state is ServiceState.ACTIVE else 0
        if streamed != streams:
            self._adjust_rate(service.owner, streams - streamed)
        self.services[service.id] = replace(service, state=state)

    # ------------------------------------------------------------ time

    def moments(self) -> list[int]:
        """The seconds at which something changes by itself, from now on."""
        midnight = (self.now // DAY + 1) * DAY
        dry = [account.depletes_at for account in self.accounts.values()]
        seconds = [second for second in dry if second is not None]
        ends = [second + self.grace for second in seconds]
        expiries = [service.expires_at for service in self.services.values()]
        future = {midnight, *seconds, *ends, *expiries}
        return sorted(second for second in future if second > self.now)
