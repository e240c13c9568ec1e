"""The edge: problems for whatever goes wrong, headers, limits, the description of the API."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from sqlalchemy.exc import OperationalError

from api.app import create_app
from api.migrate import migrate
from tests.api.world import Mirror, Wallet, make_settings, slug


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "expected"),
    [
        ("GET", "/nothing", {}, 404, "not-found"),
        ("GET", "/v1/nothing", {}, 404, "not-found"),
        ("DELETE", "/v1/plans", {}, 405, "method-not-allowed"),
        ("POST", "/v1/auth/nonce", {"data": "x"}, 415, "unsupported-media-type"),
        ("POST", "/v1/auth/nonce", {"data": {"a": "b"}}, 415, "unsupported-media-type"),
        ("POST", "/v1/auth/nonce", {"json": {"a": "x" * 70_000}}, 413, "payload-too-large"),
        ("POST", "/v1/auth/nonce", {"json": {}}, 422, "validation-failed"),
        ("GET", "/v1/account", {}, 401, "unauthenticated"),
    ],
)
def test_every_error_is_a_problem_document(
    client: FlaskClient,
    method: str,
    path: str,
    options: dict[str, object],
    status: int,
    expected: str,
) -> None:
    answer = client.open(path, method=method, **options)  # type: ignore[arg-type]
    assert (answer.status_code, slug(answer)) == (status, expected)
    assert answer.json["instance"] == path
    if status == 405:
        assert "GET" in answer.headers["Allow"]


def test_a_fault_of_ours_tells_nothing_internal(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("the secret text of a fault")

    monkeypatch.setattr("api.services.routes.open_mirror", fail)
    answer = client.get("/v1/plans")
    assert (answer.status_code, slug(answer)) == (500, "internal-error")
    assert "secret" not in answer.text
    assert len(answer.headers["X-Request-ID"]) == 24


def test_a_fault_of_the_database_tells_nothing_internal(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    def fail(text: str) -> None:
        raise OperationalError("SELECT secret", {}, sqlite3.OperationalError(text))

    for text, expected in (("database is locked", "busy"), ("no such table", "internal-error")):
        monkeypatch.setattr("api.services.routes.open_mirror", lambda text=text: fail(text))
        answer = client.get("/v1/plans")
        assert slug(answer) == expected
        assert "secret" not in answer.text


def test_a_request_that_fails_changes_nothing(
    app: Flask, owner: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "api.sites.routes.service.create_site",
        lambda *_: (_ for _ in ()).throw(RuntimeError("after the insert")),
    )
    assert owner.post("/v1/sites", json={"name": "hello", "service_id": 1}).status_code == 500
    assert owner.get("/v1/sites").json["items"] == []


def test_the_api_can_not_write_the_mirror(app: Flask, mirror: Mirror) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DatabaseError

    from api.db import db, writing

    with app.app_context(), pytest.raises(DatabaseError), writing():
        db.session.execute(text("DELETE FROM mirror_accounts"))


class TestHeaders:
    def test_a_request_id_is_kept_or_made(self, client: FlaskClient) -> None:
        given = client.get("/healthz", headers={"X-Request-ID": "from-the-edge-1"})
        assert given.headers["X-Request-ID"] == "from-the-edge-1"
        made = client.get("/healthz", headers={"X-Request-ID": "bad id \x7f"})
        assert re.fullmatch("[0-9a-f]{24}", made.headers["X-Request-ID"])

    def test_nothing_is_sniffed_and_tokens_are_not_cached(self, owner: Wallet) -> None:
        answer = owner.get("/v1/account")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("path", ["/", "/docs", "/problems/not-found"])
    def test_pages_run_nothing(self, client: FlaskClient, path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "<script" not in answer.text

    def test_browsers_of_any_origin_may_call_with_a_token(self, client: FlaskClient) -> None:
        asked = client.options(
            "/v1/sites",
            headers={"Origin": "https://wallet.example", "Access-Control-Request-Method": "POST"},
        )
        assert asked.status_code == 200
        assert asked.headers["Access-Control-Allow-Origin"] == "*"
        assert "Idempotency-Key" in asked.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in asked.headers
        refused = client.get("/v1/account", headers={"Origin": "https://wallet.example"})
        assert refused.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Origin" not in client.get("/metrics").headers


def test_a_rate_limit_is_a_problem_that_says_when(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "data", rate_limits=True, rate_limit_sign_in="2/minute")
    migrate(settings)
    client = create_app(settings).test_client()
    answers = [client.post("/v1/auth/nonce", json={}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [422, 422, 429]
    assert slug(answers[2]) == "too-many-requests"
    assert 0 < int(answers[2].headers["Retry-After"]) <= 60


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.add(value)
            if name == "id" and value:
                self.ids.add(value)


class TestDescription:
    def test_it_is_valid_openapi_3_1(self, client: FlaskClient) -> None:
        document = client.get("/openapi.json").json
        validate(document)
        assert document["openapi"].startswith("3.1")
        assert document["servers"] == [{"url": "http://localhost:8000"}]

    def test_it_says_who_and_what(self, client: FlaskClient) -> None:
        paths = client.get("/openapi.json").json["paths"]
        deploy = paths["/v1/sites/{name}/deployments"]["post"]
        assert set(deploy["requestBody"]["content"]) == {
            "application/json",
            "application/vnd.ipld.car",
            "multipart/form-data",
        }
        assert {"202", "401", "402", "403", "404", "413", "415", "422", "429", "507"} <= set(
            deploy["responses"]
        )
        assert deploy["security"] == [{"session": []}, {"key": ["sites:write"]}]
        assert paths["/v1/plans"]["get"]["security"] == []

    def test_answers_are_as_described(self, client: FlaskClient, owner: Wallet) -> None:
        from jsonschema import Draft202012Validator

        document = client.get("/openapi.json").json
        for path, shape in (
            ("/v1/account", "AccountOut"),
            ("/v1/plans", "Plans"),
            ("/v1/services", "Services"),
            ("/v1/sites", "Sites"),
            ("/v1/status", "Status"),
        ):
            schema = {"$ref": f"#/components/schemas/{shape}", "components": document["components"]}
            Draft202012Validator(schema).validate(owner.get(path).json)

    def test_it_can_be_read_without_the_network(self, client: FlaskClient) -> None:
        page = client.get("/docs")
        found = _Links()
        found.feed(page.text)
        assert "/v1/sites/{name}/deployments" in page.text
        outside = {link for link in found.links if "://" in link or link.startswith("//")}
        assert outside == set()
        for link in found.links:
            if link.startswith("#"):
                assert link[1:] in found.ids
            else:
                assert client.get(link).status_code == 200, link


def test_health_and_readiness(client: FlaskClient, mirror: Mirror) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {
        "status": "ready",
        "checks": {"database": "ok", "tables": "ok", "mirror": "ok"},
    }
    mirror.at(mirror.block, mirror.now - 1_000)
    late = client.get("/readyz")
    assert (late.status_code, slug(late)) == (503, "not-ready")
    assert "behind" in late.json["checks"]["mirror"]
    mirror.at(mirror.block, mirror.now + 1_000)
    mirror.cursor(halted="block 3, which was final, was replaced")
    stopped = client.get("/readyz")
    assert (stopped.status_code, slug(stopped)) == (503, "not-ready")
    assert stopped.json["checks"]["mirror"] == "halted: block 3, which was final, was replaced"
    assert client.get("/v1/plans").status_code == 200, "what is mirrored is served"
    mirror.cursor(halted="")
    assert client.get("/readyz").status_code == 200
    mirror.cursor(chain_id=1)
    assert "another chain" in client.get("/readyz").json["checks"]["mirror"]


def test_readiness_before_the_migration(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "data")
    client = create_app(settings).test_client()
    answer = client.get("/readyz")
    assert slug(answer) == "not-ready"
    assert answer.json["checks"]["tables"] == "not migrated to this version"
    assert client.get("/healthz").status_code == 200


def test_metrics_count_requests_and_show_the_mirror(client: FlaskClient) -> None:
    client.get("/v1/plans")
    client.get("/v1/services/77")
    text = client.get("/metrics").text
    assert 'dspace_api_requests_total{method="GET",route="/v1/plans",status="200"} 1.0' in text
    assert 'route="/v1/services/<service_id>",status="404"' in text
    assert 'dspace_jobs{state="queued"} 0.0' in text
    assert "dspace_mirror_block_number 10.0" in text


def test_the_log_of_a_request_has_no_secrets(
    owner: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[dict[str, object]] = []

    class Log:
        def info(self, event: str, **fields: object) -> None:
            logged.append({"event": event, **fields})

    monkeypatch.setattr("api.http.headers.log", Log())
    owner.get("/v1/sites?cursor=secret-query")
    assert [entry["event"] for entry in logged] == ["request"]
    assert logged[0]["path"] == "/v1/sites"
    assert logged[0]["caller"] == owner.address
    assert logged[0]["status"] == 422
    assert owner.token not in str(logged)
    assert "secret-query" not in str(logged)
