"""Sites: who may have which name on which service."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import event, select

from api.db import db, writing
from api.sites.models import Deployment, DeploymentState, Site
from indexer import schema
from tests.api.world import Mirror, Wallet, slug

WalletMaker = Callable[..., Wallet]


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


def create(wallet: Wallet, name: str = "hello", service_id: object = 1, **more: object):  # type: ignore[no-untyped-def]
    return wallet.post("/v1/sites", json={"name": name, "service_id": service_id}, **more)


def revisions(app: Flask) -> dict[str, int]:
    with app.app_context():
        rows = db.session.execute(select(Site.name, Site.revision)).all()
        return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("service_id", [1, "1"])
def test_create__the_whole_site(owner: Wallet, mirror: Mirror, service_id: object) -> None:
    answer = create(owner, service_id=service_id)
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/v1/sites/hello"
    site = answer.json
    assert site["name"] == "hello"
    assert site["url"] == "http://hello.localhost:8080/"
    assert site["service_id"] == "1"
    assert site["owner"] == owner.address
    assert site["state"] == "active"
    assert site["live_deployment"] is None
    assert site["created_at"].endswith("Z")
    assert site["as_of"]["block_number"] == mirror.block
    again = owner.get("/v1/sites/hello").json
    for answered in (again, site):
        answered["as_of"].pop("lag_seconds")  # of the second it was asked in
    assert again == site


def test_create__an_unknown_service(owner: Wallet) -> None:
    answer = create(owner, service_id=99)
    assert (answer.status_code, slug(answer)) == (404, "unknown-service")


def test_create__someone_elses_service(owner: Wallet, wallet: WalletMaker) -> None:
    answer = create(wallet())
    assert (answer.status_code, slug(answer)) == (403, "not-your-service")


@pytest.mark.parametrize(
    ("service", "state"),
    [
        ({"state": 2}, "paused"),
        ({"state": 3}, "suspended"),
        ({"state": 4}, "stopped"),
        ({"plan": 1, "expires_at": 1}, "expired"),
    ],
)
def test_create__a_service_that_is_not_active(
    owner: Wallet, mirror: Mirror, service: dict[str, int], state: str
) -> None:
    mirror.service(1, owner.address, **service)  # type: ignore[arg-type]
    answer = create(owner)
    assert (answer.status_code, slug(answer)) == (402, "service-not-active")
    assert answer.json["state"] == state
    assert answer.json["as_of"]["block_number"] == mirror.block


def test_create__a_lapsed_service(owner: Wallet, mirror: Mirror) -> None:
    mirror.account(owner.address, paid=1, rate=2_000, updated_at=mirror.now - 60)
    answer = create(owner)
    assert (answer.status_code, answer.json["state"]) == (402, "lapsed")


def test_create__a_storage_service(owner: Wallet, mirror: Mirror) -> None:
    mirror.service(2, owner.address, plan=3)
    answer = create(owner, service_id=2)
    assert (answer.status_code, slug(answer)) == (409, "service-hosts-no-site")


def test_create__a_taken_name_and_a_used_service(owner: Wallet, mirror: Mirror) -> None:
    mirror.service(2, owner.address)
    assert create(owner).status_code == 201
    assert slug(create(owner, "hello", 2)) == "site-name-taken"
    assert slug(create(owner, "other", 1)) == "service-in-use"


def test_create__of_many_at_once_one_gets_the_name(
    app: Flask, owner: Wallet, mirror: Mirror
) -> None:
    for number in range(2, 10):
        mirror.service(number, owner.address)

    def attempt(number: int) -> int:
        return create(
            Wallet(app.test_client(), owner.key, owner.token), "hello", number
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(attempt, range(1, 9)))
    assert statuses == [201] + [409] * 7


def test_revisions_of_many_writers_differ_and_grow(
    app: Flask, owner: Wallet, mirror: Mirror
) -> None:
    for number in range(2, 10):
        mirror.service(number, owner.address)

    def attempt(number: int) -> int:
        wallet = Wallet(app.test_client(), owner.key, owner.token)
        return create(wallet, f"site-{number}", number).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(attempt, range(1, 9))) == [201] * 8
    assert sorted(revisions(app).values()) == list(range(1, 9))


def test_list__the_callers_by_name(owner: Wallet, mirror: Mirror, wallet: WalletMaker) -> None:
    other = wallet()
    mirror.service(9, other.address)
    create(other, "not-mine", 9)
    for number, name in ((1, "ccc"), (2, "aaa"), (3, "bbb")):
        mirror.service(number, owner.address)
        assert create(owner, name, number).status_code == 201
    first = owner.get("/v1/sites?limit=2").json
    rest = owner.get(f"/v1/sites?limit=2&cursor={first['next_cursor']}").json
    assert [site["name"] for site in first["items"] + rest["items"]] == ["aaa", "bbb", "ccc"]
    assert rest["next_cursor"] is None
    assert first["as_of"]


def test_list__live_deployments_are_read_once_for_all_sites(
    app: Flask, owner: Wallet, mirror: Mirror
) -> None:
    names = ["aaa", "bbb", "ccc"]
    for number, name in enumerate(names, 1):
        mirror.service(number, owner.address)
        create(owner, name, number)
    with app.app_context(), writing():
        for site in db.session.scalars(select(Site)):
            site.live_deployment_id = site.id
            db.session.add(
                Deployment(
                    id=site.id,
                    site_id=site.id,
                    number=1,
                    state=DeploymentState.LIVE,
                    source="cid",
                    cid=f"cid of {site.name}",
                    created_at=site.created_at,
                    updated_at=site.created_at,
                )
            )
    asked: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        if "FROM deployments" in statement:
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        items = owner.get("/v1/sites").json["items"]
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert [site["live_deployment"]["cid"] for site in items] == [f"cid of {n}" for n in names]
    assert len(asked) == 1


def test_a_site_follows_its_service_to_another_owner(
    owner: Wallet, mirror: Mirror, wallet: WalletMaker
) -> None:
    create(owner)
    other = wallet(rate=2_000)
    assert slug(other.get("/v1/sites/hello")) == "not-your-site"
    mirror.service(1, other.address)
    assert other.get("/v1/sites/hello").json["owner"] == other.address
    assert slug(owner.get("/v1/sites/hello")) == "not-your-site"
    assert owner.get("/v1/sites").json["items"] == []


def test_a_site_whose_service_was_rolled_back_is_nobodys(owner: Wallet, mirror: Mirror) -> None:
    create(owner)
    mirror.wipe(schema.services)
    assert slug(owner.get("/v1/sites/hello")) == "not-your-site"
    assert owner.get("/v1/sites").json["items"] == []


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", ["nothing-here", "NOT-A-NAME", "x%00y", "%F0%9F%98%80"])
def test_an_unknown_site__404(owner: Wallet, method: str, name: str) -> None:
    body = {"json": {"name": "other"}} if method == "PATCH" else {}
    answer = owner.ask(method, f"/v1/sites/{name}", **body)
    assert (answer.status_code, slug(answer)) == (404, "unknown-site")


class TestChange:
    def test_a_new_name_frees_the_old_one(self, app: Flask, owner: Wallet, mirror: Mirror) -> None:
        create(owner)
        answer = owner.ask("PATCH", "/v1/sites/hello", json={"name": "howdy"})
        assert answer.status_code == 200
        assert answer.json["url"] == "http://howdy.localhost:8080/"
        assert slug(owner.get("/v1/sites/hello")) == "unknown-site"
        assert revisions(app) == {"howdy": 2}
        mirror.service(2, owner.address)
        assert create(owner, "hello", 2).status_code == 201

    def test_another_service_frees_the_old_one(self, owner: Wallet, mirror: Mirror) -> None:
        create(owner)
        mirror.service(2, owner.address)
        answer = owner.ask("PATCH", "/v1/sites/hello", json={"service_id": 2})
        assert (answer.status_code, answer.json["service_id"]) == (200, "2")
        assert create(owner, "other", 1).status_code == 201

    def test_away_from_a_service_that_has_stopped(self, owner: Wallet, mirror: Mirror) -> None:
        create(owner)
        mirror.service(1, owner.address, state=4)
        mirror.service(2, owner.address)
        answer = owner.ask("PATCH", "/v1/sites/hello", json={"service_id": "2"})
        assert (answer.status_code, answer.json["state"]) == (200, "active")

    def test_what_is_taken_or_not_ones_own_is_refused(
        self, owner: Wallet, mirror: Mirror, wallet: WalletMaker
    ) -> None:
        create(owner)
        mirror.service(2, owner.address)
        create(owner, "other", 2)
        mirror.service(3, wallet().address)
        mirror.service(4, owner.address, state=2)
        refusals = [
            ({"name": "other"}, "site-name-taken"),
            ({"service_id": 2}, "service-in-use"),
            ({"service_id": 3}, "not-your-service"),
            ({"service_id": 4}, "service-not-active"),
            ({"service_id": 5}, "unknown-service"),
            ({"name": "www"}, "validation-failed"),
            ({}, "validation-failed"),
        ]
        for body, expected in refusals:
            assert slug(owner.ask("PATCH", "/v1/sites/hello", json=body)) == expected
        assert owner.get("/v1/sites/hello").json["service_id"] == "1"

    def test_not_by_a_stranger(self, owner: Wallet, wallet: WalletMaker) -> None:
        create(owner)
        stranger = wallet()
        for method in ("GET", "DELETE"):
            assert slug(stranger.ask(method, "/v1/sites/hello")) == "not-your-site"
        answer = stranger.ask("PATCH", "/v1/sites/hello", json={"name": "mine"})
        assert slug(answer) == "not-your-site"


def test_delete__frees_name_and_service_and_is_seen_by_its_revision(
    app: Flask, owner: Wallet
) -> None:
    create(owner)
    assert owner.ask("DELETE", "/v1/sites/hello").status_code == 204
    assert slug(owner.get("/v1/sites/hello")) == "unknown-site"
    assert owner.get("/v1/sites").json["items"] == []
    assert revisions(app) == {"hello": 2}
    assert create(owner).status_code == 201
