"""What a request for a site may look like."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from tests.api.world import Wallet, slug

# fmt: off
BAD_NAMES = [
    "ab", "-ab", "ab-", "Abc", "a.b", "a_b", "xn--80ak6aa92e", "ab--c", "a" * 64, "", "www", "api",
    "preview", "ipfs", "localhost", "admin", "tést", "a b", "abc\n", "abc\u0000", 7, None,
]
# fmt: on


def create(wallet: Wallet, name: object = "hello", service_id: object = 1) -> TestResponse:
    return wallet.post("/v1/sites", json={"name": name, "service_id": service_id})


@pytest.mark.parametrize(
    "name",
    BAD_NAMES,
)
def test_create__a_bad_name_is_told(owner: Wallet, name: str) -> None:
    answer = create(owner, name)
    assert (answer.status_code, slug(answer)) == (422, "validation-failed")
    assert {error["field"] for error in answer.json["errors"]} == {"name"}


@pytest.mark.parametrize("name", ["abc", "a1b", "a-b", "a" * 63, "123", "a--b"])
def test_create__a_good_name_is_taken(owner: Wallet, name: str) -> None:
    assert create(owner, name).status_code == 201


@pytest.mark.parametrize("service_id", [-1, "x", 1.5, None, True, "", "01", 10**80, str(2**256)])
def test_create__a_bad_service_number_is_told(owner: Wallet, service_id: object) -> None:
    answer = create(owner, service_id=service_id)
    assert (answer.status_code, slug(answer)) == (422, "validation-failed")
    assert {error["field"] for error in answer.json["errors"]} == {"service_id"}
