"""`Credits.set_meter`: who may change rates and spend, and from when on."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.cast import ROLES, Cast, reference
from tests.contracts.world import CREDIT, DAY, DOLLAR, ZERO, World, event

NOTICE = 2 * DAY
MOST = 16
NAME = reference(9)


@pytest.fixture
def cast(world: World) -> Cast:
    """Hosting and `cast.meter` were registered when everything was deployed."""
    cast = Cast.of(world)
    cast.buy(cast.alice, 10 * DOLLAR)
    return cast


def start(cast: Cast, meter: str, rate: int = 5) -> None:
    cast.credits.adjust_rate(cast.alice, rate, sender=meter)


def stop(cast: Cast, meter: str, rate: int = 5) -> None:
    cast.credits.adjust_rate(cast.alice, -rate, sender=meter)


def assert_counts(cast: Cast, meter: str) -> None:
    """It may raise, lower and spend."""
    with boa.env.anchor():
        start(cast, meter)
        stop(cast, meter)
        cast.credits.spend(cast.alice, 1, NAME, sender=meter)


def assert_counts_not(cast: Cast, meter: str) -> None:
    """It may neither raise, not even by nothing, nor spend."""
    for delta in (0, 1, 2**255 - 1):
        with boa.reverts("Credits: not a meter"):
            cast.credits.adjust_rate(cast.alice, delta, sender=meter)
    for amount in (0, 1):
        with boa.reverts("Credits: not a meter"):
            cast.credits.spend(cast.alice, amount, NAME, sender=meter)


def later(cast: Cast) -> None:
    """The first day of Credits is over."""
    cast.pass_time(DAY)


# ---------------------------------------------------------------- when it counts


@pytest.mark.parametrize("seconds", [0, DAY - 1])
def test_on_the_first_day__a_meter_counts_at_once(cast: Cast, seconds: int) -> None:
    cast.pass_time(seconds)
    cast.credits.set_meter(cast.bob, True)
    assert event(cast.credits, "MeterSet").counts_at == cast.now
    assert cast.credits.meter_of(cast.bob) == (True, cast.now)
    assert_counts(cast, cast.bob)


@pytest.mark.parametrize("seconds", [DAY, 400 * DAY])
def test_after_the_first_day__it_counts_two_days_later_to_the_second(
    cast: Cast, seconds: int
) -> None:
    cast.pass_time(seconds)
    counts_at = cast.now + NOTICE
    cast.credits.set_meter(cast.bob, True)
    assert event(cast.credits, "MeterSet").counts_at == counts_at
    assert cast.credits.meter_of(cast.bob) == (True, counts_at)
    assert_counts_not(cast, cast.bob)
    boa.env.timestamp = counts_at - 1
    assert_counts_not(cast, cast.bob)
    cast.pass_time(1)
    assert_counts(cast, cast.bob)


def test_the_first_meter_of_all__waits_like_any_other(world: World) -> None:
    bank = world.credits.deployer.deploy(world.usd, 0)
    world.pass_time(DAY)
    bank.set_meter(world.bob, True)
    assert bank.meter_of(world.bob) == (True, world.now + NOTICE)


def test_whoever_does_not_trust_a_new_meter__has_taken_all_out_before_it_counts(
    cast: Cast,
) -> None:
    later(cast)
    cast.credits.set_meter(cast.bob, True)
    cast.credits.set_limit(0, sender=cast.alice)
    cast.pass_time(DAY)
    cast.credits.refund(10 * CREDIT, cast.alice, sender=cast.alice)
    cast.pass_time(DAY)
    with boa.reverts("Credits: not enough credit"):
        cast.credits.spend(cast.alice, 1, NAME, sender=cast.bob)


def test_registering_it_again_while_it_waits__neither_hastens_nor_delays_it(cast: Cast) -> None:
    later(cast)
    cast.credits.set_meter(cast.bob, True)
    counts_at = cast.now + NOTICE
    for _ in range(2):
        cast.pass_time(DAY // 2)
        cast.credits.set_meter(cast.bob, True)
        assert event(cast.credits, "MeterSet").counts_at == counts_at
        assert cast.credits.meter_of(cast.bob) == (True, counts_at)


def test_registering_it_again_while_it_counts__does_not_interrupt_it(cast: Cast) -> None:
    later(cast)
    cast.credits.set_meter(cast.meter, True)
    assert_counts(cast, cast.meter)


# ---------------------------------------------------------------- taken off


def test_taken_off__it_may_lower_what_it_started_and_nothing_else(cast: Cast) -> None:
    start(cast, cast.meter)
    cast.credits.adjust_rate(cast.alice, 7, sender=cast.hosting.address)
    cast.credits.set_meter(cast.meter, False)
    assert cast.credits.meter_of(cast.meter)[0] is False
    assert_counts_not(cast, cast.meter)
    stop(cast, cast.meter, 4)
    with boa.reverts("Credits: more than it started"):
        stop(cast, cast.meter, 2)
    stop(cast, cast.meter, 1)
    with boa.reverts("Credits: nothing streams"):
        stop(cast, cast.meter, 1)
    assert cast.credits.account_of(cast.alice)[2] == 7


def test_the_first_meter_taken_off__may_lower_what_it_started(cast: Cast) -> None:
    hosting = cast.hosting.address
    start(cast, hosting)
    start(cast, cast.meter, 3)
    cast.credits.set_meter(hosting, False)
    assert_counts_not(cast, hosting)
    with boa.reverts("Credits: more than it started"):
        stop(cast, hosting, 6)
    stop(cast, hosting, 5)
    assert cast.credits.account_of(cast.alice)[2] == 3


def test_taken_off__it_counts_from_now_on_and_what_it_earned_stays(cast: Cast) -> None:
    cast.credits.spend(cast.alice, CREDIT, NAME, sender=cast.meter)
    cast.credits.set_meter(cast.meter, False)
    assert cast.credits.earned() == CREDIT
    cast.credits.withdraw_earned(CREDIT, cast.bob)
    assert cast.credits.earned() == 0
    assert_counts_not(cast, cast.meter)


def test_on_the_first_day__one_that_was_taken_off_counts_again_at_once(cast: Cast) -> None:
    cast.credits.set_meter(cast.meter, False)
    cast.pass_time(9)
    cast.credits.set_meter(cast.meter, True)
    assert cast.credits.meter_of(cast.meter) == (True, cast.now)
    assert_counts(cast, cast.meter)


def test_registered_again_later__it_waits_again_and_may_lower_meanwhile(cast: Cast) -> None:
    start(cast, cast.meter)
    later(cast)
    cast.credits.set_meter(cast.meter, False)
    cast.credits.set_meter(cast.meter, True)
    counts_at = cast.now + NOTICE
    assert cast.credits.meter_of(cast.meter) == (True, counts_at)
    assert_counts_not(cast, cast.meter)
    stop(cast, cast.meter)
    boa.env.timestamp = counts_at - 1
    assert_counts_not(cast, cast.meter)
    cast.pass_time(1)
    assert_counts(cast, cast.meter)


def test_taken_off_while_it_waits__the_wait_begins_anew(cast: Cast) -> None:
    later(cast)
    cast.credits.set_meter(cast.bob, True)
    cast.pass_time(DAY)
    cast.credits.set_meter(cast.bob, False)
    cast.credits.set_meter(cast.bob, True)
    assert cast.credits.meter_of(cast.bob) == (True, cast.now + NOTICE)


def test_taken_off_while_it_waits__it_never_comes_to_count(cast: Cast) -> None:
    later(cast)
    cast.credits.set_meter(cast.bob, True)
    cast.credits.set_meter(cast.bob, False)
    cast.pass_time(10 * DAY)
    assert_counts_not(cast, cast.bob)


def test_taking_off_twice__changes_nothing_more(cast: Cast) -> None:
    start(cast, cast.meter)
    for _ in range(2):
        cast.credits.set_meter(cast.meter, False)
    stop(cast, cast.meter)


# ---------------------------------------------------------------- refusals


def test_taking_off_what_is_no_meter__is_refused(cast: Cast) -> None:
    with boa.reverts("Credits: not a meter"):
        cast.credits.set_meter(cast.bob, False)
    assert cast.credits.meter_of(cast.bob) == (False, 0)


@pytest.mark.parametrize("registered", [True, False])
def test_the_zero_address__is_refused(cast: Cast, registered: bool) -> None:
    with boa.reverts("Credits: meter of nobody"):
        cast.credits.set_meter(ZERO, registered)


def test_nobody_but_the_admin_sets_meters(cast: Cast) -> None:
    cast.credits.set_roles(cast.bob, sum(ROLES))
    for stranger in (cast.alice, cast.bob, cast.meter):
        for meter, registered in ((stranger, True), (cast.meter, False)):
            with boa.reverts("Roles: not the admin"):
                cast.credits.set_meter(meter, registered, sender=stranger)


def test_a_stranger__may_neither_raise_nor_lower_nor_spend(cast: Cast) -> None:
    start(cast, cast.meter)
    for stranger in (cast.alice, cast.admin, cast.settler):
        assert_counts_not(cast, stranger)
        with boa.reverts("Credits: not a meter"):
            stop(cast, stranger)


def test_sixteen_meters__are_the_most_there_ever_can_be(cast: Cast) -> None:
    meters = [str(boa.env.generate_address()) for _ in range(MOST - 2)]
    for meter in meters:
        cast.credits.set_meter(meter, True)
        assert_counts(cast, meter)
    for _ in range(2):
        with boa.reverts("Credits: too many meters"):
            cast.credits.set_meter(cast.bob, True)
        cast.credits.set_meter(meters[0], False)  # leaves no room: it stays known
    cast.credits.set_meter(meters[0], True)
    assert_counts(cast, meters[0])


def test_what_sixteen_meters_earned__is_withdrawn_at_once_and_they_stay_meters(
    cast: Cast,
) -> None:
    meters = [str(cast.hosting.address), cast.meter]
    for _ in range(MOST - 2):
        meters.append(str(boa.env.generate_address()))
        cast.credits.set_meter(meters[-1], True)
    for meter in meters:
        start(cast, meter)
        cast.credits.spend(cast.alice, 1_000, NAME, sender=meter)
    assert cast.credits.earned() == MOST * 1_000
    cast.credits.withdraw_earned(MOST * 1_000, cast.bob)
    assert cast.credits.earned() == 0
    for meter in meters:
        stop(cast, meter)
        assert_counts(cast, meter)
    assert cast.credits.account_of(cast.alice)[2] == 0


def test_each_change_is_told(cast: Cast) -> None:
    for registered in (True, True, False, False, True):
        cast.credits.set_meter(cast.bob, registered)
        meter_set = event(cast.credits, "MeterSet")
        assert (meter_set.meter, meter_set.registered) == (cast.bob, registered)
        assert cast.credits.meter_of(cast.bob) == (registered, meter_set.counts_at)
