"""Credits, Hosting, Domains and a moody asset, under several actors and the clock, by the model.

After every step: each call did what the model says or was refused with the reason that it gives;
the mirror that the events alone make is the model; and every view says what the rules say, to the
base unit and to the second, now and around the next moment at which something changes by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import astuple
from functools import cache, partial
from typing import Any

import boa
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from indexer.rules import Account, Service, ServiceState, Subscription, unpack, unpack_service
from tests.contracts.domains import domain_model as names_model
from tests.contracts.domains.registry import SECRET, YEAR, deploy_domains, node_of
from tests.contracts.effort import effort
from tests.contracts.model import ETHER, Grant, Model, Plan, Tier, agree
from tests.contracts.world import (
    CREDIT,
    DAY,
    FREE,
    FREE_PERIOD,
    FREE_SERVICES,
    GRACE,
    HERE,
    NUMBERS,
    PRO,
    PRO_DISCOUNT,
    PRO_RATE,
    PRO_SERVICES,
    REFERENCE,
    ROOT,
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
PRICE = 2_000 * CREDIT  # of an ether, in nano credit
LAST_SECOND = 2**32 - 2 * FREE_PERIOD  # no word of this project outlives the year 2106
MONTH = 28 * DAY
PEOPLE = st.integers(0, 2)
AMOUNTS = st.sampled_from([0, 1, 2, 999, 10**6, 20 * 10**6, 2**60 // SCALE - 1]) | st.integers(
    1, 10**8
)
LIMITS = st.sampled_from([0, 1, 10**6, 10**6 + 1, 2**37 - 1, 2**37]) | st.integers(0, 10**8)
ASKED = st.sampled_from([0, 1, 10**6, 2**48 - 1, 2**48, 2**96 - 1]) | st.integers(0, 10**7)
REFERENCES = st.integers(1, 4).map(lambda number: number.to_bytes(32, "big"))
DELTAS = st.sampled_from([0, 1, -1, 2**36, -(2**36), -(2**255), 2**255 - 1]) | st.integers(
    -(10**6), 10**6
)
LABELS = ("abc", "alice")
LABEL = st.sampled_from(LABELS)
HONEST, REFUSES, TAKES_A_FEE, CALLS_BACK = range(4)
REFUSALS = {REFUSES: "Credits: transfer failed", TAKES_A_FEE: "Credits: transfer fell short"}
MOODS = st.sampled_from([HONEST] * 6 + [REFUSES, TAKES_A_FEE, CALLS_BACK])
GRANT_STATES = {"Granted": 1, "GrantFrozen": 2, "GrantUnfrozen": 1, "GrantForfeited": 3}


@cache
def stage() -> tuple[World, Any, Any]:
    """The contracts, deployed once, Domains apart, and the probe."""
    world = deploy(HERE / "tokens" / "MoodyToken.vy")
    domains = deploy_domains(world)
    world.credits.set_meter(domains, True)
    world.hosting.set_plan(DEAR, "Dear", 3, DEAR_RATE, 0, True)
    feed = load(ROOT / "contracts" / "testing" / "TestFeed.vy", 2_000 * 10**8)
    world.credits.set_feed(feed, DAY)
    world.mint(world.admin)
    return world, domains, load(HERE / "harness" / "Probe.vy")


@pytest.fixture(scope="module", autouse=True)
def staged(deployed: World) -> None:
    """Before the first example, since titanoboa takes back what an example did."""
    stage()


class Ledger(RuleBasedStateMachine):
    """The actors' moves."""

    def __init__(self) -> None:
        super().__init__()
        self.world, self.domains, self.probe = stage()
        self.undo = ExitStack()
        self.undo.enter_context(boa.env.anchor())
        self.people = [self.world.alice, self.world.bob, str(boa.env.generate_address("carol"))]
        for person in self.people:
            boa.env.set_balance(person, 10**30)
        self.donated = 0  # nano credit
        self.words: dict[str, int] = {}
        self.epochs: dict[str, int] = {}
        self.grants: dict[bytes, Grant] = {}
        self.subscriptions: dict[str, Subscription] = {}
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
        tiers = {
            0: Tier(0, 0, FREE_SERVICES),
            PRO: Tier(PRO_RATE, PRO_DISCOUNT, PRO_SERVICES),
        }
        self.model = Model(
            now=self.world.now,
            grace=GRACE,
            plans=plans,
            tiers=tiers,
            hosting=self.world.hosting.address,
            price=PRICE,
        )
        self.names = names_model.Model(now=self.world.now, labels=LABELS)
        # What the asset calls back with in the middle of a transfer: it must change nothing.
        self.payload = self.world.credits.refund.prepare_calldata(SCALE, self.people[0])

    def both(self, contract: Any, expected: Callable[[], None], call: Callable[[], Any]) -> None:
        """The model's outcome is the contract's; what the events say is remembered."""
        if agree(expected, call):
            for entry in contract.get_logs():
                self.mirror(entry)

    def mirror(self, entry: Any) -> None:
        """One event, as the indexer takes it."""
        name = type(entry).__name__
        if name.startswith("Name") or name in ("Committed", "Transfer"):
            return  # held against its own model in `domains/`
        if name.startswith("Service"):
            self.services[entry.service] = unpack_service(entry.service, entry.word)
            assert self.services[entry.service].owner == entry.owner
        elif name == "Settled":
            for charge, word in zip(entry.charges, entry.words, strict=True):
                self.note_charge(charge, word)
        elif hasattr(entry, "word"):
            self.words[entry.account] = entry.word
        if name == "EpochEnded":
            self.epochs[entry.account] = entry.epoch
        if name in GRANT_STATES:
            state = GRANT_STATES[name]
            self.grants[entry.reference] = Grant(entry.account, entry.amount, state)
        if name == "Subscribed":
            self.subscriptions[entry.account] = Subscription(
                entry.tier, entry.rate, entry.discount, entry.services, entry.epoch
            )

    def note_charge(self, charge: int, word: int) -> None:
        """The resulting word; never more is charged than asked."""
        who = boa.util.abi.Address((charge >> 96).to_bytes(20, "big").hex())
        asked, charged = charge & (2**48 - 1), (charge >> 48) & (2**48 - 1)
        assert charged <= asked
        if word:
            self.words[str(who)] = word
        else:
            assert charged == 0

    # ------------------------------------------------------------ money in and out

    @rule(buyer=PEOPLE, account=PEOPLE, amount=AMOUNTS, mood=MOODS)
    def buy(self, buyer: int, account: int, amount: int, mood: int) -> None:
        sender, receiver = self.people[buyer], self.people[account]
        self.world.usd.mint(sender, amount)
        self.world.usd.approve(self.world.credits, amount, sender=sender)
        call = partial(self.world.credits.buy, amount, receiver, sender=sender)
        expected = partial(self.model.buy, amount, receiver, REFUSALS.get(mood, ""))
        self.world.usd.turn(mood, self.payload)
        self.both(self.world.credits, expected, call)
        self.world.usd.turn(HONEST, b"")

    @rule(
        buyer=PEOPLE,
        account=PEOPLE,
        wei=st.sampled_from([0, 1, ETHER // PRICE, ETHER]) | st.integers(1, 10 * ETHER),
        more=st.sampled_from([0, 0, 1]),
    )
    def buy_with_ether(self, buyer: int, account: int, wei: int, more: int) -> None:
        sender, receiver = self.people[buyer], self.people[account]
        least = wei * PRICE // ETHER + more
        call = partial(self.world.credits.buy_with_ether, receiver, least, sender=sender, value=wei)
        expected = partial(self.model.buy_with_ether, wei, least, receiver)
        self.both(self.world.credits, expected, call)

    @rule(
        who=PEOPLE,
        whole=st.booleans(),
        less=st.sampled_from([-SCALE, 0, 0, 1, SCALE, 10**9]),
        mood=st.sampled_from([HONEST, HONEST, HONEST, REFUSES, CALLS_BACK]),
    )
    def refund(self, who: int, whole: bool, less: int, mood: int) -> None:
        account = self.people[who]
        most = self.model.refundable(account) if whole else self.model.current(account).paid
        amount = max(0, most - less)
        call = partial(self.world.credits.refund, amount, account, sender=account)
        expected = partial(self.model.refund, amount, account, REFUSALS.get(mood, ""))
        self.world.usd.turn(mood, self.payload)
        self.both(self.world.credits, expected, call)
        self.world.usd.turn(HONEST, b"")

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

    @rule(amount=st.integers(0, 10**10))
    def add_float(self, amount: int) -> None:
        call = partial(self.world.credits.add_float, amount)
        self.both(self.world.credits, partial(self.model.add_float, amount), call)

    @rule(part=st.integers(0, 4), more=st.sampled_from([0, 1, SCALE]))
    def withdraw_float(self, part: int, more: int) -> None:
        amount = self.model.float_ * part // 4 // SCALE * SCALE + more
        call = partial(self.world.credits.withdraw_float, amount, self.world.admin)
        self.both(self.world.credits, partial(self.model.withdraw_float, amount), call)

    @rule(amount=st.integers(1, 10**6))
    def donate(self, amount: int) -> None:
        self.world.usd.mint(self.world.credits, amount)
        self.donated += amount * SCALE

    @rule(open_=st.booleans())
    def set_buying(self, open_: bool) -> None:
        self.world.credits.set_buying(open_, sender=self.world.pauser)
        self.model.closed = not open_

    # ------------------------------------------------------------ grants and charges

    @rule(
        who=PEOPLE,
        amount=st.sampled_from([0, 1, CREDIT, 2**52 - 1, 2**52]) | st.integers(1, 10**12),
        reference=REFERENCES,
    )
    def grant(self, who: int, amount: int, reference: bytes) -> None:
        account = self.people[who]
        call = partial(
            self.world.credits.grant, account, amount, reference, sender=self.world.granter
        )
        expected = partial(self.model.grant, account, amount, reference)
        self.both(self.world.credits, expected, call)

    @rule(reference=REFERENCES, move=st.sampled_from(["freeze", "unfreeze", "forfeit"]))
    def dispute(self, reference: bytes, move: str) -> None:
        call = partial(getattr(self.world.credits, move), reference, sender=self.world.granter)
        self.both(self.world.credits, partial(getattr(self.model, move), reference), call)

    @rule(
        charges=st.lists(st.tuples(PEOPLE, ASKED), max_size=6),
        skipped=st.sampled_from([0, 0, 0, 0, 1, -1]),
    )
    def settle(self, charges: list[tuple[int, int]], skipped: int) -> None:
        sequence = max(0, self.model.sequence + skipped)
        asked = [(self.people[who], micro) for who, micro in charges]
        packed = [int(who, 16) << 96 | micro for who, micro in asked]
        call = partial(
            self.world.credits.settle, sequence, REFERENCE, packed, sender=self.world.settler
        )
        self.both(self.world.credits, partial(self.model.settle, sequence, asked), call)

    # ------------------------------------------------------------ meters

    @rule(who=PEOPLE, delta=DELTAS, whole=st.booleans())
    def adjust_rate(self, who: int, delta: int, whole: bool) -> None:
        """A second meter beside Hosting, which can't touch what Hosting started."""
        account, meter = self.people[who], self.world.meter
        if whole:  # all that it started, or a little more
            delta = -self.model.shares[meter, account, self.model.epoch(account)] - delta % 2
        call = partial(self.world.credits.adjust_rate, account, delta, sender=meter)
        expected = partial(self.model.adjust_rate, meter, account, delta)
        self.both(self.world.credits, expected, call)

    @rule(who=PEOPLE, whole=st.booleans(), amount=st.integers(0, 10**10))
    def spend(self, who: int, whole: bool, amount: int) -> None:
        account = self.people[who]
        if whole:  # all there is, or one more
            amount = self.model.current(account).balance + amount % 2
        call = partial(
            self.world.credits.spend, account, amount, REFERENCE, sender=self.world.meter
        )
        self.both(self.world.credits, partial(self.model.spend, account, amount), call)

    # ------------------------------------------------------------ tiers and services

    @rule(who=PEOPLE, tier=st.sampled_from([0, PRO, PRO, 2, 2**256 - 1]), less=st.integers(0, 1))
    def subscribe(self, who: int, tier: int, less: int) -> None:
        account = self.people[who]
        rate = self.model.tiers[tier].rate if tier in self.model.tiers else 0
        max_rate = max(0, rate - less)
        call = partial(self.world.hosting.subscribe, tier, max_rate, sender=account)
        expected = partial(self.model.subscribe, tier, max_rate, account)
        self.both(self.world.hosting, expected, call)

    @rule(who=PEOPLE)
    def unsubscribe(self, who: int) -> None:
        account = self.people[who]
        call = partial(self.world.hosting.unsubscribe, sender=account)
        self.both(self.world.hosting, partial(self.model.unsubscribe, account), call)

    @rule(
        rate=st.integers(1, 10**5),
        discount=st.integers(0, 9_000),
        services=st.integers(0, 12),
        offered=st.booleans(),
    )
    def change_the_tier(self, rate: int, discount: int, services: int, offered: bool) -> None:
        self.world.hosting.set_tier(PRO, "Pro", rate, discount, services, 0, 0, offered)
        self.model.tiers[PRO] = Tier(rate, discount, services, offered)

    @rule(
        who=PEOPLE, plan=st.sampled_from([FREE, SITE, STORAGE, DEAR]), less=st.sampled_from([0, 1])
    )
    def start(self, who: int, plan: int, less: int) -> None:
        account = self.people[who]
        max_rate = max(0, self.model.plans[plan].rate - less)
        call = partial(self.world.hosting.start, plan, REFERENCE, max_rate, sender=account)
        self.both(self.world.hosting, partial(self.model.start, plan, max_rate, account), call)

    def pick(self, data: st.DataObject) -> int:
        """A service's number: mostly one that was started."""
        known = sorted(self.model.services)
        return data.draw(st.sampled_from([*known, SITE * NUMBERS + len(known) + 1]))

    @rule(
        who=PEOPLE,
        data=st.data(),
        own=st.sampled_from([True, True, True, False]),
        move=st.sampled_from(["pause", "resume", "stop", "renew_free"]),
    )
    def move(self, who: int, data: st.DataObject, own: bool, move: str) -> None:
        number = self.pick(data)
        service = self.model.services.get(number)
        account = service.owner if service and own else self.people[who]
        call = partial(getattr(self.world.hosting, move), number, sender=account)
        self.both(self.world.hosting, partial(getattr(self.model, move), number, account), call)

    @precondition(lambda self: self.model.services)
    @rule(data=st.data(), to=PEOPLE)
    def transfer(self, data: st.DataObject, to: int) -> None:
        number, receiver = self.pick(data), self.people[to]
        service = self.model.services.get(number)
        account = service.owner if service else self.people[0]
        call = partial(self.world.hosting.transfer, number, receiver, sender=account)
        expected = partial(self.model.transfer, number, receiver, account)
        self.both(self.world.hosting, expected, call)

    @precondition(lambda self: self.model.services)
    @rule(data=st.data(), less=st.sampled_from([0, 0, 1]))
    def take_rate(self, data: st.DataObject, less: int) -> None:
        number = self.pick(data)
        service = self.model.services.get(number)
        account = service.owner if service else self.people[0]
        max_rate = max(0, self.model.plans[service.plan].rate - less) if service else 0
        call = partial(self.world.hosting.take_rate, number, max_rate, sender=account)
        expected = partial(self.model.take_rate, number, max_rate, account)
        self.both(self.world.hosting, expected, call)

    @precondition(lambda self: self.model.services)
    @rule(data=st.data())
    def reprice(self, data: st.DataObject) -> None:
        number = self.pick(data)
        call = partial(self.world.hosting.reprice, number, sender=self.world.moderator)
        self.both(self.world.hosting, partial(self.model.reprice, number), call)

    @precondition(lambda self: self.model.services)
    @rule(data=st.data())
    def suspend(self, data: st.DataObject) -> None:
        number, moderator = self.pick(data), self.world.moderator
        call = partial(self.world.hosting.suspend, number, "Phishing", sender=moderator)
        self.both(self.world.hosting, partial(self.model.suspend, number), call)

    @precondition(lambda self: self.model.services)
    @rule(data=st.data())
    def unsuspend(self, data: st.DataObject) -> None:
        number = self.pick(data)
        call = partial(self.world.hosting.unsuspend, number, sender=self.world.moderator)
        self.both(self.world.hosting, partial(self.model.unsuspend, number), call)

    @rule(plan=st.sampled_from([SITE, STORAGE]), rate=st.integers(1, 10**6), offered=st.booleans())
    def change_a_plan(self, plan: int, rate: int, offered: bool) -> None:
        kind = {SITE: 1, STORAGE: 2}[plan]
        self.world.hosting.set_plan(plan, "Anew", kind, rate, 0, offered)
        self.model.plans[plan] = Plan(rate, 0, offered)

    @rule(period=st.integers(1, 60 * DAY), offered=st.booleans())
    def change_the_free_plan(self, period: int, offered: bool) -> None:
        self.world.hosting.set_plan(FREE, "Free", 1, 0, period, offered)
        self.model.plans[FREE] = Plan(0, period, offered)

    # ------------------------------------------------------------ names

    def on_names(self, expected: Callable[[], None], price: int, payer: str) -> Callable[[], None]:
        """A move of the names' model, paid by `payer` in the ledger's."""

        def outcome() -> None:
            self.names.services = {it.id: it.owner for it in self.model.services.values()}
            self.names.stopped = {
                number
                for number in self.model.services
                if self.model.state(number) is ServiceState.STOPPED
            }
            expected()
            if price:
                self.model.spend(payer, price)

        return outcome

    @rule(who=PEOPLE, label=LABEL, payer=PEOPLE)
    def register(self, who: int, label: str, payer: int) -> None:
        order, sender = (label, self.people[who], YEAR), self.people[payer]
        commitment = self.domains.commitment_of(*order, SECRET)
        committed = self.on_names(partial(self.names.commit, order), 0, sender)
        self.both(self.domains, committed, partial(self.domains.commit, commitment))
        self.set_time(self.model.now + 60)
        balance, price = self.model.current(sender).balance, self.names.registration_price(order)
        expected = self.on_names(partial(self.names.register, order, balance), price, sender)
        call = partial(self.domains.register, *order, SECRET, sender=sender)
        self.both(self.domains, expected, call)

    @rule(label=LABEL, payer=PEOPLE)
    def renew(self, label: str, payer: int) -> None:
        sender = self.people[payer]
        balance = self.model.current(sender).balance
        price = self.names.prices.cost(label, MONTH, self.model.now)
        expected = self.on_names(partial(self.names.renew, label, MONTH, balance), price, sender)
        call = partial(self.domains.renew, label, MONTH, sender=sender)
        self.both(self.domains, expected, call)

    @precondition(lambda self: self.model.services)
    @rule(data=st.data(), label=LABEL, who=PEOPLE)
    def link(self, data: st.DataObject, label: str, who: int) -> None:
        number, owner = self.pick(data), self.names.name(label).owner
        sender = owner if owner in self.people else self.people[who]
        expected = self.on_names(partial(self.names.set_link, label, number, sender), 0, sender)
        call = partial(self.domains.link, node_of(label), number, sender=sender)
        self.both(self.domains, expected, call)

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
        boa.env.timestamp = self.model.now = self.names.now = min(second, LAST_SECOND)

    # ------------------------------------------------------------ what always holds

    @invariant()
    def the_reserve_is_whole(self) -> None:
        model = self.model
        stored = sum(unpack(word).paid for word in self.words.values())
        settled = sum(model.current(who).paid for who in self.words)
        assert self.world.credits.earned() == model.earned
        assert self.world.credits.float() == model.float_
        assert self.world.held() == stored + model.earned + model.float_ + self.donated
        assert self.world.held() == model.held + self.donated
        # Settled to now: what burned since the words were written is the treasury's already.
        assert self.world.held() >= settled + model.earned + model.float_
        assert boa.env.get_balance(self.world.credits.address) == model.wei

    @invariant()
    def the_events_alone_make_the_model(self) -> None:
        accounts = {who: unpack(word) for who, word in self.words.items()}
        assert accounts == self.model.accounts
        assert self.services == self.model.services
        assert self.grants == self.model.grants
        assert self.epochs == {who: epoch for who, epoch in self.model.epochs.items() if epoch}
        for who, subscription in self.subscriptions.items():
            known = self.model.tenants[who].subscription
            if known.epoch == subscription.epoch:  # `services` is looked up again when used up
                assert astuple(subscription)[:3] == astuple(known)[:3]

    @invariant()
    def names_are_their_owners_and_serve_only_their_own(self) -> None:
        for label in LABELS:
            stored = self.names.name(label)
            seen = self.domains.name_of(node_of(label))
            assert tuple(seen)[:4] == (
                stored.owner,
                stored.expires_at,
                stored.service,
                stored.version,
            )
            linked = self.model.services.get(stored.service)
            serves = stored.serves(linked.owner if linked else None, self.model.now)
            assert self.domains.link_of(node_of(label)) == serves

    @invariant()
    def no_limit_is_exceeded(self) -> None:
        for account in self.model.accounts.values():
            assert account.spent_today <= account.per_day

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
        numbers = sorted(model.services)
        accounts, services = self.probe.see(
            world.credits, world.hosting, world.meter, self.people, numbers
        )
        for who, seen in zip(self.people, accounts, strict=True):
            expected: Account = model.current(who)
            epoch, tenant = model.epoch(who), model.tenant(who)
            by_hosting = model.shares[world.hosting.address, who, epoch]
            by_meter = model.shares[world.meter, who, epoch]
            assert tuple(seen)[:-1] == (
                expected.paid,
                expected.granted,
                expected.rate,
                expected.updated_at,
                expected.spent_today,
                expected.per_day,
                expected.balance,
                NEVER if expected.depletes_at is None else expected.depletes_at,
                epoch,
                model.refundable(who),
                by_hosting,
                by_meter,
                model.tier(who),
            )
            assert expected.rate == by_hosting + by_meter
            subscription = tenant.subscription
            assert tuple(seen.tenant) == (
                subscription.tier,
                subscription.rate,
                subscription.discount,
                subscription.services,
                tenant.free,
                tenant.paid,
                epoch,
            )
            own = [service for service in model.services.values() if service.owner == who]
            living = [s for s in own if model.state(s.id) is not ServiceState.STOPPED]
            running = [s.streams for s in living if s.state is ServiceState.ACTIVE]
            assert by_hosting == sum(running) + subscription.rate
            assert tenant.free + tenant.paid == len(living)
        for number, seen in zip(numbers, services, strict=True):
            service = model.services[number]
            assert tuple(seen.stored) == (
                service.owner,
                service.plan,
                service.state,
                service.rate,
                service.discount,
                service.epoch,
                service.expires_at,
            )
            assert (seen.state, seen.streams) == (model.state(number), service.streams)


TestLedger = Ledger.TestCase
TestLedger.settings = effort(examples=12, steps=25)
