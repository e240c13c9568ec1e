"""Which content coding a client gets."""

from __future__ import annotations

import pytest

from api.gateway.codings import choose_coding


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", None),
        ("br", "br"),
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("*", "br"),
        ("*;q=0", None),
        ("br;q=0, *", "gzip"),
        ("identity", None),
        ("identity, br;q=0.5", None),
        ("identity;q=0.5, br;q=0.5", "br"),
        ("deflate", None),
        ("br;q=x", None),
        ("a" * 10_000, None),
    ],
)
def test_the_client_gets_what_it_likes_best(header: str, coding: str | None) -> None:
    assert choose_coding(header, {"br": 1, "gzip": 2}) == coding


def test_what_was_not_made__is_not_chosen() -> None:
    assert choose_coding("br, gzip", {"gzip": 1}) == "gzip"
    assert choose_coding("br", {"gzip": 1}) is None
