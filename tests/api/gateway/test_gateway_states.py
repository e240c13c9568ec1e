"""Every state of a service, as visitors see it: changed by the mirror, with no restart."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from indexer.rules import ServiceState
from tests.api.gateway.world import OWNER, World, wait_for

FILES = {"index.html": b"<h1>hello</h1>"}


@pytest.mark.parametrize(
    ("state", "status", "word"),
    [
        (ServiceState.PAUSED, 402, "paused"),
        (ServiceState.SUSPENDED, 451, "phishing &lt;b&gt;"),
        (ServiceState.STOPPED, 410, "gone"),
    ],
)
def test_a_stored_state__shows_within_a_second__and_its_end_too(
    world: World, state: ServiceState, status: int, word: str
) -> None:
    name, service_id = f"state-{int(state)}", 100 + int(state)
    world.put_service(service_id)
    world.put_site(name, FILES, service_id=service_id)
    assert world.becomes(200, name).body == FILES["index.html"]
    world.put_service(service_id, state, reason="phishing <b>")
    page = world.becomes(status, name, seconds=1)
    assert word in page.body.decode()
    assert page.header("cache-control") == "no-store"
    assert world.site(name, method="HEAD").status == status
    world.put_service(service_id)
    assert world.becomes(200, name, seconds=1).body == FILES["index.html"]


def test_what_a_suspended_site_serves__is_not_to_be_had_by_its_cid(world: World) -> None:
    root = world.put_directory({"index.html": b"bad"})
    world.put_service(150)
    site_id = world.put_site("moderated", service_id=150)
    world.publish(site_id, root)
    world.becomes(200, "moderated")
    assert world.get("localhost", f"/ipfs/{root}/").body == b"bad"
    world.put_service(150, ServiceState.SUSPENDED)
    world.becomes(451, "moderated")
    assert world.get("localhost", f"/ipfs/{root}/").status == 451
    assert world.get("localhost", f"/ipfs/{root}/index.html").status == 451


def test_an_account_that_runs_dry__lapses_its_sites_at_that_very_second__without_a_block(
    world: World,
) -> None:
    owner, rate = "0x" + "a" * 40, 2_000
    depletes_at = int(time.time()) + 3
    world.put_account(owner, paid=rate * 3, rate=rate, updated_at=depletes_at - 3)
    world.put_service(201, owner=owner, rate=rate)
    world.put_site("dry", FILES, service_id=201)
    world.becomes(200, "dry")
    seen = set()
    while 402 not in seen:
        before = int(time.time())
        status = world.site("dry").status
        after = int(time.time())
        assert after <= depletes_at + 1
        if after < depletes_at:
            assert status == 200
        if before >= depletes_at:
            assert status == 402
        seen.add(status)
    assert seen == {200, 402}
    assert "out of credit" in world.site("dry").body.decode()
    world.put_account(owner, paid=rate * 1_000, rate=rate, updated_at=int(time.time()))
    assert world.becomes(200, "dry", seconds=1).body == FILES["index.html"]


def test_a_service_whose_account_stayed_dry_for_the_grace_period__has_ended(world: World) -> None:
    owner, rate = "0x" + "b" * 40, 2_000
    world.put_account(owner, paid=rate, rate=rate, updated_at=int(time.time()) - 2_000_000)
    world.put_service(202, owner=owner, rate=rate)
    world.put_site("ended", FILES, service_id=202)
    assert "gone" in world.becomes(410, "ended").body.decode()


def test_a_free_period__ends_at_its_second__and_a_renewal_brings_it_back(world: World) -> None:
    expires_at = int(time.time()) + 2
    world.put_service(203, expires_at=expires_at)
    world.put_site("free", FILES, service_id=203)
    world.becomes(200, "free")
    world.becomes(402, "free", seconds=4)
    assert time.time() >= expires_at
    assert "free period" in world.site("free").body.decode()
    world.put_service(203, expires_at=expires_at + 1_000)
    world.becomes(200, "free", seconds=1)


def test_a_block_that_is_ahead_of_this_machines_clock__counts(world: World) -> None:
    """Its rows are true at its time: they can't be read as if it hadn't come yet."""
    future = int(time.time()) + 1_000
    world.put_service(204, expires_at=future)
    world.put_site("ahead", FILES, service_id=204)
    world.becomes(200, "ahead")
    world.block(timestamp=future)
    world.becomes(402, "ahead", seconds=1)
    world.block()
    world.becomes(200, "ahead", seconds=1)


def test_a_reorg__takes_back_what_its_blocks_did(world: World) -> None:
    world.put_service(205)
    world.put_site("forked", FILES, service_id=205)
    world.becomes(200, "forked")
    first = world.number
    world.put_service(205, ServiceState.PAUSED)
    world.becomes(402, "forked", seconds=1)
    # as the indexer would restore the row of the older block
    world.execute(
        "UPDATE mirror_services SET state = 1, block_number = 5 WHERE state = 2 AND owner = :owner",
        owner=OWNER,
    )
    world.fork(world.number - first)
    world.becomes(200, "forked", seconds=1)


def test_a_service_that_the_chain_no_longer_knows__is_no_site(world: World) -> None:
    world.put_service(206)
    world.put_site("orphaned", FILES, service_id=206)
    world.becomes(200, "orphaned")
    with world.engine.begin() as conn:
        conn.exec_driver_sql(
            "DELETE FROM mirror_services WHERE block_number > 100 AND expires_at=0"
        )
    world.fork(1)
    world.becomes(404, "orphaned", seconds=1)


def test_a_site_without_a_deployment__says_so__and_a_publish_shows_at_once(world: World) -> None:
    site_id = world.put_site("fresh")
    page = wait_for(lambda: b"published" in world.site("fresh").body and world.site("fresh"))
    assert page.status == 404
    world.publish(site_id, world.put_directory({"index.html": b"1"}))
    assert world.becomes(200, "fresh", seconds=1).body == b"1"
    world.publish(site_id, world.put_directory({"index.html": b"2"}))
    wait_for(lambda: world.site("fresh").body == b"2", 1)


def test_a_deleted_or_renamed_site__is_gone_from_its_name(world: World) -> None:
    site_id = world.put_site("first-name", FILES)
    world.becomes(200, "first-name")
    world.change_site(site_id, name="second-name")
    world.becomes(200, "second-name", seconds=1)
    assert world.site("first-name").status == 404
    world.change_site(site_id, deleted_at=datetime.now(UTC))
    world.becomes(404, "second-name", seconds=1)


def test_a_revision_that_commits_late__is_still_seen(world: World) -> None:
    site_id = world.put_site("late", FILES)
    other = world.put_site("other", FILES)
    world.becomes(200, "late")
    world.change_site(other, name="other-2")
    world.becomes(200, "other-2")
    # lower than the newest, as a slower transaction's would be
    world.execute("UPDATE sites SET name = 'late-2', revision = 0 WHERE id = :id", id=site_id)
    world.becomes(200, "late-2", seconds=8)


def test_a_preview__serves_its_own_deployment__and_follows_the_sites_service(world: World) -> None:
    world.put_service(207)
    site_id = world.put_site("previewed", service_id=207)
    old = world.publish(site_id, world.put_directory({"index.html": b"old"}))
    world.publish(site_id, world.put_directory({"index.html": b"new"}))
    wait_for(lambda: world.site("previewed").body == b"new", 2)
    preview = world.get(f"{old.upper()}.preview.localhost:1234")
    assert (preview.status, preview.body) == (200, b"old")
    assert "immutable" in (preview.header("cache-control") or "")
    unfinished = world.publish(site_id, None, live=False)
    assert world.get(f"{unfinished}.preview.localhost").status == 404
    assert world.get(f"{'0' * 32}.preview.localhost").status == 404
    assert world.get("short.preview.localhost").status == 404
    world.put_service(207, ServiceState.PAUSED)
    wait_for(lambda: world.get(f"{old}.preview.localhost").status == 402, 2)


def test_a_refusal__is_a_problem_document_for_those_who_ask_for_json(world: World) -> None:
    answer = world.site("nobody", Accept="application/json")
    assert answer.header("content-type") == "application/problem+json"
    problem = json.loads(answer.body)
    assert (problem["status"], problem["type"]) == (404, "/problems/unknown-site")
    browser = world.site("nobody", Accept="text/html,application/json;q=0.9")
    assert browser.header("content-type") == "text/html; charset=utf-8"
    assert b"<html" in browser.body
