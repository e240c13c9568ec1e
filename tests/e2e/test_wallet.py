"""Every function that a user has, by a wallet that knows the ABIs of `/v1/contracts` alone.

Names have a story of their own (`test_names.py`). After each step the API says what it did.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from scripts.dev_accounts import dev_accounts, key_of
from scripts.wallet import Wallet, wait_for
from tests.support.journey import SEEN_SECONDS, buy, seen_service, start_service
from tests.support.permit import sign_permit
from tests.support.platform import RunningPlatform

COIN = 10**6
CREDIT = 10**9
ETHER = 10**18
FREE_PLAN, PRO = 1, 1

Account = dict[str, Any]


@pytest.mark.timeout(230)
class TestWallet:
    """One story; each test goes on where the one before it ended."""

    @pytest.fixture(scope="class")
    def owner(self, platform: RunningPlatform) -> Wallet:
        return self.wallet(platform)

    @pytest.fixture(scope="class")
    def friend(self, platform: RunningPlatform) -> Wallet:
        made = self.wallet(platform)
        buy(made, made.address, 5 * COIN)
        return made

    @staticmethod
    def wallet(platform: RunningPlatform) -> Wallet:
        made = Wallet(platform.faces())
        Wallet(platform.faces(), key_of(dev_accounts()[9])).fund(made.address, ETHER)
        made.sign_in()
        return made

    @staticmethod
    def seen(owner: Wallet, what: str, look: Callable[[Account], bool]) -> Account:
        """The account as the API tells it, once it is so."""

        def account() -> Account | None:
            found = owner.get("/v1/account")
            return found if look(found) else None

        return wait_for(account, SEEN_SECONDS, what)

    def test_it_buys_with_the_coin(self, owner: Wallet) -> None:
        buy(owner, owner.address, 20 * COIN)
        account = self.seen(owner, "20 credits", lambda it: it["paid"] == str(20 * CREDIT))
        assert account["tier"] == 0

    def test_it_buys_by_a_signed_permit(self, owner: Wallet) -> None:
        usd = owner.platform.contracts["TestUSD"]
        till = owner.platform.contracts["Credits"].address
        owner.send("TestUSD", "mint", owner.address, COIN)
        owner.send("TestUSD", "approve", till, 0)
        deadline = int(time.time()) + 10**6
        signature = sign_permit(
            owner.account.key,
            asset=usd.address,
            chain_id=owner.platform.node.eth.chain_id,
            spender=till,
            amount=COIN,
            nonce=usd.functions.nonces(owner.address).call(),
            deadline=deadline,
        )
        owner.send("Credits", "buy_with_permit", COIN, owner.address, deadline, *signature)
        self.seen(owner, "21 credits", lambda it: it["paid"] == str(21 * CREDIT))

    def test_it_buys_with_ether(self, owner: Wallet) -> None:
        wei = ETHER // 1_000
        least = owner.call("Credits", "credits_for", wei)
        assert least == 2 * CREDIT
        owner.send("Credits", "buy_with_ether", owner.address, least, value=wei)
        self.seen(owner, "23 credits", lambda it: it["paid"] == str(23 * CREDIT))

    def test_it_takes_paid_credit_out_again(self, owner: Wallet) -> None:
        owner.send("Credits", "refund", 3 * CREDIT, owner.address)
        self.seen(owner, "20 credits", lambda it: it["paid"] == str(20 * CREDIT))
        assert owner.call("TestUSD", "balanceOf", owner.address) == 3 * COIN

    def test_it_sets_its_limit(self, owner: Wallet) -> None:
        owner.send("Credits", "set_limit", 2 * 10**6)
        self.seen(owner, "a limit of 2", lambda it: it["limit"] == str(2 * 10**6))

    def test_it_takes_a_tier_and_leaves_it(self, owner: Wallet) -> None:
        tier = next(it for it in owner.get("/v1/tiers")["items"] if it["id"] == PRO)
        owner.send("Hosting", "subscribe", PRO, int(tier["rate"]))
        self.seen(owner, "a tier", lambda it: it["tier"] == PRO and it["rate"] == tier["rate"])
        owner.send("Hosting", "unsubscribe")
        self.seen(owner, "no tier", lambda it: (it["tier"], it["rate"]) == (0, "0"))

    def test_a_service_goes_through_its_whole_life(self, owner: Wallet, friend: Wallet) -> None:
        service = start_service(owner)
        seen_service(owner, service, "active")
        owner.send("Hosting", "pause", service)
        seen_service(owner, service, "paused")
        owner.send("Hosting", "resume", service)
        owner.send("Hosting", "take_rate", service, 2**36)
        owner.send("Hosting", "subscribe", PRO, 2**36)
        friend.send("Hosting", "reprice", service)

        def discounted() -> bool:
            shown = owner.get(f"/v1/services/{service}")
            return int(shown["rate"]) == int(shown["list_rate"]) * 9 // 10

        wait_for(discounted, SEEN_SECONDS, "the tier's discount")
        owner.send("Hosting", "transfer", service, friend.address)
        wait_for(
            lambda: owner.get(f"/v1/services/{service}")["owner"] == friend.address,
            SEEN_SECONDS,
            "the friend's service",
        )
        friend.send("Hosting", "stop", service)
        seen_service(owner, service, "stopped")

    def test_a_free_service_is_renewed(self, owner: Wallet) -> None:
        owner.send("Hosting", "start", FREE_PLAN, bytes(32), 0)

        def started() -> dict[str, Any] | None:
            services = owner.get("/v1/services")["items"]
            return next((it for it in services if it["plan"] == FREE_PLAN), None)

        free = wait_for(started, SEEN_SECONDS, "the free service")
        owner.send("Hosting", "renew_free", int(free["id"]))
        wait_for(
            lambda: owner.get(f"/v1/services/{free['id']}")["expires_at"] > free["expires_at"],
            SEEN_SECONDS,
            "a later second",
        )

    def test_its_ledger_tells_all_of_it(self, owner: Wallet) -> None:
        told = {entry["event"] for entry in owner.get("/v1/account/ledger?limit=100")["items"]}
        assert told >= {
            *("Bought", "EtherSold", "Refunded", "LimitSet", "RateAdjusted", "Subscribed"),
            *("ServiceStarted", "ServiceChanged"),
        }
