"""Whose rate it is: each meter lowers what it itself started in this epoch, and no more."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.rules import Account
from tests.contracts.cast import Cast, reference
from tests.contracts.effort import effort
from tests.contracts.world import CREDIT, DAY, DOLLAR, GRACE, SITE_RATE, World, event

MOST_RATE = 2**36 - 1
LEAST, MOST = -(2**255), 2**255 - 1
MORE_THAN_STARTED = "Credits: more than it started"
NOTHING_STREAMS = "Credits: nothing streams"


@dataclass
class Meters(Cast):
    """Three meters: Hosting's address is the first of all."""

    third: str = field(default_factory=lambda: str(boa.env.generate_address("third")))

    @property
    def all(self) -> list[str]:
        return [str(self.hosting.address), self.meter, self.third]

    def adjust(self, meter: int, delta: int, account: str | None = None) -> int:
        """One of the meters changes Alice's rate; gives the epoch."""
        return int(self.credits.adjust_rate(account or self.alice, delta, sender=self.all[meter]))

    def shares(self, account: str | None = None) -> list[int]:
        """What each of them started."""
        return [int(self.credits.rate_by(meter, account or self.alice)) for meter in self.all]

    def rate(self) -> int:
        return int(self.credits.account_of(self.alice)[2])


@pytest.fixture
def cast(world: World) -> Meters:
    cast = Meters.of(world)
    assert isinstance(cast, Meters)
    cast.credits.set_meter(cast.third, True)
    cast.buy(cast.alice, 10 * DOLLAR)
    return cast


# ---------------------------------------------------------------- shares


def test_each_meter_has_started_what_it_raised(cast: Meters) -> None:
    for meter, delta in ((0, 100), (1, 20), (2, 3), (1, 5), (0, 1)):
        cast.adjust(meter, delta)
    assert cast.shares() == [101, 25, 3]
    assert cast.rate() == 129


@pytest.mark.parametrize("meter", range(3))
def test_no_meter_lowers_what_another_started(cast: Meters, meter: int) -> None:
    for other in range(3):
        if other != meter:
            cast.adjust(other, 50)
    with boa.reverts(NOTHING_STREAMS):
        cast.adjust(meter, -1)
    cast.adjust(meter, 7)
    with boa.reverts(MORE_THAN_STARTED):
        cast.adjust(meter, -8)
    cast.adjust(meter, -7)
    with boa.reverts(NOTHING_STREAMS):
        cast.adjust(meter, -1)
    assert cast.rate() == 100


def test_a_meter_cannot_stop_what_runs_on_hosting(cast: Meters) -> None:
    service = cast.start(cast.alice)
    for meter in (1, 2):
        with boa.reverts(NOTHING_STREAMS):
            cast.adjust(meter, -SITE_RATE)
    cast.adjust(1, 30)
    cast.hosting.stop(service, sender=cast.alice)
    assert cast.shares() == [0, 30, 0]


def test_the_first_meters_share__is_what_the_others_leave(cast: Meters) -> None:
    cast.adjust(0, 100)
    cast.adjust(1, 40)
    cast.adjust(0, -60)
    cast.adjust(1, -15)
    assert cast.shares() == [40, 25, 0]
    with boa.reverts(MORE_THAN_STARTED):
        cast.adjust(0, -41)
    cast.adjust(0, -40)
    with boa.reverts(NOTHING_STREAMS):
        cast.adjust(0, -1)
    assert cast.rate() == 25


def test_the_accounts_have_shares_of_their_own(cast: Meters) -> None:
    cast.buy(cast.bob, DOLLAR)
    cast.adjust(1, 5)
    with boa.reverts(NOTHING_STREAMS):
        cast.adjust(1, -5, cast.bob)
    cast.adjust(1, 2, cast.bob)
    cast.adjust(0, 9, cast.bob)
    assert cast.shares() == [0, 5, 0]
    assert cast.shares(cast.bob) == [9, 2, 0]


def test_a_raise_by_nothing__starts_nothing(cast: Meters) -> None:
    for meter in range(3):
        cast.adjust(meter, 0)
        with boa.reverts(NOTHING_STREAMS):
            cast.adjust(meter, -1)
    assert cast.shares() == [0, 0, 0]


def test_whoever_is_no_meter__has_started_nothing(cast: Meters) -> None:
    cast.adjust(0, 5)
    for nobody in (cast.bob, cast.alice, cast.admin):
        assert cast.credits.rate_by(nobody, cast.alice) == 0
    assert cast.shares(cast.bob) == [0, 0, 0]


def test_shares_of_the_whole_word__fit_beside_one_another(cast: Meters) -> None:
    third = MOST_RATE // 3
    for meter, share in enumerate((third, third, MOST_RATE - 2 * third)):
        cast.adjust(meter, share)
    for meter in range(3):
        with boa.reverts("Credits: rate too large"):
            cast.adjust(meter, 1)
    assert cast.shares() == [third, third, MOST_RATE - 2 * third]
    for meter, share in enumerate(cast.shares()):
        cast.adjust(meter, -share)
    cast.adjust(1, MOST_RATE)
    assert cast.shares() == [0, MOST_RATE, 0]
    cast.adjust(1, -MOST_RATE)
    assert cast.rate() == 0


def test_a_lowered_stream_of_a_dry_account__ends_its_depletion_only_at_nothing(
    cast: Meters,
) -> None:
    cast.adjust(0, CREDIT)
    cast.adjust(1, CREDIT)
    dry_at = cast.run_dry(cast.alice)
    cast.pass_time(DAY)
    cast.adjust(1, -CREDIT)
    assert cast.credits.depletes_at(cast.alice) == dry_at
    cast.adjust(0, -CREDIT)
    assert cast.credits.depletes_at(cast.alice) == 2**256 - 1
    cast.pass_time(GRACE)
    assert cast.credits.epoch_of(cast.alice) == 0


def test_the_event_tells_meter_delta_and_the_resulting_word(cast: Meters) -> None:
    for meter, delta in ((1, 30), (1, -10), (0, 4)):
        cast.adjust(meter, delta)
        adjusted = event(cast.credits, "RateAdjusted")
        assert (adjusted.account, adjusted.meter, adjusted.delta) == (
            cast.alice,
            cast.all[meter],
            delta,
        )
        assert adjusted.word == cast.credits.word_of(cast.alice)


# ---------------------------------------------------------------- epochs


def end_epoch(cast: Meters) -> None:
    """The account runs dry and stays so beyond grace; nothing has touched it since."""
    cast.run_dry(cast.alice)
    cast.pass_time(GRACE)


@pytest.mark.parametrize("meter", range(3))
def test_in_grace__the_shares_are_kept(cast: Meters, meter: int) -> None:
    cast.adjust(0, CREDIT)
    cast.adjust(1, CREDIT)
    cast.adjust(2, CREDIT)
    cast.run_dry(cast.alice)
    cast.pass_time(GRACE - 1)
    assert cast.shares() == [CREDIT] * 3
    assert cast.adjust(meter, -CREDIT) == 0
    assert cast.rate() == 2 * CREDIT


@pytest.mark.parametrize("meter", range(3))
def test_when_the_epoch_ends__the_shares_end_with_it(cast: Meters, meter: int) -> None:
    for number in range(3):
        cast.adjust(number, CREDIT)
    end_epoch(cast)
    assert cast.shares() == [0, 0, 0]
    with boa.reverts(NOTHING_STREAMS):
        cast.adjust(meter, -1)
    cast.buy(cast.alice, DOLLAR)
    assert cast.shares() == [0, 0, 0]
    with boa.reverts(NOTHING_STREAMS):
        cast.adjust(meter, -CREDIT)
    assert cast.adjust(meter, 8) == 1
    assert cast.shares() == [8 * (number == meter) for number in range(3)]
    with boa.reverts(MORE_THAN_STARTED):
        cast.adjust(meter, -CREDIT)


def test_adjust_rate__gives_the_epoch_that_the_stream_is_in(cast: Meters) -> None:
    for epoch in range(4):
        for meter in range(3):
            assert cast.adjust(meter, CREDIT) == epoch
        assert cast.adjust(0, -1) == epoch == cast.credits.epoch_of(cast.alice)
        end_epoch(cast)
        assert cast.credits.epoch_of(cast.alice) == epoch + 1
        cast.buy(cast.alice, 10 * DOLLAR)


def test_a_share_of_two_epochs_ago__never_comes_back(cast: Meters) -> None:
    cast.adjust(1, CREDIT)
    for _ in range(2):
        end_epoch(cast)
        cast.buy(cast.alice, DOLLAR)
        cast.adjust(2, CREDIT)
    assert cast.shares() == [0, 0, CREDIT]
    assert cast.adjust(1, 3) == 2
    assert cast.shares() == [0, 3, CREDIT]


# ---------------------------------------------------------------- extremes


@pytest.mark.parametrize("meter", range(3))
@pytest.mark.parametrize("delta", [LEAST, LEAST + 1, -(2**64), -(2**36) - 1, -(2**36)])
def test_no_rate_is_lowered_by_more_than_any_rate(cast: Meters, meter: int, delta: int) -> None:
    cast.adjust(meter, MOST_RATE)
    with boa.reverts(MORE_THAN_STARTED):
        cast.adjust(meter, delta)
    assert cast.adjust(meter, -MOST_RATE) == 0


@pytest.mark.parametrize("meter", range(3))
@pytest.mark.parametrize("delta", [2**36, 2**36 + 1, 2**64, 2**220, 2**254, MOST])
def test_no_rate_is_raised_beyond_the_word(cast: Meters, meter: int, delta: int) -> None:
    for standing in (0, 1):
        cast.adjust(0, standing)
        with boa.reverts("Credits: rate too large"):
            cast.adjust(meter, delta)
    assert cast.rate() == 1


@pytest.mark.parametrize("delta", [1, MOST_RATE, 2**36, MOST])
def test_without_credit__no_raise_gets_as_far_as_its_size(cast: Meters, delta: int) -> None:
    for meter in range(3):
        with boa.reverts("Credits: no credit"):
            cast.adjust(meter, delta, cast.bob)


@pytest.mark.parametrize("delta", [-1, -MOST_RATE])
def test_of_an_account_that_was_never_here__nothing_is_lowered(cast: Meters, delta: int) -> None:
    for meter in range(3):
        with boa.reverts(NOTHING_STREAMS):
            cast.adjust(meter, delta, cast.bob)
    assert cast.credits.word_of(cast.bob) == 0


# ---------------------------------------------------------------- against a few lines of Python


@dataclass
class Shares:
    """What one account streams, by meter; the rest of it by `indexer.rules`."""

    account: Account = field(default_factory=Account)
    epoch: int = 0
    by: list[int] = field(default_factory=lambda: [0, 0, 0])

    def touch(self, now: int) -> None:
        """What time has done until now."""
        if self.account.has_ended(now, GRACE):
            self.epoch += 1
            self.by = [0, 0, 0]
        self.account = self.account.current(now, GRACE)

    def refusal(self, meter: int, delta: int) -> str | None:
        """Why a touched account's change would be refused."""
        if delta >= 0:
            if not self.account.balance:
                return "Credits: no credit"
            return "Credits: rate too large" if sum(self.by) + delta > MOST_RATE else None
        if delta <= -(2**36):
            return MORE_THAN_STARTED
        if -delta > self.by[meter]:
            return MORE_THAN_STARTED if self.by[meter] else NOTHING_STREAMS
        return None

    def adjust(self, meter: int, delta: int, now: int) -> None:
        self.by[meter] += delta
        rate = sum(self.by)
        at = self.account.updated_at if rate else now
        self.account = replace(self.account, rate=rate, updated_at=at)


RAISES = st.one_of(
    st.sampled_from([0, 1, 2, 1_000, CREDIT, MOST_RATE - 1, MOST_RATE, 2**36, MOST]),
    st.integers(0, 3 * CREDIT),
)
LOWERS = st.sampled_from(["all", "one", "one too many", "half", "every rate", "least"])
STEPS = st.one_of(
    st.tuples(st.just("raise"), st.integers(0, 2), RAISES),
    st.tuples(st.just("raise"), st.integers(0, 2), st.integers(0, 3)),
    st.tuples(st.just("lower"), st.integers(0, 2), LOWERS),
    st.tuples(st.just("lower"), st.integers(0, 2), LOWERS),
    st.tuples(st.just("pass"), st.just(0), st.sampled_from([0, 1, 9, GRACE - 1, GRACE])),
    st.tuples(st.just("buy"), st.just(0), st.sampled_from([1, DOLLAR])),
    st.tuples(st.just("grant"), st.just(0), st.sampled_from([1, CREDIT])),
)


def lowered(how: str, share: int) -> int:
    """The delta of a lowering."""
    return {
        "all": -max(share, 1),
        "one": -1,
        "one too many": -share - 1,
        "half": -max(share // 2, 1),
        "every rate": -(2**36),
        "least": LEAST,
    }[how]


@given(steps=st.lists(STEPS, min_size=1, max_size=24))
@effort(25)
def test_whatever_order_they_come_in__each_lowers_its_own(
    cast: Meters, steps: list[tuple[str, int, int | str]]
) -> None:
    with boa.env.anchor():
        cast.buy(cast.bob, DOLLAR)
        model = Shares(account=Account(paid=CREDIT, updated_at=cast.now))
        for number, (move, meter, amount) in enumerate(steps):
            if move == "pass":
                cast.pass_time(int(amount))
            elif move == "buy":
                model.touch(cast.now)
                cast.buy(cast.bob, int(amount))
                paid = model.account.paid + int(amount) * 1_000
                model.account = replace(model.account, paid=paid, updated_at=cast.now)
            elif move == "grant":
                cast.credits.set_grant_cap(2**128)
                cast.credits.grant(cast.bob, int(amount), reference(number), sender=cast.granter)
                model.touch(cast.now)
                granted = model.account.granted + int(amount)
                model.account = replace(model.account, granted=granted, updated_at=cast.now)
            else:
                after = replace(model, by=list(model.by))
                after.touch(cast.now)
                delta = int(amount) if move == "raise" else lowered(str(amount), after.by[meter])
                refusal = after.refusal(meter, delta)
                if refusal is None:
                    after.adjust(meter, delta, cast.now)
                    assert cast.adjust(meter, delta, cast.bob) == after.epoch
                    model = after
                else:
                    with boa.reverts(refusal):
                        cast.adjust(meter, delta, cast.bob)
            ended = model.account.has_ended(cast.now, GRACE)
            assert cast.shares(cast.bob) == ([0, 0, 0] if ended else model.by)
            found = cast.credits.account_of(cast.bob)
            current = model.account.current(cast.now, GRACE)
            assert found[:3] == (current.paid, current.granted, current.rate)
            assert current.rate == sum(cast.shares(cast.bob))
            assert cast.credits.epoch_of(cast.bob) == model.epoch + ended
            assert cast.held() == cast.reserve(cast.alice, cast.bob)
