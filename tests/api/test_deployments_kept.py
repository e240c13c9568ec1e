"""What a site keeps of its deployments, and what that counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from api.collector.service import collect
from api.db import begin, db, utc_now, writing
from api.holds.models import Hold, HoldKind
from api.holds.repository import drop_hold, held_bytes
from api.settings import ApiSettings
from tests.api.deploying import PATH, deploy, show, work
from tests.api.world import Mirror, Wallet, slug


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def site(owner: Wallet) -> Wallet:
    """The owner, whose service 1 carries the site `hello`."""
    assert owner.post("/v1/sites", json={"name": "hello", "service_id": 1}).status_code == 201
    return owner


def holds(app: Flask) -> dict[str, Hold]:
    with app.app_context():
        begin(writes=False)
        return {hold.subject: hold for hold in db.session.scalars(select(Hold))}


def used(app: Flask, wallet: Wallet) -> int:
    with app.app_context():
        begin(writes=False)
        return held_bytes(wallet.address)


def test_a_stored_deployment__is_held_by_the_sites_service(app: Flask, site: Wallet) -> None:
    made = deploy(site)
    work(app)
    (hold,) = holds(app).values()
    assert (hold.kind, hold.subject, hold.service_id) == ("deployment", made["id"], 1)
    assert (hold.cid, hold.size_bytes) == (show(site, made)["cid"], 5)
    assert hold.indexed
    assert hold.released_at is None


def test_one_that_does_not_fit__fails_with_what_is_used_and_allowed(
    app: Flask, site: Wallet, mirror: Mirror
) -> None:
    mirror.tier(0, storage=20)
    deploy(site, "a" * 15)
    work(app)
    too_much = deploy(site, "b" * 6)
    work(app)
    failed = show(site, too_much)
    assert failed["state"] == "failed"
    assert failed["reason"] == "6 bytes don't fit: 15 of the tier's 20 are in use."
    assert used(app, site) == 15
    assert len(holds(app)) == 1
    fits = deploy(site, "c" * 5)
    work(app)
    assert show(site, fits)["state"] == "live"


def test_the_same_content_again__counts_once(app: Flask, site: Wallet, mirror: Mirror) -> None:
    mirror.tier(0, storage=20)
    for _ in range(3):
        made = deploy(site, "a" * 15)
        work(app)
    assert show(site, made)["state"] == "live"
    assert used(app, site) == 15
    assert len(holds(app)) == 3


def test_one_from_a_cid__is_held_before_it_is_looked_at(app: Flask, site: Wallet) -> None:
    first = deploy(site)
    work(app)
    cid = show(site, first)["cid"]
    second = site.post(PATH, json={"cid": cid}).json
    work(app)
    assert show(site, second)["state"] == "live"
    hold = holds(app)[second["id"]]
    assert (hold.cid, hold.size_bytes, hold.indexed) == (cid, 5, True)


def test_one_from_a_cid_that_is_gone__fails_and_holds_nothing(app: Flask, site: Wallet) -> None:
    first = deploy(site)
    work(app)
    cid = show(site, first)["cid"]
    second = site.post(PATH, json={"cid": cid}).json
    app.extensions["dspace_store"].remove_older([cid], put_before=2**40)
    work(app)
    failed = show(site, second)
    assert failed["state"] == "failed"
    assert failed["reason"] == "the store no longer holds the whole of this CID"
    assert set(holds(app)) == {first["id"]}


class TestRetention:
    @pytest.fixture(autouse=True)
    def two_are_kept(self, app: Flask, settings: ApiSettings) -> None:
        app.config["DSPACE"] = settings.model_copy(update={"deployments_kept": 2})

    def test_beyond_the_newest__they_are_released_with_a_reason(
        self, app: Flask, site: Wallet
    ) -> None:
        made = [deploy(site, f"version {number}") for number in range(4)]
        for _ in made:
            work(app)
        states = [show(site, each)["state"] for each in made]
        assert states == ["released", "released", "superseded", "live"]
        reason = show(site, made[0])["reason"]
        assert reason.startswith("let go, since the site keeps its 2 newest deployments")
        let_go = {subject for subject, hold in holds(app).items() if hold.released_at}
        assert let_go == {made[0]["id"], made[1]["id"]}
        assert "released: let go" in site.get(f"{PATH}/{made[0]['id']}/log").text

    def test_what_is_live__is_kept_however_old(self, app: Flask, site: Wallet) -> None:
        first = deploy(site, "first")
        work(app)
        second = deploy(site, "second")
        work(app)
        assert site.post(f"{PATH}/{first['id']}/publish").status_code == 200
        for number in range(2):
            newer = deploy(site, f"newer {number}")
            work(app)
            assert site.post(f"{PATH}/{first['id']}/publish").status_code == 200
        assert show(site, first)["state"] == "live"
        assert show(site, second)["state"] == "released"
        assert show(site, newer)["state"] == "superseded"

    def test_publishing_one_within_its_grace_period__takes_it_back(
        self, app: Flask, site: Wallet
    ) -> None:
        made = [deploy(site, f"version {number}") for number in range(4)]
        work(app)
        answer = site.post(f"{PATH}/{made[0]['id']}/publish")
        assert answer.status_code == 200
        assert answer.json["state"] == "live"
        assert holds(app)[made[0]["id"]].released_at is None

    def test_publishing_one_after_it__is_refused(self, app: Flask, site: Wallet) -> None:
        made = [deploy(site, f"version {number}") for number in range(4)]
        work(app)
        with app.app_context(), writing():
            drop_hold(HoldKind.DEPLOYMENT, made[0]["id"])
        answer = site.post(f"{PATH}/{made[0]['id']}/publish")
        assert slug(answer) == "deployment-released"
        assert show(site, made[3])["state"] == "live"

    def test_coming_back__needs_room(self, app: Flask, site: Wallet, mirror: Mirror) -> None:
        made = [deploy(site, f"{number}" * 10) for number in range(3)]
        work(app)
        mirror.tier(0, storage=29)
        assert slug(site.post(f"{PATH}/{made[0]['id']}/publish")) == "allowance-exceeded"


def test_young_ones__are_kept_where_a_number_of_days_is_set(
    app: Flask, site: Wallet, settings: ApiSettings
) -> None:
    app.config["DSPACE"] = settings.model_copy(
        update={"deployments_kept": 1, "deployments_kept_days": 3}
    )
    first, second = deploy(site, "first"), deploy(site, "second")
    work(app)
    assert show(site, first)["state"] == "superseded"
    from api.sites.models import Deployment

    with app.app_context(), writing():
        old = utc_now() - timedelta(days=4)
        db.session.execute(update(Deployment).values(created_at=old))
    deploy(site, "third")
    work(app)
    assert [show(site, each)["state"] for each in (first, second)] == ["released", "released"]


def test_deleting_a_site__lets_all_of_it_go(app: Flask, site: Wallet) -> None:
    for number in range(2):
        deploy(site, f"version {number}")
    work(app)
    assert site.ask("DELETE", "/v1/sites/hello").status_code == 204
    assert used(app, site) == 0
    assert all(hold.released_at for hold in holds(app).values())


def test_moving_a_site__moves_what_it_counts_for(app: Flask, site: Wallet, mirror: Mirror) -> None:
    deploy(site)
    work(app)
    mirror.service(2, site.address)
    assert site.ask("PATCH", "/v1/sites/hello", json={"service_id": 2}).status_code == 200
    assert {hold.service_id for hold in holds(app).values()} == {2}


def test_once_its_service_is_over_for_the_grace_period__the_site_shows_nothing(
    app: Flask, site: Wallet, mirror: Mirror
) -> None:
    from api.collector.models import EndedService

    made = deploy(site)
    work(app)
    mirror.service(1, site.address, state=4)
    mirror.cursor(finalized_number=mirror.block)
    with app.app_context():
        collect()
        with writing():
            long_ago = utc_now() - timedelta(days=15)
            db.session.execute(update(EndedService).values(since=long_ago))
        assert collect().holds_of_ended_services == 1
    shown = show(site, made)
    assert shown["state"] == "released"
    assert shown["reason"] == "service 1 is stopped, and the grace period is over"
    assert site.get("/v1/sites/hello").json["live_deployment"] is None
    (notice,) = site.get("/v1/account/notices").json["items"]
    assert (notice["kind"], notice["subject"]) == ("removed", "1")
