"""Deployments: from an archive or a CID to what a site points at."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from api.db import db, writing
from api.holds.models import Hold
from api.jobs import repository as jobs
from api.jobs.models import Job
from api.settings import ApiSettings
from api.storage.car import MEDIA_TYPE as CAR
from api.storage.car import write_car
from api.storage.embedded import EmbeddedBlockStore
from api.storage.unixfs import Dag, DirectoryBuilder, import_file, parse_cid
from api.storage.unixfs.walk import walk_blocks
from tests.api.deploying import PATH, deploy, page, show, tarred, upload, work, zipped
from tests.api.world import Mirror, Wallet, make_settings, slug


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def site(owner: Wallet) -> Wallet:
    """The owner, whose service carries the site `hello`."""
    answer = owner.post("/v1/sites", json={"name": "hello", "service_id": 1})
    assert answer.status_code == 201
    return owner


def live(wallet: Wallet) -> str | None:
    found = wallet.get("/v1/sites/hello").json["live_deployment"]
    return found["id"] if found else None


def uploads(settings: ApiSettings) -> list[Path]:
    return list(settings.uploads_dir.glob("*"))


@pytest.mark.parametrize("pack", [zipped, tarred, lambda files: tarred(files, "w")])
def test_an_archive_goes_live(
    app: Flask, site: Wallet, settings: ApiSettings, pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    answer = upload(site, pack({"index.html": b"<p>hello", "a/b.txt": b"b" * 3_000}))
    assert answer.status_code == 202
    queued = answer.json
    assert queued["state"] == "queued"
    assert queued["number"] == 1
    assert queued["preview_url"] == f"http://{queued['id']}.preview.localhost:8080/"
    assert answer.headers["Location"] == f"{PATH}/{queued['id']}"
    assert len(uploads(settings)) == 1
    assert work(app) == 1
    made = show(site, queued)
    assert made["state"] == "live"
    assert made["cid"].startswith("bafy")
    assert (made["file_count"], made["size_bytes"]) == (2, 3_008)
    assert site.get("/v1/sites/hello").json["live_deployment"] == made
    assert uploads(settings) == []
    dag = Dag(app.extensions["dspace_store"])
    file = dag.resolve(parse_cid(made["cid"]), ["a", "b.txt"])[-1]
    assert b"".join(dag.read(file)) == b"b" * 3_000  # type: ignore[arg-type]


def test_the_log_tells_each_step(app: Flask, site: Wallet) -> None:
    made = deploy(site)
    work(app)
    log = site.get(f"{PATH}/{made['id']}/log")
    assert log.mimetype == "text/plain"
    lines = [line.split(" ", 1)[1] for line in log.text.splitlines()]
    cid = show(site, made)["cid"]
    assert lines == [
        "received a zip archive of 1 files, 5 bytes unpacked",
        "building",
        "storing",
        f"stored 1 files, 5 bytes as {cid}",
        "live",
    ]


def test_the_log_can_be_followed(app: Flask, site: Wallet) -> None:
    made = deploy(site)
    path = f"{PATH}/{made['id']}/log"
    stream = site.get(path, headers={"Accept": "text/event-stream"})
    assert stream.mimetype == "text/event-stream"
    events = iter(stream.response)
    assert b"received a zip" in next(events)  # type: ignore[operator]
    work(app)
    rest = b"".join(events)  # type: ignore[arg-type]
    stream.close()
    assert rest.endswith(b"event: end\ndata: live\n\n")
    assert rest.count(b"\ndata: ") == 5
    last = rest.split(b"id: ")[-2].split(b"\n")[0]
    again = site.get(path, headers={"Accept": "text/event-stream", "Last-Event-ID": last.decode()})
    assert again.text.count("\ndata: ") == 2  # `live`, and the end
    assert again.headers["X-Content-Type-Options"] == "nosniff"


def test_streams_leave_threads_to_others(app: Flask, site: Wallet) -> None:
    made = deploy(site)
    path, header = f"{PATH}/{made['id']}/log", {"Accept": "text/event-stream"}
    open_ones = [site.get(path, headers=header) for _ in range(4)]
    assert slug(site.get(path, headers=header)) == "busy"
    for stream in open_ones:
        stream.close()
    work(app)
    assert site.get(path, headers=header).status_code == 200


def test_the_next_one_supersedes(app: Flask, site: Wallet) -> None:
    first, second = deploy(site, "one"), deploy(site, "two")
    assert [first["number"], second["number"]] == [1, 2]
    work(app)
    assert live(site) == second["id"]
    seen = show(site, first)
    assert (seen["state"], seen["reason"]) == ("superseded", "deployment 2 was published")
    assert seen["cid"] is not None


def run_only(app: Flask, deployment: dict[str, object]) -> None:
    """Does the job of one deployment, out of its turn."""
    from api.deployments.jobs import deploy as run

    with app.app_context():
        run({"deployment_id": deployment["id"]})


def test_an_older_one_that_finishes_later_changes_nothing(app: Flask, site: Wallet) -> None:
    first, second = deploy(site, "one"), deploy(site, "two")
    run_only(app, second)
    run_only(app, first)
    assert live(site) == second["id"]
    seen = show(site, first)
    assert seen["state"] == "superseded"
    assert seen["reason"] == "a later deployment or rollback came first"


def test_a_job_that_runs_twice_settles_once(app: Flask, site: Wallet) -> None:
    made = deploy(site)
    run_only(app, made)
    before = site.get(f"{PATH}/{made['id']}/log").text
    run_only(app, made)
    assert site.get(f"{PATH}/{made['id']}/log").text == before


class TestPublish:
    def publish(self, wallet: Wallet, deployment: dict[str, object]):  # type: ignore[no-untyped-def]
        return wallet.post(f"{PATH}/{deployment['id']}/publish")

    def test_a_rollback_is_that_very_cid(self, app: Flask, site: Wallet) -> None:
        first, second = deploy(site, "one"), deploy(site, "two")
        work(app)
        cid = show(site, first)["cid"]
        answer = self.publish(site, first)
        assert (answer.status_code, answer.json["state"], answer.json["cid"]) == (200, "live", cid)
        assert show(site, second)["state"] == "superseded"
        assert live(site) == first["id"]
        assert self.publish(site, first).json["state"] == "live"  # again changes nothing

    def test_what_was_under_way_does_not_undo_a_rollback(self, app: Flask, site: Wallet) -> None:
        first, second = deploy(site, "one"), deploy(site, "two")
        work(app)
        third = deploy(site, "three")
        self.publish(site, first)
        work(app)
        assert live(site) == first["id"]
        assert show(site, third)["state"] == "superseded"
        fourth = deploy(site, "four")
        work(app)
        assert live(site) == fourth["id"]
        assert self.publish(site, second).status_code == 200

    def test_only_what_is_stored(self, site: Wallet) -> None:
        answer = self.publish(site, deploy(site))
        assert (answer.status_code, slug(answer)) == (409, "deployment-not-publishable")
        assert answer.json["state"] == "queued"

    def test_only_on_an_active_service(self, app: Flask, site: Wallet, mirror: Mirror) -> None:
        made = deploy(site)
        work(app)
        mirror.service(1, site.address, state=2)
        assert slug(self.publish(site, made)) == "service-not-active"


class TestRefusals:
    def test_a_service_that_is_not_active(
        self, site: Wallet, mirror: Mirror, settings: ApiSettings
    ) -> None:
        mirror.service(1, site.address, state=2)
        answer = upload(site, page("x"))
        assert (answer.status_code, slug(answer)) == (402, "service-not-active")
        assert uploads(settings) == []

    def test_a_stranger(self, site: Wallet, wallet: Callable[..., Wallet]) -> None:
        made = deploy(site)
        stranger = wallet()
        assert slug(upload(stranger, page("x"))) == "not-your-site"
        for path in ("", f"/{made['id']}", f"/{made['id']}/log"):
            assert slug(stranger.get(PATH + path)) == "not-your-site"
        assert slug(stranger.post(f"{PATH}/{made['id']}/publish")) == "not-your-site"

    def test_an_archive_that_climbs_out__names_the_entry(
        self, site: Wallet, settings: ApiSettings
    ) -> None:
        answer = upload(site, zipped({"index.html": b"", "../../etc/passwd": b"x"}))
        assert (answer.status_code, slug(answer)) == (422, "archive-rejected")
        assert answer.json["entry"] == "../../etc/passwd"
        assert "../../etc/passwd" in answer.json["detail"]
        assert uploads(settings) == []
        assert site.get(PATH).json["items"] == []

    @pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x03\x04 cut off"])
    def test_what_is_no_archive(self, site: Wallet, settings: ApiSettings, data: bytes) -> None:
        answer = upload(site, data)
        assert (answer.status_code, slug(answer)) == (422, "archive-rejected")
        assert uploads(settings) == []

    @pytest.mark.parametrize(
        "form",
        [
            {},
            {"archive": "text"},
            {"file": b"x"},
            {"archive": [b"x", b"y"]},
            {"archive": b"x", "other": b"y"},
        ],
    )
    def test_a_form_without_its_one_file(
        self, site: Wallet, settings: ApiSettings, form: dict[str, object]
    ) -> None:
        def part(value: object) -> object:
            if isinstance(value, list):
                return [part(item) for item in value]
            return (io.BytesIO(value), "a.zip") if isinstance(value, bytes) else value

        answer = site.post(
            PATH,
            data={name: part(value) for name, value in form.items()},
            content_type="multipart/form-data",
        )
        assert (answer.status_code, slug(answer)) == (422, "validation-failed")
        assert answer.json["errors"][0]["field"] == "archive"
        assert uploads(settings) == []

    def test_a_form_that_is_cut_off(self, site: Wallet, settings: ApiSettings) -> None:
        body = b'--x\r\nContent-Disposition: form-data; name="archive"; filename="a"\r\n\r\nPK'
        answer = site.post(PATH, data=body, content_type="multipart/form-data; boundary=x")
        assert answer.status_code in (400, 422)
        assert uploads(settings) == []

    @pytest.mark.parametrize("body", [{"repository": "a/b", "ref": "main"}, {"cid": 7}, {}, []])
    def test_json_that_is_no_cid(self, site: Wallet, body: object) -> None:
        answer = site.post(PATH, json=body)
        assert (answer.status_code, slug(answer)) == (422, "validation-failed")

    def test_another_media_type(self, site: Wallet) -> None:
        answer = site.post(PATH, data=b"PK", content_type="application/zip")
        assert (answer.status_code, slug(answer)) == (415, "unsupported-media-type")

    def test_an_unknown_deployment(self, site: Wallet) -> None:
        for name in ("0" * 32, "x", "%00", "%F0%9F%98%80"):
            assert slug(site.get(f"{PATH}/{name}")) == "unknown-deployment"
            assert slug(site.post(f"{PATH}/{name}/publish")) == "unknown-deployment"


class TestTooLarge:
    @pytest.fixture
    def settings(self, tmp_path: Path, database_url: str) -> ApiSettings:
        from api.migrate import migrate

        made = make_settings(tmp_path / "data", database_url, max_upload_bytes=100_000)
        migrate(made)
        return made

    @pytest.mark.parametrize("size", [100_001, 1_000_000])
    def test_by_its_length(self, site: Wallet, settings: ApiSettings, size: int) -> None:
        answer = upload(site, b"x" * size)
        assert (answer.status_code, slug(answer)) == (413, "payload-too-large")
        assert uploads(settings) == []

    def test_a_body_without_a_length(self, site: Wallet, settings: ApiSettings) -> None:
        head = b'--x\r\nContent-Disposition: form-data; name="archive"; filename="a"\r\n\r\n'
        body = io.BytesIO(head + b"x" * 1_000_000 + b"\r\n--x--\r\n")
        answer = site.post(
            PATH,
            input_stream=body,
            content_type="multipart/form-data; boundary=x",
            environ_overrides={"wsgi.input_terminated": True},
        )
        assert (answer.status_code, slug(answer)) == (413, "payload-too-large")
        assert uploads(settings) == []


class TestCid:
    def test_a_directory_that_is_held_goes_live(self, app: Flask, site: Wallet) -> None:
        first = deploy(site, "one")
        work(app)
        cid = show(site, first)["cid"]
        answer = site.post(PATH, json={"cid": cid})
        assert (answer.status_code, answer.json["source"]) == (202, "cid")
        assert answer.json["cid"] is None  # not before all of it was seen
        work(app)
        made = show(site, answer.json)
        assert (made["state"], made["cid"], made["file_count"]) == ("live", cid, 1)

    def test_one_that_is_not_held(self, site: Wallet) -> None:
        cid = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
        answer = site.post(PATH, json={"cid": cid})
        assert (answer.status_code, slug(answer)) == (422, "content-not-held")
        answer = site.post(PATH, json={"cid": "nonsense"})
        assert (answer.status_code, slug(answer)) == (422, "validation-failed")

    def test_a_file_is_no_site(self, app: Flask, site: Wallet) -> None:
        first = deploy(site, "one")
        work(app)
        dag = Dag(app.extensions["dspace_store"])
        file = dag.resolve(parse_cid(show(site, first)["cid"]), ["index.html"])[-1]
        assert slug(site.post(PATH, json={"cid": str(file.cid)})) == "content-not-held"


class TestFailures:
    def test_an_upload_that_is_gone_fails_and_leaves_the_live_one(
        self, app: Flask, site: Wallet, settings: ApiSettings
    ) -> None:
        first = deploy(site, "one")
        work(app)
        second = deploy(site, "two")
        for path in uploads(settings):
            path.unlink()
        work(app)
        seen = show(site, second)
        assert (seen["state"], seen["reason"]) == (
            "failed",
            "the upload is gone; please upload it again",
        )
        assert live(site) == first["id"]
        with app.app_context():
            assert jobs.count_by_state()["failed"] == 1

    def test_the_store_being_down_is_tried_again(
        self, app: Flask, site: Wallet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from api.storage.ports import StoreFull

        made = deploy(site)
        store = app.extensions["dspace_store"]
        with monkeypatch.context() as patched:
            patched.setattr(
                type(store), "flush", lambda _self: (_ for _ in ()).throw(StoreFull("full"))
            )
            assert work(app) == 1
        assert show(site, made)["state"] == "storing"
        with app.app_context():
            job = db.session.execute(db.select(Job)).scalar_one()
            assert (job.state, job.attempts) == ("queued", 1)
            assert "StoreFull" in str(job.error)
            db.session.rollback()
        due_again(app)
        assert work(app) == 1
        assert show(site, made)["state"] == "live"

    def test_what_fails_each_time_fails_in_the_end_and_tells_nothing_internal(
        self, app: Flask, site: Wallet, settings: ApiSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = deploy(site)
        monkeypatch.setattr(
            "api.deployments.jobs.import_archive",
            lambda *_: (_ for _ in ()).throw(OSError("/secret/path is broken")),
        )
        for _ in range(5):
            due_again(app)
            assert work(app) == 1
        seen = show(site, made)
        assert seen["state"] == "failed"
        assert "secret" not in site.get(f"{PATH}/{made['id']}/log").text + str(seen)
        assert uploads(settings) == []
        assert work(app) == 0

    def test_a_site_that_was_deleted_meanwhile_gets_nothing(self, app: Flask, site: Wallet) -> None:
        deploy(site)
        site.ask("DELETE", "/v1/sites/hello")
        assert work(app) == 1
        site.post("/v1/sites", json={"name": "hello", "service_id": 1})
        assert live(site) is None

    def test_a_service_that_pauses_meanwhile_still_gets_its_deployment(
        self, app: Flask, site: Wallet, mirror: Mirror
    ) -> None:
        made = deploy(site)
        mirror.service(1, site.address, state=2)
        work(app)
        assert show(site, made)["state"] == "live"


def due_again(app: Flask) -> None:
    from sqlalchemy import update

    from api.db import utc_now, writing

    with app.app_context(), writing():
        db.session.execute(update(Job).values(due_at=utc_now()))


def test_the_list_pages_newest_first(site: Wallet) -> None:
    for text in "abc":
        deploy(site, text)
    first = site.get(f"{PATH}?limit=2").json
    rest = site.get(f"{PATH}?limit=2&cursor={first['next_cursor']}").json
    assert [item["number"] for item in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("query", ["cursor=x", "cursor=%00", "limit=0", "limit=101", "limit=x"])
def test_a_bad_page__422(site: Wallet, query: str) -> None:
    assert slug(site.get(f"{PATH}?{query}")) == "validation-failed"


def test_a_folder_of_ones_own_goes_live_as_it_is_now(
    app: Flask, site: Wallet, mirror: Mirror
) -> None:
    mirror.service(7, site.address, plan=3)
    site.ask("PUT", "/v1/files/site/index.html", data=b"from a folder")
    cid = site.get("/v1/files").json["items"][0]["cid"]
    answer = site.post(PATH, json={"folder": "/site"})
    assert (answer.status_code, answer.json["source"]) == (202, "folder")
    site.ask("PUT", "/v1/files/site/index.html", data=b"changed meanwhile")
    work(app)
    assert show(site, answer.json)["cid"] == cid
    for folder, status in (("/none", 404), ("/site/index.html", 422)):
        assert site.post(PATH, json={"folder": folder}).status_code == status
    assert site.post(PATH, json={"folder": "/site", "cid": cid}).status_code == 422


def test_a_car_goes_live(app: Flask, site: Wallet, tmp_path: Path) -> None:
    store = EmbeddedBlockStore(tmp_path / "elsewhere")
    builder = DirectoryBuilder()
    builder.add_file(("index.html",), import_file(io.BytesIO(b"from a car"), store))
    root = builder.build(store).cid
    store.flush()
    car = b"".join(write_car([root], walk_blocks(store, [root])))
    answer = site.post(PATH, data=car, content_type=CAR)
    assert (answer.status_code, answer.json["source"]) == (202, "car")
    work(app)
    assert show(site, answer.json)["cid"] == str(root)
    for wrong, slug_of in (
        (car[:-1], "car-rejected"),
        (b"".join(write_car([], [])), "car-rejected"),
    ):
        answer = site.post(PATH, data=wrong, content_type=CAR)
        assert (answer.status_code, slug(answer)) == (422, slug_of)


class TestHolds:
    """What was stored counts towards the allowance, and is kept as long as it can be published."""

    def test_a_deployment_that_does_not_fit__fails_and_tells_why(
        self, app: Flask, site: Wallet, mirror: Mirror
    ) -> None:
        mirror.tier(0, rate=0, discount=0, storage=100_000)
        first = deploy(site)
        work(app)
        answer = upload(site, zipped({"index.html": b"x", "big": bytes(range(256)) * 500}))
        work(app)
        shown = show(site, answer.json)
        assert shown["state"] == "failed"
        assert "100000" in shown["reason"]
        assert live(site) == first["id"]

    def test_the_same_content_twice__counts_once(
        self, app: Flask, site: Wallet, mirror: Mirror
    ) -> None:
        deploy(site)
        work(app)
        used = site.get("/v1/account/storage").json["used_bytes"]
        deploy(site)
        work(app)
        assert site.get("/v1/account/storage").json["used_bytes"] == used == "5"

    def test_old_ones_go__and_cannot_be_published_once_they_are_gone(
        self, app: Flask, site: Wallet
    ) -> None:
        app.config["DSPACE"].deployments_kept = 2
        made = []
        for number in range(4):
            made.append(deploy(site, f"version {number}"))
            work(app)
        with app.app_context(), writing():
            held = {row.subject: row.released_at is None for row in db.session.query(Hold)}
        assert [held[one["id"]] for one in made] == [False, False, True, True]
        back = site.post(f"{PATH}/{made[0]['id']}/publish")
        assert back.status_code == 200
        with app.app_context(), writing():
            db.session.query(Hold).filter_by(subject=made[1]["id"]).delete()
        gone = site.post(f"{PATH}/{made[1]['id']}/publish")
        assert (gone.status_code, slug(gone)) == (409, "deployment-not-publishable")
        assert live(site) == made[0]["id"]

    def test_a_deleted_site__lets_its_content_go(self, app: Flask, site: Wallet) -> None:
        deploy(site)
        work(app)
        assert site.ask("DELETE", "/v1/sites/hello").status_code == 204
        with app.app_context(), writing():
            assert [row.released_at is None for row in db.session.query(Hold)] == [False]

    def test_a_site_that_moves__takes_its_holds_to_the_other_service(
        self, app: Flask, site: Wallet, mirror: Mirror
    ) -> None:
        deploy(site)
        work(app)
        mirror.service(2, site.address)
        assert site.ask("PATCH", "/v1/sites/hello", json={"service_id": 2}).status_code == 200
        with app.app_context(), writing():
            assert [int(row.service_id) for row in db.session.query(Hold)] == [2]

    def test_what_the_sites_own_rules_get_wrong__is_told_in_the_log(
        self, app: Flask, site: Wallet
    ) -> None:
        answer = upload(
            site,
            zipped({"index.html": b"x", "_redirects": b"/a\n", "_headers": b"/*\n Set-Cookie: a"}),
        )
        work(app)
        log = site.get(f"{PATH}/{answer.json['id']}/log").text
        assert "_redirects, line 1" in log
        assert "_headers, line 2: set-cookie is the server's own" in log
        assert show(site, answer.json)["state"] == "live"
