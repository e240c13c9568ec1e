"""Names under several actors and the clock, against the model.

After every step: each call did what the model says or was refused with its reason; the payer paid
exactly the price; the last word that the events told of a name is what is stored; and every view
says what the model says, now and at the second before the next moment and at it.
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

from indexer.name_rules import PerYear
from tests.contracts.domains.domain_model import Model
from tests.contracts.domains.registry import (
    MIN_DURATION,
    NAME_GRACE,
    PRICES,
    SECRET,
    YEAR,
    Registry,
    deploy_registry,
    node_of,
    token_of,
)
from tests.contracts.effort import effort
from tests.contracts.model import Refused, agree
from tests.contracts.world import DAY, FREE, ZERO, World, deploy

LABELS = ("abc", "abcd", "a-longer-name")
LAST_SECOND = 2**32 - 20 * YEAR
PEOPLE = st.integers(0, 2)
LABEL = st.sampled_from(LABELS)
DURATIONS = st.sampled_from([MIN_DURATION, MIN_DURATION, YEAR])
HASHES = st.sampled_from(
    [b"", bytes.fromhex("e30101701220") + b"\1" * 32, b"\x90\xb2\xca\x05" + b"\2" * 32, b"\3" * 40]
)
SERVICES = st.sampled_from([FREE * 10**7 + count for count in (1, 2, 3, 4)])
PRICES_UP: PerYear = (PRICES[0] * 2, PRICES[1] * 2, PRICES[2] * 2)
PRICES_DOWN: PerYear = (PRICES[0] // 2, PRICES[1] // 2, PRICES[2] // 2)


@cache
def stage() -> Registry:
    """The contracts, deployed once."""
    return deploy_registry(deploy())


@pytest.fixture(scope="module", autouse=True)
def staged(deployed: World) -> None:
    """Before the first example, since titanoboa takes back what an example did."""
    stage()


class Names(RuleBasedStateMachine):
    """The actors' moves."""

    def __init__(self) -> None:
        super().__init__()
        self.registry = stage()
        self.domains = self.registry.domains
        self.undo = ExitStack()
        self.undo.enter_context(boa.env.anchor())
        self.people = [self.registry.alice, self.registry.bob, self.registry.carol]
        self.words: dict[bytes, int] = {}

    def teardown(self) -> None:
        self.undo.close()

    @initialize()
    def begin(self) -> None:
        self.model = Model(now=self.registry.now, labels=LABELS)

    def both(self, expected: Callable[[], None], call: Callable[[], Any]) -> None:
        """The model's outcome is the contract's; what the events say is remembered."""
        if agree(expected, call):
            for entry in self.domains.get_logs():
                if hasattr(entry, "word") and hasattr(entry, "node"):
                    self.words[bytes(entry.node)] = entry.word

    def paying(self, payer: str, price: int, move: Callable[[], None]) -> None:
        """What the payer has left is what it had, but for the price of what was done."""
        before, names = self.registry.balance(payer), dict(self.model.names)
        move()
        done = names != self.model.names
        assert self.registry.balance(payer) == before - (price if done else 0)

    # ------------------------------------------------------------ moves

    @rule(who=PEOPLE, label=LABEL, duration=DURATIONS)
    def commit(self, who: int, label: str, duration: int) -> None:
        order = (label, self.people[who], duration)
        commitment = self.domains.commitment_of(*order, SECRET)
        self.both(partial(self.model.commit, order), partial(self.domains.commit, commitment))

    @rule(data=st.data(), payer=PEOPLE)
    def register(self, data: st.DataObject, payer: int) -> None:
        known = list(self.model.commitments) or [(LABELS[0], self.people[0], YEAR)]
        order = data.draw(st.sampled_from(known))
        sender = self.people[payer]
        balance, price = self.registry.balance(sender), self.model.registration_price(order)
        call = partial(self.domains.register, *order, SECRET, sender=sender)
        expected = partial(self.model.register, order, balance)
        self.paying(sender, price, lambda: self.both(expected, call))

    @rule(owner=PEOPLE, label=LABEL, duration=DURATIONS)
    def register_in_one_go(self, owner: int, label: str, duration: int) -> None:
        order = (label, self.people[owner], duration)
        if order not in self.model.commitments:
            self.commit(owner, label, duration)
            self.set_time(self.model.now + 60)
            balance = self.registry.balance(order[1])
            call = partial(self.domains.register, *order, SECRET, sender=order[1])
            self.both(partial(self.model.register, order, balance), call)

    @rule(who=PEOPLE, label=LABEL, duration=DURATIONS | st.just(MIN_DURATION - 1))
    def renew(self, who: int, label: str, duration: int) -> None:
        sender = self.people[who]
        balance = self.registry.balance(sender)
        expected = partial(self.model.renew, label, duration, balance)
        call = partial(self.domains.renew, label, duration, sender=sender)
        price = max(0, self.model.price(label, duration))
        self.paying(sender, price, lambda: self.both(expected, call))

    def pick(self, who: int, own: bool, label: str) -> str:
        """Mostly the owner, so that most moves are legal."""
        owner = self.model.name(label).owner
        return owner if own and owner != ZERO else self.people[who]

    @rule(who=PEOPLE, own=st.sampled_from([True, True, False]), to=PEOPLE, label=LABEL)
    def transfer(self, who: int, own: bool, to: int, label: str) -> None:
        sender, receiver = self.pick(who, own, label), self.people[to]
        owner = self.model.name(label).owner
        expected = partial(self.model.transfer, label, owner, receiver, sender)
        arguments = (owner, receiver, token_of(label))
        self.both(expected, partial(self.domains.transferFrom, *arguments, sender=sender))

    @rule(who=PEOPLE, own=st.sampled_from([True, True, False]), to=PEOPLE, label=LABEL)
    def approve(self, who: int, own: bool, to: int, label: str) -> None:
        sender, approved = self.pick(who, own, label), self.people[to]
        call = partial(self.domains.approve, approved, token_of(label), sender=sender)
        self.both(partial(self.model.approve, label, approved, sender), call)

    @rule(who=PEOPLE, own=st.sampled_from([True, True, False]), label=LABEL, content=HASHES)
    def set_contenthash(self, who: int, own: bool, label: str, content: bytes) -> None:
        sender = self.pick(who, own, label)
        expected = partial(self.model.set_record, label, "contenthash", content, sender)
        call = partial(self.domains.set_contenthash, node_of(label), content, sender=sender)
        self.both(expected, call)

    @rule(
        who=PEOPLE, own=st.sampled_from([True, True, False]), label=LABEL, said=st.text(max_size=40)
    )
    def set_text(self, who: int, own: bool, label: str, said: str) -> None:
        sender = self.pick(who, own, label)
        expected = partial(self.model.set_record, label, "url", said, sender)
        call = partial(self.domains.set_text, node_of(label), "url", said, sender=sender)
        self.both(expected, call)

    @rule(who=PEOPLE, own=st.sampled_from([True, True, False]), label=LABEL, of=PEOPLE)
    def set_addr(self, who: int, own: bool, label: str, of: int) -> None:
        sender, account = self.pick(who, own, label), self.people[of]
        expected = partial(self.model.set_record, label, "addr", account, sender)
        call = partial(self.domains.set_addr, node_of(label), account, sender=sender)
        self.both(expected, call)

    @precondition(lambda self: len(self.model.services) < 4)
    @rule(who=PEOPLE)
    def start(self, who: int) -> None:
        number = self.registry.world.start(self.people[who], FREE)
        self.model.services[number] = self.people[who]

    @rule(number=SERVICES)
    def stop(self, number: int) -> None:
        if number in self.model.services and number not in self.model.stopped:
            self.registry.world.hosting.stop(number, sender=self.model.services[number])
            self.model.stopped.add(number)

    @rule(who=PEOPLE, own=st.sampled_from([True, True, False]), label=LABEL, service=SERVICES)
    def link(self, who: int, own: bool, label: str, service: int) -> None:
        sender = self.pick(who, own, label)
        expected = partial(self.model.set_link, label, service, sender)
        call = partial(self.domains.link, node_of(label), service, sender=sender)
        self.both(expected, call)

    @rule(who=PEOPLE, own=st.sampled_from([True, True, False]), label=LABEL)
    def unlink(self, who: int, own: bool, label: str) -> None:
        sender = self.pick(who, own, label)
        call = partial(self.domains.unlink, node_of(label), sender=sender)
        self.both(partial(self.model.set_link, label, 0, sender), call)

    @rule(open_=st.sampled_from([True, True, False]))
    def switch(self, open_: bool) -> None:
        self.domains.set_registering(open_, sender=self.registry.pauser)
        self.model.open = open_

    @rule(per_year=st.sampled_from([PRICES, PRICES_UP, PRICES_DOWN]))
    def set_prices(self, per_year: PerYear) -> None:
        call = partial(self.domains.set_prices, per_year)
        self.both(partial(self.model.set_prices, per_year), call)

    # ------------------------------------------------------------ time

    @rule(seconds=st.sampled_from([1, 60, DAY, NAME_GRACE]) | st.integers(1, YEAR))
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
    def the_last_word_told_is_the_name(self) -> None:
        for label in self.model.names:
            word = self.words[node_of(label)]
            stored = self.domains.name_of(node_of(label))
            assert word == sum(
                part << at
                for part, at in zip(
                    (int(stored[0], 16), *stored[1:]), (0, 160, 192, 228, 252), strict=True
                )
            )
            name = self.model.name(label)
            assert stored[:4] == (name.owner, name.expires_at, name.service, name.version)

    @invariant()
    def every_view_says_what_the_model_says(self) -> None:
        now = self.model.now
        for second in [now, *self.model.moments()[:1]]:
            for probed in {second, max(now, second - 1)}:
                boa.env.timestamp = self.model.now = probed
                self.check_views()
        boa.env.timestamp = self.model.now = now

    def check_views(self) -> None:
        model, domains = self.model, self.domains
        for label in LABELS:
            node = node_of(label)
            assert domains.available(label) is model.is_free(label)
            assert domains.price_of(label, YEAR) == model.price(label, YEAR)
            assert domains.link_of(node) == model.link(label)
            assert domains.addr(node) == model.record(label, "addr", ZERO)
            assert domains.text(node, "url") == model.record(label, "url", "")
            assert domains.contenthash(node) == model.record(label, "contenthash", b"")
            try:
                owner = model.owner(label)
            except Refused as refused:
                with boa.reverts(str(refused)):
                    domains.ownerOf(token_of(label))
            else:
                assert domains.ownerOf(token_of(label)) == owner
        for account in self.people:
            assert domains.balanceOf(account) == model.held_by(account)


TestNames = Names.TestCase
TestNames.settings = effort(examples=15, steps=30)
