"""By CID only what the account itself holds: nobody gets at another's files by naming them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.storage.car import write_car
from tests.api.files.keeping import SERVICE, Keeper, built
from tests.api.world import Mirror, Wallet, slug


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


def test_by_cid__only_what_the_account_holds(
    keeper: Keeper, wallet: Callable[..., Wallet], mirror: Mirror
) -> None:
    keeper.upload({"a/b": b"b", "a/c": b"c"})
    cids = {item["name"]: item["cid"] for item in keeper.get("?path=/a").json["items"]}
    folder = keeper.get("?path=/").json["items"][0]["cid"]
    assert keeper.get(f"?cid={cids['b']}").data == b"b"
    assert [item["path"] for item in keeper.get(f"?cid={folder}").json["items"]] == ["/b", "/c"]
    assert keeper.get(f"?cid={folder}&path=/c").data == b"c"
    assert keeper.get(f"?cid={keeper.head()['cid']}").json["items"][0]["name"] == "a"
    other = wallet(rate=1_000)
    mirror.service(SERVICE + 1, other.address, plan=3)
    for cid in (cids["b"], folder, keeper.head()["cid"]):
        assert slug(Keeper(other).get(f"?cid={cid}")) == "unknown-content"


def test_what_it_leaves_out__must_be_the_accounts_own(
    keeper: Keeper, wallet: Callable[..., Wallet], mirror: Mirror
) -> None:
    keeper.put("/secret", b"not yours")
    root, store = built({"mine": b"not yours"})
    thin = b"".join(write_car([root.cid], [(root.cid, store.blocks[str(root.cid)])]))
    assert keeper.graft(thin, "/again").status_code == 201
    assert keeper.get("/again/mine").data == b"not yours"
    other = wallet(rate=1_000)
    mirror.tier(1)
    mirror.subscription(other.address, 1)
    mirror.service(SERVICE + 1, other.address, plan=3)
    answer = Keeper(other).graft(thin, "/again")
    assert (slug(answer), "missing" in answer.json["detail"]) == ("car-rejected", True)
