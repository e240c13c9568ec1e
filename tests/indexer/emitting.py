"""Short ways to say what the contracts emit, and a random stream of it."""

from __future__ import annotations

from random import Random
from typing import Any

from eth_utils import to_checksum_address

from tests.indexer.fakechain import STRANGER, FakeLog, emit

ZERO_HASH = bytes(32)


def person(number: int) -> str:
    """An address (EIP-55)."""
    return to_checksum_address(f"0x{number + 1:040x}")


def word(paid: int = 0, granted: int = 0, rate: int = 0, updated_at: int = 1) -> int:
    """An account word with the default limit."""
    return paid | granted << 60 | rate << 112 | updated_at << 148 | 10**6 << 218


def bought(account: str, paid: int, **fields: int) -> FakeLog:
    return emit(
        "Credits", "Bought", account=account, buyer=account, amount=paid, word=word(paid, **fields)
    )


def deployed(asset: str = STRANGER, grace: int = 1_209_600) -> FakeLog:
    return emit("Credits", "CreditsDeployed", asset=asset, scale=1_000, grace=grace)


def service(event: str, number: int, owner: str, state: int = 1, **more: Any) -> FakeLog:
    """ServiceStarted, ServiceChanged or ServiceSuspended; 2,000 nano credit a second."""
    fields = {"plan": 2, "state": state, "rate": 2_000, "epoch": 0, "expires_at": 0} | more
    return emit("Hosting", event, service=number, owner=owner, **fields)


def started(number: int, owner: str, **more: Any) -> FakeLog:
    return service("ServiceStarted", number, owner, **({"reference": ZERO_HASH} | more))


def random_logs(random: Random, most: int = 4) -> list[FakeLog]:
    """What a block might hold: of few subjects, so that their rows are often written over."""
    return [_random_log(random) for _ in range(random.randint(0, most))]


def _random_log(random: Random) -> FakeLog:
    who = person(random.randrange(6))
    number = random.randrange(1, 6)
    some = random.randrange(2**40)
    fields = {"paid": some, "rate": random.randrange(2**20), "updated_at": some % 2**31 + 1}
    service_fields = {"rate": some % 2**36, "epoch": some % 3, "expires_at": some % 2**32}
    return random.choice(
        (
            lambda: bought(who, **fields),
            lambda: emit(
                "Credits", "Refunded", account=who, to=STRANGER, amount=some, word=word(**fields)
            ),
            lambda: emit(
                "Credits",
                "RateAdjusted",
                account=who,
                meter=STRANGER,
                delta=-some,
                word=word(**fields),
            ),
            lambda: emit(
                "Credits",
                "Spent",
                account=who,
                meter=STRANGER,
                amount=some,
                reference=b"\x22" * 32,
                word=word(**fields),
            ),
            lambda: emit("Credits", "LimitSet", account=who, per_day=some, word=word(**fields)),
            lambda: emit(
                "Credits",
                "EpochEnded",
                account=who,
                epoch=number,
                depleted_at=some % 2**32,
                word=word(**fields),
            ),
            lambda: emit("Credits", "MeterSet", meter=who, registered=some % 2 == 0),
            lambda: emit("Credits", "EarnedWithdrawn", to=who, amount=some, earned=some),
            lambda: emit(
                "Hosting",
                "PlanSet",
                plan=number,
                name=f"Plan {some}",
                kind=1 + some % 3,
                rate=some,
                free_period=some,
                offered=some % 2 == 0,
            ),
            lambda: started(number, who, **service_fields),
            lambda: service("ServiceChanged", number, who, 1 + some % 4, **service_fields),
            lambda: service("ServiceSuspended", number, who, 3, reason="Malware"),
            lambda: emit(
                random.choice(("Credits", "Hosting")), "RolesChanged", account=who, roles=some % 32
            ),
            lambda: emit(random.choice(("Credits", "Hosting")), "AdminProposed", proposed=who),
            lambda: emit(random.choice(("Credits", "Hosting")), "AdminChanged", admin=who),
            lambda: FakeLog(STRANGER, (), "0x"),  # another contract's
        )
    )()
