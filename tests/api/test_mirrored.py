"""Accounts, plans, services, contracts and status: what the mirror says, evaluated now."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from indexer import schema
from tests.api.world import CREDITS, GENESIS, GRACE, NANO, Mirror, Wallet, slug

ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
FROZEN = 1_800_000_000  # unix seconds


@pytest.fixture
def at_frozen_time(monkeypatch: pytest.MonkeyPatch, mirror: Mirror) -> Mirror:
    """The wall clock stands, ten seconds after the cursor's block."""
    mirror.at(20, FROZEN - 10)
    monkeypatch.setattr("api.mirror.time.time", lambda: float(FROZEN))
    return mirror


def shown(client: FlaskClient, address: str = ADDRESS) -> dict[str, object]:
    answer = client.get(f"/v1/accounts/{address}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def test_an_unknown_address_has_the_default_account(
    client: FlaskClient, at_frozen_time: Mirror
) -> None:
    assert shown(client, ADDRESS.lower()) == {
        "address": ADDRESS,
        "balance": "0",
        "paid": "0",
        "granted": "0",
        "rate": "0",
        "depletes_at": None,
        "ends_at": None,
        "limit": "1000000",
        "limit_from_tomorrow": None,
        "spent_today": "0",
        "tier": 0,
        "roles": [],
        "as_of": {
            "block_number": 20,
            "block_hash": at_frozen_time.block_hash,
            "finalized": False,
            "lag_seconds": 10,
        },
    }


def test_a_stream_is_taken_off_to_the_second(client: FlaskClient, at_frozen_time: Mirror) -> None:
    at_frozen_time.account(
        ADDRESS, paid=5_000_000, granted=100_000, rate=2_000, updated_at=FROZEN - 100
    )
    account = shown(client)
    assert account["balance"] == str(5_100_000 - 200_000)
    assert account["granted"] == "0"
    assert account["paid"] == "4900000"
    assert account["rate"] == "2000"
    # 5,100,000 / 2,000 = 2,550 s after FROZEN - 100
    assert account["depletes_at"] == "2027-01-15T08:40:50Z"


def test_a_dry_account_says_when_it_ran_dry_and_when_it_ends(
    client: FlaskClient, at_frozen_time: Mirror
) -> None:
    at_frozen_time.account(ADDRESS, paid=10, rate=10, updated_at=FROZEN - 100)
    account = shown(client)
    assert account["balance"] == "0"
    assert account["depletes_at"] == "2027-01-15T07:58:21Z"
    assert account["ends_at"] == "2027-01-29T07:58:21Z"
    at_frozen_time.account(ADDRESS, paid=10, rate=10, updated_at=FROZEN - GRACE - 1)
    assert (shown(client)["rate"], shown(client)["depletes_at"]) == ("0", None)


def test_a_lowered_limit_counts_from_tomorrow(client: FlaskClient, at_frozen_time: Mirror) -> None:
    at_frozen_time.account(ADDRESS, lowered=True, per_day=900, spent_today=5)
    at_frozen_time.limit(ADDRESS, 100)
    account = shown(client)
    assert (account["limit"], account["limit_from_tomorrow"]) == ("900", "100")
    assert account["spent_today"] == "5"


def test_roles_are_of_all_contracts(client: FlaskClient, mirror: Mirror) -> None:
    mirror.role(ADDRESS, 1)
    mirror.role(ADDRESS, 8 | 16, "Hosting")
    mirror.admin(ADDRESS)
    assert shown(client)["roles"] == ["admin", "granter", "moderator", "pauser"]


@pytest.mark.parametrize("address", ["0x12", "me", ADDRESS[:-1] + "7", "%00", ADDRESS.swapcase()])
def test_an_address_that_is_none__422(client: FlaskClient, address: str) -> None:
    answer = client.get(f"/v1/accounts/{address}")
    assert (answer.status_code, slug(answer)) == (422, "validation-failed")
    assert answer.json["errors"][0]["field"] == "address"


def test_the_own_account_is_the_callers(owner: Wallet) -> None:
    account = owner.get("/v1/account").json
    assert account["address"] == owner.address
    assert int(account["balance"]) == pytest.approx(10 * NANO, abs=100_000)


def test_the_ledger_pages_newest_first(
    client: FlaskClient, wallet: Callable[..., Wallet], mirror: Mirror
) -> None:
    someone = wallet()
    for number in range(5):
        mirror.event("Bought", someone.address, someone.address, {"amount": str(number)})
    mirror.event("Bought", ADDRESS, ADDRESS, {"amount": "99"})
    amounts, cursor = [], None
    for _ in range(3):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = someone.get("/v1/account/ledger", query_string=query).json
        amounts += [item["arguments"]["amount"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert amounts == ["4", "3", "2", "1", "0"]
    assert cursor is None
    first = page["items"][0]
    assert first["event"] == "Bought"
    assert first["block_number"] == mirror.block
    assert first["transaction_hash"].startswith("0x")
    assert page["as_of"]["block_number"] == mirror.block


@pytest.mark.parametrize("cursor", ["x", "%00", "MTAw", "LTEuMA", "OTk5OTk5OTk5OTk5OTk5OTk5OTkuMA"])
@pytest.mark.parametrize("path", ["/v1/account/ledger", "/v1/services"])
def test_a_cursor_that_is_none_is_refused_or_leads_to_nothing(
    owner: Wallet, path: str, cursor: str
) -> None:
    answer = owner.get(f"{path}?cursor={cursor}")
    if answer.status_code != 200:
        assert answer.json["errors"][0]["field"] == "cursor"


def test_an_account_has_the_tier_that_it_took_while_it_has_credit(
    client: FlaskClient, at_frozen_time: Mirror
) -> None:
    at_frozen_time.account(ADDRESS)
    at_frozen_time.subscription(ADDRESS, 1)
    assert shown(client)["tier"] == 1
    at_frozen_time.account(ADDRESS, paid=0, rate=5, updated_at=at_frozen_time.now - 1)
    assert shown(client)["tier"] == 0
    at_frozen_time.account(ADDRESS)
    at_frozen_time.subscription(ADDRESS, 1, epoch=1)  # of another epoch than the account's
    assert shown(client)["tier"] == 0


def test_a_service_streams_its_rate_less_the_discount(client: FlaskClient, mirror: Mirror) -> None:
    mirror.service(77, ADDRESS, discount=1_000)
    service = client.get("/v1/services/77").json
    assert (service["rate"], service["list_rate"]) == ("1800", "2000")
    assert service["discount_basis_points"] == 1_000


def test_tiers_and_plans(client: FlaskClient, mirror: Mirror) -> None:
    for number in (0, 1):
        mirror.tier(number)
    tiers = client.get("/v1/tiers").json
    plans = client.get("/v1/plans").json
    assert [tier["id"] for tier in tiers["items"]] == [0, 1]
    assert tiers["items"][1] == {
        "id": 1,
        "name": "tier 1",
        "rate": "3000",
        "discount_basis_points": 500,
        "services": 20,
        "storage_bytes": "1073741824",
        "traffic_bytes_per_month": "1099511627776",
        "offered": True,
    }
    assert [plan["id"] for plan in plans["items"]] == [1, 2, 3, 4]
    assert plans["items"][0] == {
        "id": 1,
        "name": "plan 1",
        "kind": "static_site",
        "rate": "0",
        "free_period_seconds": 2_592_000,
        "offered": True,
    }
    assert set(tiers["as_of"]) == set(plans["as_of"])


class TestServices:
    def state(self, client: FlaskClient, number: int) -> str:
        return str(client.get(f"/v1/services/{number}").json["state"])

    def test_states_follow_from_the_account_and_the_time(
        self, client: FlaskClient, at_frozen_time: Mirror
    ) -> None:
        mirror, dry = at_frozen_time, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
        mirror.account(ADDRESS, rate=2_000)
        mirror.account(dry, paid=10, rate=2_000, updated_at=FROZEN - 100)
        mirror.service(1, ADDRESS)
        mirror.service(2, ADDRESS, state=2)
        mirror.service(3, dry)
        mirror.service(4, ADDRESS, plan=1, expires_at=FROZEN)
        mirror.service(5, ADDRESS, state=3, reason="spam")
        mirror.service(6, ADDRESS, state=4)
        states = [self.state(client, number) for number in range(1, 7)]
        assert states == ["active", "paused", "lapsed", "expired", "suspended", "stopped"]
        suspended = client.get("/v1/services/5").json
        assert suspended["reason"] == "spam"
        assert suspended["id"] == "5"
        assert suspended["kind"] == "static_site"
        assert suspended["expires_at"] is None
        assert client.get("/v1/services/4").json["expires_at"] == "2027-01-15T08:00:00Z"

    def test_the_callers_are_listed_by_number(self, owner: Wallet, mirror: Mirror) -> None:
        mirror.service(2, ADDRESS)
        for number in (10, 3):
            mirror.service(number, owner.address)
        first = owner.get("/v1/services?limit=2").json
        rest = owner.get(f"/v1/services?limit=2&cursor={first['next_cursor']}").json
        assert [item["id"] for item in first["items"] + rest["items"]] == ["1", "3", "10"]
        assert rest["next_cursor"] is None

    @pytest.mark.parametrize("number", ["7", "0", "-1", "x", "1" * 78, "9" * 78, "9" * 100, "٣"])
    def test_an_unknown_one__404(self, client: FlaskClient, number: str) -> None:
        answer = client.get(f"/v1/services/{number}")
        assert (answer.status_code, slug(answer)) == (404, "unknown-service")


def test_contracts_are_what_a_wallet_needs(client: FlaskClient) -> None:
    told = client.get("/v1/contracts").json
    assert told["genesis_hash"] == GENESIS
    assert told["contracts"]["Credits"]["address"] == CREDITS
    assert told["contracts"]["Credits"]["block"] == 1
    names = {entry.get("name") for entry in told["contracts"]["Hosting"]["abi"]}
    assert {"start", "pause", "resume", "ServiceStarted"} <= names


def test_status_tells_where_the_mirror_stands(client: FlaskClient, mirror: Mirror) -> None:
    mirror.cursor(head_number=mirror.block + 3)
    first = client.get("/v1/status").json
    assert first["cursor"]["number"] == mirror.block
    assert first["lag_blocks"] == 3
    assert first["finalized_number"] == mirror.block - 1
    assert (first["safe_number"], first["halted"]) == (mirror.block, None)
    assert len(first["state_digest"]) == 64
    mirror.account(ADDRESS)
    assert client.get("/v1/status").json["state_digest"] == first["state_digest"]  # same block
    mirror.at(mirror.block + 1, mirror.now)
    assert client.get("/v1/status").json["state_digest"] != first["state_digest"]


@pytest.mark.parametrize(
    "path", ["/v1/accounts/" + ADDRESS, "/v1/plans", "/v1/services/1", "/v1/status"]
)
class TestWithoutAMirror:
    def refused(self, client: FlaskClient, path: str) -> bool:
        answer = client.get(path)
        assert answer.headers.get("Retry-After") == "1"
        return (answer.status_code, slug(answer)) == (503, "mirror-not-ready")

    def test_before_the_first_block(self, client: FlaskClient, mirror: Mirror, path: str) -> None:
        mirror.wipe(schema.cursor)
        assert self.refused(client, path)

    def test_before_the_contracts(self, client: FlaskClient, mirror: Mirror, path: str) -> None:
        mirror.wipe(schema.terms)
        assert self.refused(client, path)

    def test_of_another_chain(self, client: FlaskClient, mirror: Mirror, path: str) -> None:
        mirror.cursor(genesis_hash="0x" + "22" * 32)
        assert self.refused(client, path)

    def test_before_the_indexer_made_its_tables(
        self, app: Flask, client: FlaskClient, mirror: Mirror, path: str
    ) -> None:
        schema.mirror.drop_all(mirror.engine)
        assert self.refused(client, path)
