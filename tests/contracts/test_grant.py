"""`Credits.grant`: credit for a payment made elsewhere, once a reference, under a day's cap."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.cast import GIVEN, ROLES, Cast, reference
from tests.contracts.world import CREDIT, DAY, DOLLAR, GRACE, GRANT_CAP, GRANTER, ZERO, World, event

MOST = 2**52 - 1  # nano credit
RATE = 10**6


@pytest.fixture
def cast(world: World) -> Cast:
    return Cast.of(world)


def give(cast: Cast, amount: int, number: int) -> None:
    cast.credits.grant(cast.alice, amount, reference(number), sender=cast.granter)


def test_the_account_has_the_credit_and_the_reference_is_kept(cast: Cast) -> None:
    cast.grant(cast.alice, 3 * CREDIT, 7)
    assert cast.credits.account_of(cast.alice)[:2] == (0, 3 * CREDIT)
    assert cast.credits.grant_of(reference(7)) == (cast.alice, 3 * CREDIT, GIVEN)
    assert cast.credits.granted_today() == 3 * CREDIT
    assert cast.credits.earned() == 0


def test_the_event_holds_the_resulting_word(cast: Cast) -> None:
    cast.buy(cast.alice, DOLLAR)
    granted = cast.grant(cast.alice, CREDIT, 7)
    assert (granted.account, granted.reference, granted.amount) == (
        cast.alice,
        reference(7),
        CREDIT,
    )
    assert granted.word == cast.credits.word_of(cast.alice)
    assert cast.stored(cast.alice).granted == CREDIT == cast.stored(cast.alice).paid


def test_an_unused_reference__is_nobodys(cast: Cast) -> None:
    assert cast.credits.grant_of(reference(7)) == (ZERO, 0, 0)


# ---------------------------------------------------------------- once, and by whom


def test_a_reference__can_be_used_once_for_any_account_and_amount(cast: Cast) -> None:
    cast.grant(cast.alice, CREDIT)
    for account, amount in ((cast.alice, CREDIT), (cast.bob, 1)):
        with boa.reverts("Credits: reference used"):
            cast.grant(account, amount)
    cast.pass_time(400 * DAY)
    with boa.reverts("Credits: reference used"):
        cast.grant(cast.alice, CREDIT)


@pytest.mark.parametrize("after", ["freeze", "unfreeze", "forfeit"])
def test_a_reference_whatever_became_of_it__stays_used(cast: Cast, after: str) -> None:
    cast.grant(cast.alice, CREDIT)
    if after == "unfreeze":
        cast.credits.freeze(reference(1), sender=cast.granter)
    getattr(cast.credits, after)(reference(1), sender=cast.granter)
    with boa.reverts("Credits: reference used"):
        cast.grant(cast.alice, CREDIT)


def test_a_reference_whose_grant_was_spent_before_it_was_forfeited__stays_used(
    cast: Cast,
) -> None:
    cast.grant(cast.alice, CREDIT)
    cast.credits.spend(cast.alice, CREDIT, reference(9), sender=cast.meter)
    cast.credits.forfeit(reference(1), sender=cast.granter)
    assert cast.credits.grant_of(reference(1))[1] == 0
    with boa.reverts("Credits: reference used"):
        cast.grant(cast.alice, CREDIT)


@pytest.mark.parametrize("number", [0, 2**256 - 1])
def test_any_reference__is_one(cast: Cast, number: int) -> None:
    cast.grant(cast.alice, 1, number)
    with boa.reverts("Credits: reference used"):
        cast.grant(cast.alice, 1, number)


@pytest.mark.parametrize("roles", [0, *(r for r in ROLES if r != GRANTER), sum(ROLES) - GRANTER])
def test_without_the_granters_role__is_refused(cast: Cast, roles: int) -> None:
    cast.credits.set_roles(cast.bob, roles)
    for stranger in (cast.bob, cast.admin, cast.meter):
        with boa.reverts("Roles: missing role"):
            cast.credits.grant(cast.alice, 1, reference(1), sender=stranger)


def test_to_nobody__is_refused(cast: Cast) -> None:
    with boa.reverts("Credits: grant to nobody"):
        cast.grant(ZERO, 1)


def test_nothing__is_refused(cast: Cast) -> None:
    with boa.reverts("Credits: nothing to grant"):
        cast.grant(cast.alice, 0)


# ---------------------------------------------------------------- bounds


@pytest.mark.parametrize("amount", [2**52, 2**128, 2**255, 2**256 - 1])
def test_an_amount_beyond_the_word__is_refused(cast: Cast, amount: int) -> None:
    cast.credits.set_grant_cap(2**256 - 1)
    with boa.reverts("Credits: granted too large"):
        cast.grant(cast.alice, amount)


def test_the_word_holds_up_to_its_bound_and_no_further(cast: Cast) -> None:
    cast.credits.set_grant_cap(2**256 - 1)
    cast.grant(cast.alice, MOST)
    with boa.reverts("Credits: granted too large"):
        give(cast, 1, 2)
    assert cast.credits.account_of(cast.alice)[1] == MOST
    assert cast.credits.grant_of(reference(2))[2] == 0
    cast.credits.spend(cast.alice, 1, reference(9), sender=cast.meter)
    give(cast, 1, 2)
    assert cast.credits.account_of(cast.alice)[1] == MOST


def test_the_cap__is_reached_exactly_and_not_passed(cast: Cast) -> None:
    give(cast, GRANT_CAP - 1, 1)
    with boa.reverts("Credits: above the grant cap"):
        give(cast, 2, 2)
    give(cast, 1, 2)
    with boa.reverts("Credits: above the grant cap"):
        give(cast, 1, 3)
    assert cast.credits.granted_today() == GRANT_CAP


def test_the_cap__counts_all_accounts_and_all_granters_together(cast: Cast) -> None:
    cast.credits.set_roles(cast.admin, GRANTER)
    cast.credits.grant(cast.alice, GRANT_CAP // 2, reference(1), sender=cast.granter)
    cast.credits.grant(cast.bob, GRANT_CAP // 2, reference(2), sender=cast.admin)
    for granter in (cast.granter, cast.admin):
        with boa.reverts("Credits: above the grant cap"):
            cast.credits.grant(cast.bob, 1, reference(3), sender=granter)


def test_the_cap__is_whole_again_from_midnight_on(cast: Cast) -> None:
    give(cast, GRANT_CAP, 1)
    cast.pass_time(DAY // 2 - 1)
    with boa.reverts("Credits: above the grant cap"):
        give(cast, 1, 2)
    cast.pass_time(1)
    assert cast.credits.granted_today() == 0
    give(cast, GRANT_CAP, 2)
    assert cast.credits.granted_today() == GRANT_CAP
    with boa.reverts("Credits: above the grant cap"):
        give(cast, 1, 3)


def test_a_cap_that_was_used_up_days_ago__is_whole(cast: Cast) -> None:
    give(cast, GRANT_CAP, 1)
    cast.pass_time(40 * DAY)
    give(cast, GRANT_CAP, 2)


def test_a_grant_that_was_taken_back__still_counts_for_the_day(cast: Cast) -> None:
    give(cast, GRANT_CAP, 1)
    cast.credits.forfeit(reference(1), sender=cast.granter)
    with boa.reverts("Credits: above the grant cap"):
        give(cast, 1, 2)


def test_a_cap_of_nothing__stops_all_grants(cast: Cast) -> None:
    cast.credits.set_grant_cap(0)
    with boa.reverts("Credits: above the grant cap"):
        give(cast, 1, 1)


def test_a_cap_that_changed__counts_at_once_with_what_was_granted(cast: Cast) -> None:
    give(cast, GRANT_CAP, 1)
    cast.credits.set_grant_cap(GRANT_CAP + 5)
    give(cast, 5, 2)
    cast.credits.set_grant_cap(GRANT_CAP)
    with boa.reverts("Credits: above the grant cap"):
        give(cast, 1, 3)
    assert cast.credits.granted_today() == GRANT_CAP + 5


def test_before_any_cap_was_set__nothing_can_be_granted(world: World) -> None:
    bank = Cast.of(world).credits.deployer.deploy(world.usd, GRACE)
    bank.set_roles(world.admin, GRANTER)
    with boa.reverts("Credits: above the grant cap"):
        bank.grant(world.alice, 1, reference(1))


def test_only_the_admin_sets_the_cap_and_it_is_told(cast: Cast) -> None:
    for stranger in (cast.alice, cast.granter):
        with boa.reverts("Roles: not the admin"):
            cast.credits.set_grant_cap(2**256 - 1, sender=stranger)
    cast.credits.set_grant_cap(12)
    assert event(cast.credits, "GrantCapSet").per_day == 12
    assert cast.credits.grant_cap() == 12


# ---------------------------------------------------------------- what it does for the account


def streaming(cast: Cast) -> int:
    """Alice streams a dollar away; gives the second at which it is gone."""
    cast.buy(cast.alice, DOLLAR)
    cast.credits.adjust_rate(cast.alice, RATE, sender=cast.meter)
    return int(cast.credits.depletes_at(cast.alice))


@pytest.mark.parametrize("late", [0, 1, GRACE - 1])
def test_a_dry_account_in_grace__streams_again_from_now_on(cast: Cast, late: int) -> None:
    dry_at = streaming(cast)
    boa.env.timestamp = dry_at + late
    granted = cast.grant(cast.alice, CREDIT)
    assert (granted.word >> 148) & (2**32 - 1) == cast.now
    assert cast.credits.epoch_of(cast.alice) == 0
    assert cast.credits.account_of(cast.alice)[:3] == (0, CREDIT, RATE)
    assert cast.credits.depletes_at(cast.alice) == cast.now + CREDIT // RATE
    assert cast.credits.earned() == CREDIT


@pytest.mark.parametrize("late", [GRACE, GRACE + DAY])
def test_after_grace__what_ran_has_ended_and_the_grant_does_not_pay_for_it(
    cast: Cast, late: int
) -> None:
    dry_at = streaming(cast)
    boa.env.timestamp = dry_at + late
    cast.credits.grant(cast.alice, CREDIT, reference(1), sender=cast.granter)
    ended = event(cast.credits, "EpochEnded")
    assert (ended.account, ended.epoch, ended.depleted_at) == (cast.alice, 1, dry_at)
    assert cast.credits.epoch_of(cast.alice) == 1
    cast.pass_time(DAY)
    assert cast.credits.account_of(cast.alice)[:3] == (0, CREDIT, 0)


def test_granted_credit__streams_away_before_paid(cast: Cast) -> None:
    streaming(cast)
    cast.grant(cast.alice, 5 * RATE)
    cast.pass_time(4)
    assert cast.credits.account_of(cast.alice)[:2] == (CREDIT, RATE)
    cast.pass_time(2)
    assert cast.credits.account_of(cast.alice)[:2] == (CREDIT - RATE, 0)


def test_a_grant_while_it_streams__does_not_make_what_burned_granted(cast: Cast) -> None:
    streaming(cast)
    cast.pass_time(10)
    cast.grant(cast.alice, CREDIT)
    assert cast.credits.account_of(cast.alice)[:2] == (CREDIT - 10 * RATE, CREDIT)
    assert cast.credits.earned() == 10 * RATE


def test_granted_credit__can_never_be_refunded(cast: Cast) -> None:
    cast.grant(cast.alice, 5 * CREDIT)
    assert cast.credits.refundable_of(cast.alice) == 0
    with boa.reverts("Credits: more than paid credit"):
        cast.credits.refund(CREDIT, cast.alice, sender=cast.alice)
    cast.buy(cast.alice, 2 * DOLLAR)
    assert cast.credits.refundable_of(cast.alice) == 2 * CREDIT
    with boa.reverts("Credits: more than paid credit"):
        cast.credits.refund(3 * CREDIT, cast.alice, sender=cast.alice)
    cast.credits.refund(2 * CREDIT, cast.alice, sender=cast.alice)
    assert cast.credits.account_of(cast.alice)[:2] == (0, 5 * CREDIT)
    assert cast.held() == 0 == cast.reserve(cast.alice)


def test_granted_credit_that_is_used__earns_nothing_and_moves_no_asset(cast: Cast) -> None:
    cast.grant(cast.alice, 5 * CREDIT)
    cast.credits.spend(cast.alice, CREDIT, reference(9), sender=cast.meter)
    cast.charge(cast.alice, 10**6)
    cast.credits.adjust_rate(cast.alice, CREDIT, sender=cast.meter)
    cast.pass_time(DAY)
    cast.credits.adjust_rate(cast.alice, -CREDIT, sender=cast.meter)
    assert cast.credits.earned() == 0 == cast.credits.balance_of(cast.alice)
    assert cast.held() == 0


def test_a_fresh_account__gets_the_default_limit(cast: Cast) -> None:
    cast.grant(cast.alice, CREDIT)
    assert cast.credits.account_of(cast.alice) == (0, CREDIT, 0, cast.now, 0, 10**6)
