"""`pause`, `resume`, `stop`, `suspend`, `unsuspend`: each legal and each illegal move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boa
import pytest

from indexer.rules import Service, ServiceState
from tests.contracts.world import (
    ACTIVE,
    DOLLAR,
    FIRST_SITE,
    LAPSED,
    PAUSED,
    SITE,
    SITE_RATE,
    STOPPED,
    SUSPENDED,
    World,
    event,
)

MOVES: dict[str, Callable[[World], Any]] = {
    "pause": lambda w: w.hosting.pause(FIRST_SITE, sender=w.alice),
    "resume": lambda w: w.hosting.resume(FIRST_SITE, sender=w.alice),
    "stop": lambda w: w.hosting.stop(FIRST_SITE, sender=w.alice),
    "suspend": lambda w: w.hosting.suspend(FIRST_SITE, "Phishing", sender=w.moderator),
    "unsuspend": lambda w: w.hosting.unsuspend(FIRST_SITE, sender=w.moderator),
}
PATHS = {  # how a service comes to a state
    ACTIVE: (),
    PAUSED: ("pause",),
    SUSPENDED: ("suspend",),
    STOPPED: ("stop",),
}
LEGAL = {
    (ACTIVE, "pause"): PAUSED,
    (PAUSED, "resume"): ACTIVE,
    (ACTIVE, "suspend"): SUSPENDED,
    (PAUSED, "suspend"): SUSPENDED,
    (SUSPENDED, "unsuspend"): PAUSED,
    (ACTIVE, "stop"): STOPPED,
    (PAUSED, "stop"): STOPPED,
    (SUSPENDED, "stop"): STOPPED,
}
REASONS = {
    "pause": "Hosting: not active",
    "resume": "Hosting: not paused",
    "suspend": "Hosting: already suspended",
    "unsuspend": "Hosting: not suspended",
}
ILLEGAL = [(state, move) for state in PATHS for move in MOVES if (state, move) not in LEGAL]


@pytest.fixture
def running(world: World) -> World:
    world.buy(world.alice, 10 * DOLLAR)
    world.start(world.alice)
    return world


def bring(world: World, state: int) -> None:
    for move in PATHS[state]:
        MOVES[move](world)
    assert world.state(FIRST_SITE) == state


@pytest.mark.parametrize(("state", "move"), LEGAL)
def test_a_legal_move(running: World, state: int, move: str) -> None:
    bring(running, state)
    MOVES[move](running)
    changed = event(running.hosting, "ServiceSuspended" if move == "suspend" else "ServiceChanged")
    after = LEGAL[state, move]
    assert running.service(changed) == Service(
        *(FIRST_SITE, running.alice, SITE, ServiceState(after), SITE_RATE),
        *(0, 0, 0),  # discount, epoch, expiry
    )
    assert running.state(FIRST_SITE) == after
    assert running.credits.account_of(running.alice)[2] == (SITE_RATE if after == ACTIVE else 0)


@pytest.mark.parametrize(("state", "move"), ILLEGAL)
def test_an_illegal_move__is_refused(running: World, state: int, move: str) -> None:
    bring(running, state)
    reason = "Hosting: service has ended" if state == STOPPED else REASONS[move]
    with boa.reverts(reason):
        MOVES[move](running)
    assert running.state(FIRST_SITE) == state


@pytest.mark.parametrize("move", ["pause", "resume", "stop", "renew_free"])
def test_someone_elses_service__is_refused(running: World, move: str) -> None:
    for stranger in (running.bob, running.admin, running.moderator):
        with boa.reverts("Hosting: not your service"):
            getattr(running.hosting, move)(FIRST_SITE, sender=stranger)


@pytest.mark.parametrize("service", [0, 1, FIRST_SITE + 1, 2**256 - 1])
def test_a_service_that_was_never_started__is_refused(running: World, service: int) -> None:
    for call in (running.hosting.pause, running.hosting.service_of, running.hosting.state_of):
        with boa.reverts("Hosting: no such service"):
            call(service, sender=running.alice)
    with boa.reverts("Hosting: no such service"):
        running.hosting.suspend(service, "Phishing", sender=running.moderator)


def test_a_paused_service_costs_nothing(running: World) -> None:
    running.pass_time(100)
    running.hosting.pause(FIRST_SITE, sender=running.alice)
    balance = running.credits.balance_of(running.alice)
    running.pass_time(1_000_000)
    assert running.credits.balance_of(running.alice) == balance


def test_a_lapsed_service_can_be_paused_and_not_resumed_before_a_top_up(running: World) -> None:
    running.run_dry(running.alice)
    assert running.state(FIRST_SITE) == LAPSED
    running.hosting.pause(FIRST_SITE, sender=running.alice)
    assert running.state(FIRST_SITE) == PAUSED
    with boa.reverts("Credits: no credit"):
        running.hosting.resume(FIRST_SITE, sender=running.alice)
    running.buy(running.alice, DOLLAR, buyer=running.bob)
    running.hosting.resume(FIRST_SITE, sender=running.alice)
    assert running.state(FIRST_SITE) == ACTIVE


def test_a_lapsed_service_can_be_stopped(running: World) -> None:
    running.run_dry(running.alice)
    running.hosting.stop(FIRST_SITE, sender=running.alice)
    assert running.state(FIRST_SITE) == STOPPED
    assert running.credits.account_of(running.alice)[2] == 0


def test_the_owner_and_visitors_are_told_why(running: World) -> None:
    reason = "Phishing, reported on Monday. " * 4
    running.hosting.suspend(FIRST_SITE, reason, sender=running.moderator)
    assert event(running.hosting, "ServiceSuspended").reason == reason


def test_one_services_moves_leave_the_others_alone(running: World) -> None:
    running.start(running.alice)
    for move in ("pause", "resume", "suspend", "unsuspend", "stop"):
        MOVES[move](running)
        assert running.state(FIRST_SITE + 1) == ACTIVE
    assert running.credits.account_of(running.alice)[2] == SITE_RATE
