"""Credits, Hosting and TestUSD together, under several actors and the clock, against the model.

After every step: each call did what the model says or was refused with the reason that it gives;
the mirror that the events alone make is the model; and every view says what the rules say, to the
base unit and to the second, now and around the next moment at which something changes by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import cache, partial
from typing import Any

import boa
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from indexer.rules import Account, Service, ServiceState, unpack
from tests.contracts.effort import effort
from tests.contracts.model import Model, Plan, Refused
from tests.contracts.world import (
    DAY,
    FREE,
    FREE_PERIOD,
    GRACE,
    HERE,
    REFERENCE,
    SCALE,
    SITE,
    SITE_RATE,
    STORAGE,
    STORAGE_RATE,
    World,
    deploy,
    load,
)

NEVER = 2**256 - 1
DEAR, DEAR_RATE = 9, 2**35  # two of them are more than an account can stream
LAST_SECOND = 2**32 - 2 * FREE_PERIOD  # no word of this project outlives the year 2106
PEOPLE = st.integers(0, 2)
SERVICES = st.integers(1, 8)
AMOUNTS = st.sampled_from([0, 1, 2, 999, 10**6, 20 * 10**6, 2**60 // SCALE - 1]) | st.integers(
    1, 10**8
)
LIMITS = st.sampled_from([0, 1, 10**6, 10**6 + 1, 2**37 - 1, 2**37]) | st.integers(0, 10**8)


@cache
def stage() -> tuple[World, Any]:
    """The contracts, deployed once, and the probe."""
    world = deploy()
    world.hosting.set_plan(DEAR, "Dear", 3, DEAR_RATE, 0, True)
    return world, load(HERE / "harness" / "Probe.vy")


@pytest.fixture(scope="module", autouse=True)
def staged(deployed: World) -> None:
    """Before the first example, since titanoboa takes back what an example did."""
    stage()


class Ledger(RuleBasedStateMachine):
    """The actors' moves."""

    def __init__(self) -> None:
        super().__init__()
        self.world, self.probe = stage()
        self.undo = ExitStack()
        self.undo.enter_context(boa.env.anchor())
        self.people = [self.world.alice, self.world.bob, self.world.meter]
        self.donated = 0  # nano credit
        self.words: dict[str, int] = {}
        self.epochs: dict[str, int] = {}
        self.services: dict[int, Service] = {}

    def teardown(self) -> None:
        self.undo.close()

    @initialize()
    def begin(self) -> None:
        plans = {
            FREE: Plan(0, FREE_PERIOD),
            SITE: Plan(SITE_RATE, 0),
            STORAGE: Plan(STORAGE_RATE, 0),
            DEAR: Plan(DEAR_RATE, 0),
        }
        self.model = Model(now=self.world.now, grace=GRACE, plans=plans)

    def both(self, contract: Any, expected: Callable[[], None], call: Callable[[], Any]) -> None:
        """The model's outcome is the contract's; what the events say is remembered."""
        try:
            expected()
        except Refused as refused:
            with boa.reverts(str(refused)):
                call()
            return
        call()
        for entry in contract.get_logs():
            self.mirror(entry)

    def mirror(self, entry: Any) -> None:
        """One event, as the indexer takes it."""
        name = type(entry).__name__
        if hasattr(entry, "word"):
            self.words[entry.account] = entry.word
        if name == "EpochEnded":
            self.epochs[entry.account] = entry.epoch
        if name.startswith("Service"):
            self.services[entry.service] = Service(
                id=entry.service,
                owner=entry.owner,
                plan=entry.plan,
                state=ServiceState(entry.state),
                rate=entry.rate,
                epoch=entry.epoch,
                expires_at=entry.expires_at,
            )

    # ------------------------------------------------------------ moves

    @rule(buyer=PEOPLE, account=PEOPLE, amount=AMOUNTS)
    def buy(self, buyer: int, account: int, amount: int) -> None:
        sender, receiver = self.people[buyer], self.people[account]
        self.world.usd.mint(sender, amount)
        self.world.usd.approve(self.world.credits, amount, sender=sender)
        call = partial(self.world.credits.buy, amount, receiver, sender=sender)
        self.both(self.world.credits, partial(self.model.buy, amount, receiver), call)

    @rule(who=PEOPLE, whole=st.booleans(), less=st.sampled_from([-SCALE, 0, 0, 1, SCALE, 10**9]))
    def refund(self, who: int, whole: bool, less: int) -> None:
        account = self.people[who]
        most = self.model.refundable(account) if whole else self.model.current(account).paid
        amount = max(0, most - less)
        call = partial(self.world.credits.refund, amount, account, sender=account)
        self.both(self.world.credits, partial(self.model.refund, amount, account), call)

    @rule(who=PEOPLE, per_day=LIMITS)
    def set_limit(self, who: int, per_day: int) -> None:
        account = self.people[who]
        call = partial(self.world.credits.set_limit, per_day, sender=account)
        self.both(self.world.credits, partial(self.model.set_limit, per_day, account), call)

    @rule(whole=st.booleans(), more=st.sampled_from([-SCALE, 0, 1, SCALE]))
    def withdraw_earned(self, whole: bool, more: int) -> None:
        earned = self.model.earned - (self.model.earned % SCALE if whole else 0)
        amount = max(0, earned + more)
        call = partial(self.world.credits.withdraw_earned, amount, self.world.admin)
        self.both(self.world.credits, partial(self.model.withdraw_earned, amount), call)

    @rule(amount=st.integers(1, 10**6))
    def donate(self, amount: int) -> None:
        self.world.usd.mint(self.world.credits, amount)
        self.donated += amount * SCALE

    @rule(
        who=PEOPLE, plan=st.sampled_from([FREE, SITE, STORAGE, DEAR]), less=st.sampled_from([0, 1])
    )
    def start(self, who: int, plan: int, less: int) -> None:
        account = self.people[who]
        max_rate = max(0, self.model.plans[plan].rate - less)
        call = partial(self.world.hosting.start, plan, REFERENCE, max_rate, sender=account)
        self.both(self.world.hosting, partial(self.model.start, plan, max_rate, account), call)

    @rule(
        who=PEOPLE,
        number=SERVICES,
        own=st.sampled_from([True, True, True, False]),
        move=st.sampled_from(["pause", "resume", "stop", "renew_free"]),
    )
    def move(self, who: int, number: int, own: bool, move: str) -> None:
        service = self.model.services.get(number)
        account = service.owner if service and own else self.people[who]
        call = partial(getattr(self.world.hosting, move), number, sender=account)
        self.both(self.world.hosting, partial(getattr(self.model, move), number, account), call)

    @rule(number=SERVICES)
    def suspend(self, number: int) -> None:
        moderator = self.world.moderator
        call = partial(self.world.hosting.suspend, number, "Phishing", sender=moderator)
        self.both(self.world.hosting, partial(self.model.suspend, number), call)

    @rule(number=SERVICES)
    def unsuspend(self, number: int) -> None:
        call = partial(self.world.hosting.unsuspend, number, sender=self.world.moderator)
        self.both(self.world.hosting, partial(self.model.unsuspend, number), call)

    @rule(plan=st.sampled_from([SITE, STORAGE]), rate=st.integers(1, 10**6), offered=st.booleans())
    def reprice(self, plan: int, rate: int, offered: bool) -> None:
        kind = {SITE: 1, STORAGE: 2}[plan]
        self.world.hosting.set_plan(plan, "Anew", kind, rate, 0, offered)
        self.model.plans[plan] = Plan(rate, 0, offered)

    @rule(period=st.integers(1, 60 * DAY), offered=st.booleans())
    def change_the_free_plan(self, period: int, offered: bool) -> None:
        self.world.hosting.set_plan(FREE, "Free", 1, 0, period, offered)
        self.model.plans[FREE] = Plan(0, period, offered)

    # ------------------------------------------------------------ time

    @rule(seconds=st.sampled_from([1, 59, 3_600, DAY, GRACE - 1]) | st.integers(1, 40 * DAY))
    def wait(self, seconds: int) -> None:
        self.set_time(self.model.now + seconds)

    @precondition(lambda self: self.model.moments())
    @rule(data=st.data(), beside=st.sampled_from([-1, 0, 0, 1]))
    def wait_for_a_moment(self, data: st.DataObject, beside: int) -> None:
        second = data.draw(st.sampled_from(self.model.moments()))
        self.set_time(max(self.model.now, second + beside))

    def set_time(self, second: int) -> None:
        boa.env.timestamp = self.model.now = min(second, LAST_SECOND)

    # ------------------------------------------------------------ what always holds

    @invariant()
    def the_reserve_is_whole(self) -> None:
        paid = sum(unpack(word).paid for word in self.words.values())
        assert self.world.credits.earned() == self.model.earned
        assert self.world.held() == paid + self.model.earned + self.donated
        assert self.world.held() == self.model.held + self.donated

    @invariant()
    def the_events_alone_make_the_model(self) -> None:
        accounts = {who: unpack(word) for who, word in self.words.items()}
        assert accounts == self.model.accounts
        assert self.services == self.model.services
        assert self.epochs == {who: epoch for who, epoch in self.model.epochs.items() if epoch}

    @invariant()
    def every_view_says_what_the_rules_say(self) -> None:
        now = self.model.now
        for second in [now, *self.model.moments()[:1]]:
            for probed in {second, max(now, second - 1)}:
                boa.env.timestamp = self.model.now = probed
                self.check_views()
        boa.env.timestamp = self.model.now = now

    def check_views(self) -> None:
        world, model = self.world, self.model
        accounts, services = self.probe.see(world.credits, world.hosting, self.people)
        for who, seen in zip(self.people, accounts, strict=True):
            expected: Account = model.current(who)
            assert tuple(seen) == (
                expected.paid,
                expected.granted,
                expected.rate,
                expected.updated_at,
                expected.spent_today,
                expected.per_day,
                expected.balance,
                NEVER if expected.depletes_at is None else expected.depletes_at,
                model.epoch(who),
                model.refundable(who),
            )
            running = [
                service.rate
                for number, service in model.services.items()
                if service.owner == who
                and service.state is ServiceState.ACTIVE
                and model.state(number) is not ServiceState.STOPPED
            ]
            assert expected.rate == sum(running)
        assert len(services) == len(model.services)
        for number, seen in enumerate(services, start=1):
            service = model.services[number]
            assert tuple(seen.stored) == (
                service.owner,
                service.plan,
                service.state,
                service.rate,
                service.epoch,
                service.expires_at,
            )
            assert seen.state == model.state(number)


TestLedger = Ledger.TestCase
TestLedger.settings = effort(examples=12, steps=25)
