"""What holds for every route, every problem and every setting of the API."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from api.http.access import SCOPES
from api.http.operation import operation_of
from api.jobs import kinds
from api.jobs.registry import WORKS
from api.problems import PROBLEMS
from api.settings import ApiSettings

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `([^`]+)` \| (.*?) \| (.*) \|$", re.MULTILINE)


def documented(name: str) -> dict[str, tuple[str, str]]:
    return {slug: (first, rest) for slug, first, rest in ROW.findall((ROOT / name).read_text())}


def test_every_route_declares_who_may_call_it(app: Flask) -> None:
    undeclared = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if operation_of(app.view_functions[rule.endpoint]) is None
    ]
    assert undeclared == []


def test_what_is_not_public_refuses_whoever_has_no_token(app: Flask) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        declared = operation_of(app.view_functions[rule.endpoint])
        assert declared is not None
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            status = client.open(path, method=method).status_code
            assert (status == 401) == (declared.access.kind != "public"), (method, path, status)


def test_a_route_that_changes_something_is_not_public_but_for_signing_in(app: Flask) -> None:
    public = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        and (declared := operation_of(app.view_functions[rule.endpoint])) is not None
        and declared.access.kind == "public"
    }
    assert public == {"/v1/auth/nonce", "/v1/auth/sessions"}


def test_every_unsafe_route_outside_of_sign_in_takes_an_idempotency_key(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        declared = operation_of(app.view_functions[rule.endpoint])
        unsafe = (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        if declared is not None and unsafe and declared.tag != "auth":
            assert declared.idempotent, rule.rule


def test_every_problem_is_documented_as_it_is() -> None:
    told = documented("docs/problems.md")
    assert set(told) == set(PROBLEMS)
    for slug, kind in PROBLEMS.items():
        assert told[slug][0] == str(kind.status), slug
        assert told[slug][1] == f"{kind.title} | {kind.description}", slug


def test_every_problem_is_raised_somewhere() -> None:
    code = "".join(
        path.read_text() for path in (ROOT / "api").rglob("*.py") if path.name != "catalogue.py"
    )
    assert [slug for slug in PROBLEMS if f'"{slug}"' not in code] == []


@pytest.mark.parametrize("slug", PROBLEMS)
def test_every_problem_type_leads_to_its_text(app: Flask, slug: str) -> None:
    answer = app.test_client().get(PROBLEMS[slug].uri)
    assert answer.status_code == 200
    assert PROBLEMS[slug].title in answer.text


def test_every_setting_is_documented_with_its_default() -> None:
    told = documented("docs/settings.md")
    for name, field in ApiSettings.model_fields.items():
        assert name.upper() in told, name
        default = field.get_default()
        if isinstance(default, (int, str)) and default != "":
            shown = str(default).lower() if isinstance(default, bool) else str(default)
            assert told[name.upper()][0].strip("`") == shown, name


def test_every_scope_is_documented_and_used(app: Flask) -> None:
    told = documented_scopes()
    assert told == SCOPES
    used = {
        declared.access.scope
        for view in app.view_functions.values()
        if (declared := operation_of(view)) is not None
    }
    assert used - {None} == set(SCOPES)


def documented_scopes() -> dict[str, str]:
    row = re.compile(r"^\| `([a-z]+:[a-z]+)` \| (.*) \|$", re.MULTILINE)
    return dict(row.findall((ROOT / "docs" / "api.md").read_text()))


def test_every_kind_of_job_has_its_work() -> None:
    names = {value for name, value in vars(kinds).items() if name.isupper()}
    assert set(WORKS) == names
