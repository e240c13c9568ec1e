"""The whole ledger in Python: what each call does, or why it is refused, by `indexer.rules`.

It shares the derived state (accrual, depletion, grace, service states) with the servers, and has
the transitions of its own, so that the contracts are held against both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import boa

from indexer.rules import (
    Account,
    Service,
    ServiceState,
    Subscription,
    current_tier,
    service_state,
)
from tests.contracts.world import DAY, GRANT_CAP, MICRO, NUMBERS, SCALE

PAID_BOUND, GRANTED_BOUND, RATE_BOUND, LIMIT_BOUND = 2**60, 2**52, 2**36, 2**37
ASKED_BOUND = 2**48
ETHER = 10**18
GIVEN, FROZEN, FORFEITED = 1, 2, 3


class Refused(Exception):
    """The revert reason."""


@dataclass(frozen=True)
class Plan:
    """What a plan asks and gives."""

    rate: int  # nano credit a second
    free_period: int  # seconds
    offered: bool = True


@dataclass(frozen=True)
class Tier:
    """What a tier asks and gives."""

    rate: int  # nano credit a second
    discount: int  # basis points
    services: int
    offered: bool = True


@dataclass(frozen=True)
class Tenant:
    """What Hosting keeps of an account."""

    subscription: Subscription = field(default_factory=Subscription)
    free: int = 0
    paid: int = 0


@dataclass(frozen=True)
class Grant:
    """What became of a grant."""

    account: str
    amount: int  # nano credit
    state: int


def check(condition: object, reason: str) -> None:
    """As `assert` does in a contract."""
    if not condition:
        raise Refused(reason)


def agree(expected: Callable[[], None], call: Callable[[], object]) -> bool:
    """Both do it: True; or the model refuses and the contract reverts for that very reason."""
    try:
        expected()
    except Refused as refused:
        with boa.reverts(str(refused)):
            call()
        return False
    call()
    return True


@dataclass
class Model:
    """Credits and Hosting; `now` is the block's second, `hosting` and `meter` may change rates."""

    now: int
    grace: int
    plans: dict[int, Plan]
    tiers: dict[int, Tier]
    hosting: str = "hosting"
    price: int = 0  # nano credit for one ether
    accounts: dict[str, Account] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    shares: Counter[tuple[str, str, int]] = field(default_factory=Counter)  # meter, account, epoch
    grants: dict[bytes, Grant] = field(default_factory=dict)
    granted: Counter[int] = field(default_factory=Counter)  # nano credit by day
    sequence: int = 0
    closed: bool = False
    tenants: dict[str, Tenant] = field(default_factory=dict)
    started: Counter[int] = field(default_factory=Counter)  # by plan
    services: dict[int, Service] = field(default_factory=dict)
    earned: int = 0  # nano credit
    float_: int = 0  # nano credit
    held: int = 0  # nano credit
    wei: int = 0

    # ------------------------------------------------------------ accounts

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

    def _write(self, who: str, changed: Account, out: int = 0) -> None:
        """What burned until now is earned, as is paid credit that was taken beside (`out`)."""
        self.earned += self.stored(who).paid - self.current(who).paid + out
        self.epochs[who] = self.epoch(who)
        self.accounts[who] = changed

    def _take(self, account: Account, amount: int) -> tuple[Account, int]:
        """Granted credit first; the account after it, and the paid credit in it."""
        from_granted = min(amount, account.granted)
        from_paid = amount - from_granted
        taken = replace(
            account, granted=account.granted - from_granted, paid=account.paid - from_paid
        )
        return taken, from_paid

    # ------------------------------------------------------------ money in and out

    def buy(self, amount: int, who: str, transfer: str = "") -> None:
        """`transfer`: why the asset's own transfer is refused; it comes before the account."""
        check(not self.closed, "Credits: buying is paused")
        check(amount != 0, "Credits: nothing to buy")
        check(amount < PAID_BOUND, "Credits: paid too large")
        check(not transfer, transfer)
        self._credit(who, amount * SCALE)
        self.held += amount * SCALE

    def buy_with_ether(self, wei: int, min_credits: int, who: str) -> None:
        check(not self.closed, "Credits: buying is paused")
        credits_ = wei * self.price // ETHER
        check(credits_ != 0, "Credits: nothing to buy")
        check(credits_ >= min_credits, "Credits: below min_credits")
        check(credits_ <= self.float_, "Credits: float is short")
        self._credit(who, credits_)
        self.float_ -= credits_
        self.wei += wei

    def _credit(self, who: str, credits_: int) -> None:
        account = self.stored(who)
        if who not in self.accounts or account.is_depleted(self.now):
            account = replace(self.current(who), updated_at=self.now)
            check(account.paid + credits_ < PAID_BOUND, "Credits: paid too large")
            self._write(who, replace(account, paid=account.paid + credits_))
        else:  # nothing has to be accrued before paid credit is added
            check(account.paid + credits_ < PAID_BOUND, "Credits: paid too large")
            self.accounts[who] = replace(account, paid=account.paid + credits_)

    def refund(self, amount: int, who: str, transfer: str = "") -> None:
        """`transfer`: why the asset's own transfer is refused; it comes last."""
        check(amount <= self.current(who).paid, "Credits: more than paid credit")
        check(amount <= self.refundable(who), "Credits: limit still chargeable")
        check(amount != 0, "Credits: nothing to pay out")
        check(amount % SCALE == 0, "Credits: not whole asset units")
        check(not transfer, transfer)
        account = self.stored(who)
        self.accounts[who] = replace(account, paid=account.paid - amount)
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

    def add_float(self, amount: int) -> None:
        check(amount != 0, "Credits: nothing to add")
        self.float_ += amount * SCALE
        self.held += amount * SCALE

    def withdraw_float(self, amount: int) -> None:
        check(amount <= self.float_, "Credits: more than the float")
        self._pay_out(amount)
        self.float_ -= amount

    def withdraw_earned(self, amount: int) -> None:
        check(amount <= self.earned, "Credits: more than earned")
        self._pay_out(amount)
        self.earned -= amount

    def _pay_out(self, amount: int) -> None:
        check(amount != 0, "Credits: nothing to pay out")
        check(amount % SCALE == 0, "Credits: not whole asset units")
        self.held -= amount

    # ------------------------------------------------------------ grants and charges

    def grant(self, who: str, amount: int, reference: bytes) -> None:
        check(amount != 0, "Credits: nothing to grant")
        check(reference not in self.grants, "Credits: reference used")
        check(amount < GRANTED_BOUND, "Credits: granted too large")
        today = self.granted[self.now // DAY] + amount
        check(today <= GRANT_CAP, "Credits: above the grant cap")
        self._give(who, amount)
        self.granted[self.now // DAY] = today
        self.grants[reference] = Grant(who, amount, GIVEN)

    def _give(self, who: str, amount: int) -> None:
        account = self.current(who)
        check(account.granted + amount < GRANTED_BOUND, "Credits: granted too large")
        updated_at = self.now if amount else account.updated_at
        given = replace(account, granted=account.granted + amount, updated_at=updated_at)
        self._write(who, given)

    def freeze(self, reference: bytes) -> None:
        check(reference in self.grants, "Credits: no such grant")
        grant = self.grants[reference]
        check(grant.state == GIVEN, "Credits: grant not given")
        account = self.current(grant.account)
        amount = min(grant.amount, account.granted)
        self._write(grant.account, replace(account, granted=account.granted - amount))
        self.grants[reference] = replace(grant, amount=amount, state=FROZEN)

    def unfreeze(self, reference: bytes) -> None:
        grant = self.grants.get(reference)
        check(grant is not None and grant.state == FROZEN, "Credits: grant not frozen")
        assert grant is not None
        self._give(grant.account, grant.amount)
        self.grants[reference] = replace(grant, state=GIVEN)

    def forfeit(self, reference: bytes) -> None:
        if reference not in self.grants or self.grants[reference].state != FROZEN:
            self.freeze(reference)
        self.grants[reference] = replace(self.grants[reference], state=FORFEITED)

    def settle(self, sequence: int, charges: Sequence[tuple[str, int]]) -> None:
        check(sequence == self.sequence, "Credits: not the next sequence")
        self.sequence += 1
        for who, asked in charges:
            account = self.current(who)
            left = account.per_day - account.spent_today
            charged = min(asked, ASKED_BOUND - 1, left, account.balance // MICRO)
            if charged:
                taken, from_paid = self._take(account, charged * MICRO)
                spent = account.spent_today + charged
                self._write(who, replace(taken, spent_today=spent), from_paid)

    # ------------------------------------------------------------ meters

    def spend(self, who: str, amount: int) -> None:
        check(amount != 0, "Credits: nothing to spend")
        account = self.current(who)
        check(amount <= account.balance, "Credits: not enough credit")
        taken, from_paid = self._take(account, amount)
        self._write(who, taken, from_paid)

    def adjust_rate(self, meter: str, who: str, delta: int) -> None:
        account = self.current(who)
        share = (meter, who, self.epoch(who))
        if delta >= 0:
            check(account.balance > 0, "Credits: no credit")
            check(account.rate + delta < RATE_BOUND, "Credits: rate too large")
        else:
            check(-delta < RATE_BOUND, "Credits: more than it started")
            started = self.shares[share]
            check(started > 0, "Credits: nothing streams")
            check(-delta <= started, "Credits: more than it started")
        rate = account.rate + delta
        updated_at = account.updated_at if rate or delta >= 0 else self.now
        self._write(who, replace(account, rate=rate, updated_at=updated_at))
        self.shares[share] += delta

    # ------------------------------------------------------------ tiers

    def tenant(self, who: str) -> Tenant:
        tenant = self.tenants.get(who, Tenant())
        epoch = self.epoch(who)
        if tenant.subscription.epoch == epoch:
            return tenant
        return Tenant(Subscription(epoch=epoch), free=tenant.free)

    def tier(self, who: str) -> int:
        tenant = self.tenants.get(who, Tenant())
        return current_tier(
            tenant.subscription,
            self.stored(who),
            self.epochs.get(who, 0),
            self.now,
            self.grace,
        )

    def subscribe(self, tier: int, max_rate: int, who: str) -> None:
        terms = self.tiers.get(tier, Tier(0, 0, 0, False)) if tier else Tier(0, 0, 0)
        check(terms.offered, "Hosting: tier not offered")
        check(terms.rate <= max_rate, "Hosting: price above max_rate")
        tenant = self.tenant(who)
        before = tenant.subscription
        check(bool(tier or before.tier), "Hosting: not subscribed")
        if terms.rate != before.rate:
            self.adjust_rate(self.hosting, who, terms.rate - before.rate)
        taken = Subscription(tier, terms.rate, terms.discount, terms.services, before.epoch)
        self.tenants[who] = replace(tenant, subscription=taken)

    def unsubscribe(self, who: str) -> None:
        self.subscribe(0, 0, who)

    def _join(self, who: str, paid: bool) -> Tenant:
        """One service more, if the tier has room; its allowance is looked up when used up."""
        tenant = self.tenant(who)
        subscription = tenant.subscription
        count = tenant.free + tenant.paid
        if count >= subscription.services:
            allowed = self.tiers.get(subscription.tier, Tier(0, 0, 0)).services
            check(count < allowed, "Hosting: too many services")
            subscription = replace(subscription, services=allowed)
        free, paid_ = tenant.free + (not paid), tenant.paid + paid
        return Tenant(subscription, free, paid_)

    def _leave(self, service: Service) -> None:
        tenant, paid = self.tenant(service.owner), service.rate > 0
        self.tenants[service.owner] = replace(
            tenant, free=tenant.free - (not paid), paid=tenant.paid - paid
        )

    # ------------------------------------------------------------ services

    def state(self, number: int) -> ServiceState:
        service = self.services[number]
        owner = service.owner
        return service_state(
            service, self.stored(owner), self.epochs.get(owner, 0), self.now, self.grace
        )

    def start(self, plan: int, max_rate: int, who: str) -> None:
        offer = self.plans[plan]
        check(offer.offered, "Hosting: plan not offered")
        tenant = self._join(who, paid=offer.rate > 0)
        number = plan * NUMBERS + self.started[plan] + 1
        service = Service(
            id=number,
            owner=who,
            plan=plan,
            state=ServiceState.ACTIVE,
            rate=offer.rate,
            discount=tenant.subscription.discount if offer.rate else 0,
            epoch=self.epoch(who) if offer.rate else 0,
            expires_at=self.now + offer.free_period if offer.free_period else 0,
        )
        if offer.rate:
            check(service.streams <= max_rate, "Hosting: price above max_rate")
            self.adjust_rate(self.hosting, who, service.streams)
        self.tenants[who] = tenant
        self.started[plan] += 1
        self.services[number] = service

    def pause(self, number: int, who: str) -> None:
        self._toggle(number, who, ServiceState.ACTIVE, ServiceState.PAUSED)

    def resume(self, number: int, who: str) -> None:
        self._toggle(number, who, ServiceState.PAUSED, ServiceState.ACTIVE)

    def _toggle(self, number: int, who: str, before: ServiceState, after: ServiceState) -> None:
        """Whether it has ended shows only after Credits was asked to change the rate."""
        check(number in self.services, "Hosting: no such service")
        service = self.services[number]
        check(service.owner == who, "Hosting: not your service")
        if service.state is not before:
            self._living(number)
            raise Refused(f"Hosting: not {before.name.lower()}")
        if service.rate and self.state(number) is ServiceState.STOPPED:
            if after is ServiceState.ACTIVE:
                check(self.current(who).balance > 0, "Credits: no credit")
                rate = self.current(who).rate + service.streams
                check(rate < RATE_BOUND, "Credits: rate too large")
            else:
                share = self.shares[self.hosting, who, self.epoch(who)]
                check(share > 0, "Credits: nothing streams")
                check(service.streams <= share, "Credits: more than it started")
            raise Refused("Hosting: service has ended")
        self._move(service, after)

    def stop(self, number: int, who: str) -> None:
        service = self._owned(number, who)
        self._move(service, ServiceState.STOPPED)
        self._leave(service)

    def transfer(self, number: int, to: str, who: str) -> None:
        service = self._owned(number, who)
        check(service.state is not ServiceState.SUSPENDED, "Hosting: suspended")
        check(to != who, "Hosting: no such receiver")
        active = service.state is ServiceState.ACTIVE
        tenant = self._join(to, paid=service.rate > 0)
        if active and service.rate:
            account = self.current(to)
            check(account.balance > 0, "Credits: no credit")
            check(account.rate + service.streams < RATE_BOUND, "Credits: rate too large")
        limit = self.current(to).per_day
        check(limit != 0, "Hosting: receiver takes nothing")
        rate = self.current(to).rate + (service.streams if active else 0)
        check(rate * DAY <= limit * MICRO, "Hosting: above receiver's limit")
        if active and service.rate:
            self.adjust_rate(self.hosting, who, -service.streams)
            self.adjust_rate(self.hosting, to, service.streams)
        self._leave(service)
        self.tenants[to] = tenant
        epoch = self.epoch(to) if service.rate else 0
        self.services[number] = replace(service, owner=to, epoch=epoch)

    def renew_free(self, number: int, who: str) -> None:
        service = self._owned(number, who)
        check(service.rate == 0, "Hosting: not a free service")
        offer = self.plans[service.plan]
        check(offer.offered and offer.rate == 0, "Hosting: plan not offered")
        self.services[number] = replace(service, expires_at=self.now + offer.free_period)

    def take_rate(self, number: int, max_rate: int, who: str) -> None:
        service = self._owned(number, who)
        check(service.rate != 0, "Hosting: not a paid service")
        offer = self.plans[service.plan]
        check(offer.offered and offer.rate != 0, "Hosting: plan not offered")
        check(service.state is not ServiceState.SUSPENDED, "Hosting: suspended")
        discount = self.tenant(who).subscription.discount
        repriced = replace(service, rate=offer.rate, discount=discount)
        check(repriced.streams <= max_rate, "Hosting: price above max_rate")
        self._reprice(service, repriced)

    def reprice(self, number: int) -> None:
        service = self._living(number)
        check(service.rate != 0, "Hosting: not a paid service")
        check(service.state is not ServiceState.SUSPENDED, "Hosting: suspended")
        discount = self.tenant(service.owner).subscription.discount
        check(discount != service.discount, "Hosting: nothing to reprice")
        self._reprice(service, replace(service, discount=discount))

    def _reprice(self, before: Service, after: Service) -> None:
        if before.state is ServiceState.ACTIVE and before.streams != after.streams:
            self.adjust_rate(self.hosting, before.owner, after.streams - before.streams)
        self.services[before.id] = after

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
        check(number in self.services, "Hosting: no such service")
        check(self.services[number].owner == who, "Hosting: not your service")
        return self._living(number)

    def _move(self, service: Service, state: ServiceState) -> None:
        streamed = service.streams if service.state is ServiceState.ACTIVE else 0
        streams = service.streams if state is ServiceState.ACTIVE else 0
        if streamed != streams:
            self.adjust_rate(self.hosting, service.owner, streams - streamed)
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
