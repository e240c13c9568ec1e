"""`Hosting.set_plan` and `plan_of`: what is offered, at which price."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.world import DAY, DOLLAR, SITE, SITE_RATE, STORAGE, World, event

MOST_PLAN, MOST_RATE, MOST_PERIOD = 2**12 - 1, 2**36 - 1, 2**31 - 1


@pytest.mark.parametrize(
    "plan",
    [
        (9, "Paid", 3, 5_000, 0, True),
        (10, "Free", 2, 0, 7 * DAY, False),
        (MOST_PLAN, "A name of thirty-two bytes, whole", 1, MOST_RATE, 0, True),
        (12, "", 1, 0, MOST_PERIOD, True),
    ],
)
def test_a_plan_is_kept_and_told_as_it_was_set(
    world: World, plan: tuple[int, str, int, int, int, bool]
) -> None:
    number, name, *terms = plan
    plan = (number, name[:32], *terms)  # type: ignore[assignment]  # a list of the same shape
    world.hosting.set_plan(*plan)
    assert tuple(event(world.hosting, "PlanSet"))[1:] == plan
    assert tuple(world.hosting.plan_of(number)) == plan[1:]


def test_a_plan_that_was_never_set_is_empty(world: World) -> None:
    assert tuple(world.hosting.plan_of(99)) == ("", 0, 0, 0, False)


def test_a_running_service_keeps_its_rate(world: World) -> None:
    world.buy(world.alice, DOLLAR)
    service = world.start(world.alice)
    world.hosting.set_plan(SITE, "Dearer", 1, 9 * SITE_RATE, 0, True)
    world.hosting.pause(service, sender=world.alice)
    world.hosting.resume(service, sender=world.alice)
    assert world.hosting.service_of(service).rate == SITE_RATE
    assert world.credits.account_of(world.alice)[2] == SITE_RATE


def test_the_kind_of_a_plan_is_fixed(world: World) -> None:
    for kind in (1, 3):
        with boa.reverts("Hosting: kind is fixed"):
            world.hosting.set_plan(STORAGE, "Storage", kind, 1_000, 0, True)
    world.hosting.set_plan(STORAGE, "Storage, renamed", 2, 0, DAY, False)


@pytest.mark.parametrize(
    ("plan", "kind", "rate", "free_period", "reason"),
    [
        (0, 1, 1, 0, "Hosting: plan out of range"),
        (MOST_PLAN + 1, 1, 1, 0, "Hosting: plan out of range"),
        (9, 0, 1, 0, "Hosting: unknown kind"),
        (9, 4, 1, 0, "Hosting: unknown kind"),
        (9, 1, 0, 0, "Hosting: free means a period"),
        (9, 1, 1, 1, "Hosting: free means a period"),
        (9, 1, MOST_RATE + 1, 0, "Hosting: rate too large"),
        (9, 1, 0, MOST_PERIOD + 1, "Hosting: period too long"),
    ],
)
def test_what_makes_no_sense__is_refused(
    world: World, plan: int, kind: int, rate: int, free_period: int, reason: str
) -> None:
    with boa.reverts(reason):
        world.hosting.set_plan(plan, "Plan", kind, rate, free_period, True)
