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
    """ServiceStarted, ServiceChanged, …; by default of 2,000 nano credit a second."""
    fields = {"plan": 2, "rate": 2_000, "discount": 0, "epoch": 0, "expires_at": 0}
    fields |= {name: more.pop(name) for name in fields if name in more}
    packed = (
        int(owner, 16)
        | fields["rate"] << 160
        | (fields["discount"] if fields["rate"] else fields["expires_at"]) << 196
        | fields["plan"] << 228
        | fields["epoch"] << 240
        | state << 252
    )
    return emit("Hosting", event, service=number, owner=owner, word=packed, **more)


def settled(sequence: int, *entries: tuple[str, int, int, int]) -> FakeLog:
    """A batch of (account, asked, charged, resulting word)."""
    return emit(
        "Credits",
        "Settled",
        sequence=sequence,
        root=ZERO_HASH,
        charges=[int(who, 16) << 96 | charged << 48 | asked for who, asked, charged, _ in entries],
        words=[after for *_, after in entries],
    )


def started(number: int, owner: str, **more: Any) -> FakeLog:
    return service("ServiceStarted", number, owner, **({"reference": ZERO_HASH} | more))


def random_logs(random: Random, most: int = 4) -> list[FakeLog]:
    """What a block might hold: of few subjects, so that their rows are often written over."""
    return [_random_log(random) for _ in range(random.randint(0, most))]


def _random_log(random: Random) -> FakeLog:
    from tests.indexer.emitting_names import random_name_log  # which says whose names they are

    if random.random() < 0.4:
        return random_name_log(random)
    who = person(random.randrange(6))
    number = random.randrange(1, 6)
    some = random.randrange(2**40)
    fields = {"paid": some, "rate": random.randrange(2**20), "updated_at": some % 2**31 + 1}
    service_fields = {
        "rate": some % 3 * some % 2**36,
        "discount": some % 9_000,
        "epoch": some % 3,
        "expires_at": some % 2**32,
    }
    credit = {"account": who, "amount": some, "word": word(**fields)}
    reference = bytes(31) + bytes([number])
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
            lambda: emit(
                "Credits", "MeterSet", meter=who, registered=some % 2 == 0, counts_at=some % 2**32
            ),
            lambda: settled(
                some % 50,
                (who, some, some % 2**37, word(**fields)),
                (person(number), some, 0, 0),
                (who, some, number, word(**(fields | {"paid": number}))),
            ),
            lambda: emit(
                "Credits",
                random.choice(("Granted", "GrantFrozen", "GrantUnfrozen", "GrantForfeited")),
                reference=reference,
                **credit,
            ),
            lambda: emit(
                "Credits",
                "EtherSold",
                account=who,
                wei_amount=some,
                amount=some,
                price=some,
                float=some,
                wei_held=some,
            ),
            lambda: emit("Credits", "FloatChanged", by=who, delta=-some, float=some),
            lambda: emit("Credits", "EtherWithdrawn", to=who, amount=some, wei_held=some),
            lambda: emit("Credits", "BuyingSet", open=some % 2 == 0),
            lambda: emit("Credits", "GrantCapSet", per_day=some),
            lambda: emit("Credits", "FeedSet", feed=who, max_age=some),
            lambda: emit(
                "Hosting",
                "TierSet",
                tier=number,
                name=f"Tier {some}",
                rate=some,
                discount=some % 9_000,
                services=some % 2**20,
                storage=some,
                traffic=some,
                offered=some % 2 == 0,
            ),
            lambda: emit(
                "Hosting",
                "Subscribed",
                account=who,
                tier=number,
                rate=some,
                discount=some % 9_000,
                services=some % 2**20,
                epoch=some % 3,
            ),
            lambda: service(
                "ServiceTransferred", number, who, 1, sender=person(number), **service_fields
            ),
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
