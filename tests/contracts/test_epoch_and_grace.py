"""Depletion, grace, and the epoch: a late top-up never pays for what was already deleted."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.world import (
    ACTIVE,
    CREDIT,
    DAY,
    DOLLAR,
    FIRST_SITE,
    FIRST_STORAGE,
    GRACE,
    LAPSED,
    PAUSED,
    SITE_RATE,
    STOPPED,
    STORAGE,
    World,
    event,
    events,
)

NEVER = 2**256 - 1


@pytest.fixture
def dry(world: World) -> World:
    """Alice's two services have just run dry; one of them is paused."""
    world.buy(world.alice, DOLLAR)
    world.start(world.alice)
    world.start(world.alice, STORAGE)
    world.hosting.pause(FIRST_STORAGE, sender=world.alice)
    world.run_dry(world.alice)
    return world


def test_a_service_lapses_at_the_very_second_and_without_a_transaction(dry: World) -> None:
    assert dry.state(FIRST_SITE) == LAPSED
    dry.pass_time(-1)
    assert dry.state(FIRST_SITE) == ACTIVE


def test_a_top_up_within_grace_brings_everything_back_and_asks_nothing_for_the_gap(
    dry: World,
) -> None:
    dry.pass_time(GRACE - 1)
    dry.buy(dry.alice, DOLLAR, buyer=dry.bob)
    assert dry.state(FIRST_SITE) == ACTIVE
    assert dry.credits.balance_of(dry.alice) == CREDIT
    assert dry.credits.depletes_at(dry.alice) == dry.now + CREDIT // SITE_RATE
    assert dry.credits.epoch_of(dry.alice) == 0
    assert events(dry.credits, "EpochEnded") == []


def test_the_epoch_ends_with_the_last_second_of_grace(dry: World) -> None:
    dry.pass_time(GRACE - 1)
    assert (dry.credits.epoch_of(dry.alice), dry.state(FIRST_SITE), dry.state(FIRST_STORAGE)) == (
        0,
        LAPSED,
        PAUSED,
    )
    dry.pass_time(1)
    assert (dry.credits.epoch_of(dry.alice), dry.state(FIRST_SITE), dry.state(FIRST_STORAGE)) == (
        1,
        STOPPED,
        STOPPED,
    )
    assert dry.credits.account_of(dry.alice) == (0, 0, 0, dry.now, 0, 10**6)
    assert dry.credits.depletes_at(dry.alice) == NEVER


def test_a_late_top_up_revives_nothing_and_streams_nothing(dry: World) -> None:
    dry_at = dry.now
    dry.pass_time(GRACE)
    dry.buy(dry.alice, DOLLAR)
    ended = event(dry.credits, "EpochEnded")
    assert (ended.account, ended.epoch, ended.depleted_at) == (dry.alice, 1, dry_at)
    assert (ended.word >> 112) & (2**36 - 1) == 0
    assert (ended.word >> 148) & (2**32 - 1) == dry.now
    dry.pass_time(DAY)
    assert dry.credits.balance_of(dry.alice) == CREDIT
    assert (dry.state(FIRST_SITE), dry.state(FIRST_STORAGE)) == (STOPPED, STOPPED)
    assert dry.credits.epoch_of(dry.alice) == 1


@pytest.mark.parametrize("credit", [False, True], ids=["dry", "topped up late"])
@pytest.mark.parametrize("move", ["pause", "resume", "stop"])
def test_what_has_ended__cannot_be_moved(dry: World, move: str, credit: bool) -> None:
    dry.pass_time(GRACE)
    if credit:
        dry.buy(dry.alice, DOLLAR)
        dry.start(dry.alice)  # its stream isn't the ended one's
    reasons = {
        (FIRST_SITE, "pause", False): "Credits: nothing streams",
        (FIRST_STORAGE, "resume", False): "Credits: no credit",
    }
    rate = dry.credits.account_of(dry.alice)[2]
    for service in (FIRST_SITE, FIRST_STORAGE):
        with boa.reverts(reasons.get((service, move, credit), "Hosting: service has ended")):
            getattr(dry.hosting, move)(service, sender=dry.alice)
    assert dry.credits.account_of(dry.alice)[2] == rate


def test_what_is_started_after_the_end_is_of_the_new_epoch(dry: World) -> None:
    dry.pass_time(GRACE)
    dry.buy(dry.alice, DOLLAR)
    service = dry.start(dry.alice)
    assert dry.hosting.service_of(service).epoch == 1
    assert dry.state(service) == ACTIVE
    dry.hosting.stop(service, sender=dry.alice)
    assert dry.credits.account_of(dry.alice)[2] == 0


def test_epochs_count_on(dry: World) -> None:
    for epoch in (1, 2, 3):
        dry.pass_time(GRACE)
        dry.buy(dry.alice, DOLLAR)
        assert event(dry.credits, "EpochEnded").epoch == epoch
        dry.start(dry.alice)
        dry.run_dry(dry.alice)


def test_the_end_is_written_once(dry: World) -> None:
    dry.pass_time(GRACE)
    dry.credits.set_limit(0, sender=dry.alice)
    assert len(events(dry.credits, "EpochEnded")) == 1
    dry.credits.set_limit(0, sender=dry.alice)
    assert events(dry.credits, "EpochEnded") == []
    dry.pass_time(5 * GRACE)
    assert dry.credits.epoch_of(dry.alice) == 1


def test_pausing_everything_within_grace__ends_the_depletion(dry: World) -> None:
    dry.hosting.pause(FIRST_SITE, sender=dry.alice)
    dry.pass_time(2 * GRACE)
    assert (dry.credits.epoch_of(dry.alice), dry.state(FIRST_SITE)) == (0, PAUSED)
    dry.buy(dry.alice, DOLLAR)
    dry.hosting.resume(FIRST_SITE, sender=dry.alice)
    assert dry.state(FIRST_SITE) == ACTIVE


def test_an_account_without_a_stream_never_runs_dry(world: World) -> None:
    world.buy(world.alice, DOLLAR)
    world.pass_time(1_000 * DAY)
    assert world.credits.balance_of(world.alice) == CREDIT
    assert world.credits.epoch_of(world.alice) == 0


def test_taking_everything_out_is_running_dry(world: World) -> None:
    world.buy(world.alice, DOLLAR)
    world.credits.set_limit(0, sender=world.alice)
    world.pass_time(DAY)
    service = world.start(world.alice)
    world.credits.refund(CREDIT, world.alice, sender=world.alice)
    assert world.state(service) == LAPSED
    world.pass_time(GRACE)
    assert world.state(service) == STOPPED
