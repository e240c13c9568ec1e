"""`Credits.spend`: what a registered meter takes at once, for the account's own call there."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.world import CREDIT, DAY, DOLLAR, GRACE, World, event

NAME = b"\x22" * 32
GRANTED_AT, SPENT_AT = 60, 180


@pytest.fixture
def funded(world: World) -> World:
    world.buy(world.alice, 10 * DOLLAR)
    return world


def give(world: World, account: str, granted: int) -> None:
    """Puts granted credit into the stored word, whoever may grant it one day."""
    world.credits.eval(f"self.words[{account}] |= {granted} << {GRANTED_AT}")


def test_paid_credit_that_is_spent_becomes_earned(funded: World) -> None:
    funded.credits.spend(funded.alice, 3 * CREDIT, NAME, sender=funded.meter)
    assert funded.credits.balance_of(funded.alice) == 7 * CREDIT
    assert funded.credits.earned() == 3 * CREDIT


def test_granted_credit_goes_first_and_earns_nothing(funded: World) -> None:
    give(funded, funded.alice, 2 * CREDIT)
    funded.credits.spend(funded.alice, 3 * CREDIT, NAME, sender=funded.meter)
    assert funded.credits.account_of(funded.alice)[:2] == (9 * CREDIT, 0)
    assert funded.credits.earned() == CREDIT


def test_what_streamed_until_now_is_taken_before(funded: World) -> None:
    funded.credits.adjust_rate(funded.alice, 500, sender=funded.meter)
    funded.pass_time(10)
    funded.credits.spend(funded.alice, CREDIT, NAME, sender=funded.meter)
    assert funded.credits.balance_of(funded.alice) == 9 * CREDIT - 5_000
    assert funded.credits.earned() == CREDIT + 5_000


def test_the_whole_balance_can_go_and_not_one_nano_more(funded: World) -> None:
    with boa.reverts("Credits: not enough credit"):
        funded.credits.spend(funded.alice, 10 * CREDIT + 1, NAME, sender=funded.meter)
    funded.credits.spend(funded.alice, 10 * CREDIT, NAME, sender=funded.meter)
    assert funded.credits.balance_of(funded.alice) == 0
    with boa.reverts("Credits: not enough credit"):
        funded.credits.spend(funded.alice, 1, NAME, sender=funded.meter)


@pytest.mark.parametrize("amount", [2**60, 2**255, 2**256 - 1])
def test_no_amount_wraps_around(funded: World, amount: int) -> None:
    with boa.reverts("Credits: not enough credit"):
        funded.credits.spend(funded.alice, amount, NAME, sender=funded.meter)


def test_a_dry_account_stays_dry_since_the_same_second(funded: World) -> None:
    funded.credits.adjust_rate(funded.alice, 10**6, sender=funded.meter)
    dry_at = funded.run_dry(funded.alice)
    funded.pass_time(DAY)
    with boa.reverts("Credits: not enough credit"):
        funded.credits.spend(funded.alice, 1, NAME, sender=funded.meter)
    assert funded.credits.depletes_at(funded.alice) == dry_at


def test_a_dry_account_has_nothing_to_spend_in_grace_nor_after_it(funded: World) -> None:
    funded.credits.adjust_rate(funded.alice, 10**6, sender=funded.meter)
    funded.run_dry(funded.alice)
    for seconds in (0, DAY, GRACE):
        funded.pass_time(seconds)
        with boa.reverts("Credits: not enough credit"):
            funded.credits.spend(funded.alice, 1, NAME, sender=funded.meter)


def test_what_streams_is_owed_first(funded: World) -> None:
    funded.credits.adjust_rate(funded.alice, 10**6, sender=funded.meter)
    funded.pass_time(1)
    with boa.reverts("Credits: not enough credit"):
        funded.credits.spend(funded.alice, 10 * CREDIT - 10**6 + 1, NAME, sender=funded.meter)
    funded.credits.spend(funded.alice, 10 * CREDIT - 10**6, NAME, sender=funded.meter)
    assert funded.credits.depletes_at(funded.alice) == funded.now


def test_an_amount_of_nothing_is_refused(funded: World) -> None:
    for account in (funded.alice, funded.bob):
        with boa.reverts("Credits: nothing to spend"):
            funded.credits.spend(account, 0, NAME, sender=funded.meter)


def test_an_account_that_was_never_touched_has_nothing(world: World) -> None:
    with boa.reverts("Credits: not enough credit"):
        world.credits.spend(world.bob, 1, NAME, sender=world.meter)


def test_a_new_day_begins_with_its_own_limit(funded: World) -> None:
    put = f"self.words[{funded.alice}] |= 999 << {SPENT_AT}"
    for days, spent, lower in ((0, 999, 10**6), (1, 0, 5)):
        with boa.env.anchor():
            funded.credits.set_limit(5, sender=funded.alice)
            funded.credits.eval(put)
            funded.pass_time(days * DAY)
            funded.credits.spend(funded.alice, CREDIT, NAME, sender=funded.meter)
            stored = funded.credits.account_of(funded.alice)
            assert (stored[4], stored[5]) == (spent, lower)
            assert stored[0] == 9 * CREDIT


def test_the_days_limit_does_not_count(funded: World) -> None:
    funded.credits.set_limit(0, sender=funded.alice)
    funded.credits.spend(funded.alice, 5 * CREDIT, NAME, sender=funded.meter)
    assert funded.credits.account_of(funded.alice)[4] == 0


def test_the_event_holds_the_reference_and_the_resulting_word(funded: World) -> None:
    funded.credits.spend(funded.alice, CREDIT, NAME, sender=funded.meter)
    spent = event(funded.credits, "Spent")
    assert (spent.account, spent.meter) == (funded.alice, funded.meter)
    assert (spent.amount, spent.reference) == (CREDIT, NAME)
    assert spent.word & (2**60 - 1) == 9 * CREDIT


def test_only_a_registered_meter_spends(funded: World) -> None:
    for stranger in (funded.alice, funded.admin):
        with boa.reverts("Credits: not a meter"):
            funded.credits.spend(funded.alice, 1, NAME, sender=stranger)
    funded.credits.set_meter(funded.meter, False)
    with boa.reverts("Credits: not a meter"):
        funded.credits.spend(funded.alice, 1, NAME, sender=funded.meter)
