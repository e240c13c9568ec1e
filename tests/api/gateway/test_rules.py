"""`_redirects` and `_headers` as files: what they say, and what of them is refused."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.gateway.rules.headers import apply_headers, parse_headers
from api.gateway.rules.redirects import BadRedirects, Outcome, find_outcome, parse_redirects

RULES = b"""
# comments and empty lines say nothing
/old            /new
/302            /two            302   # to be told later
/blog/:year/:slug  /posts/:slug/:year/
/app/*          /app/index.html  200
/ext/*          https://example.com/x/:splat?a=1  308
/gone           /gone.html      410
/exact/         /slashed
/percent%20x    /b%20c  200
/*              /404.html       404
"""


def outcome(path: str, rules: bytes = RULES) -> Outcome | None:
    return find_outcome(parse_redirects(rules), [name for name in path.split("/") if name])


@pytest.mark.parametrize(
    ("path", "status", "target"),
    [
        ("/old", 301, "/new"),
        ("/302", 302, "/two"),
        ("/blog/2026/a b", 301, "/posts/a%20b/2026/"),
        ("/app", 200, "/app/index.html"),
        ("/app/x/y", 200, "/app/index.html"),
        ("/ext/a/b c", 308, "https://example.com/x/a/b%20c?a=1"),
        ("/gone", 410, "/gone.html"),
        ("/exact", 301, "/slashed"),
        ("/percent x", 200, "/b c"),
        ("/", 404, "/404.html"),
        ("/nothing/like/it", 404, "/404.html"),
    ],
)
def test_the_first_rule_that_matches__counts(path: str, status: int, target: str) -> None:
    assert outcome(path) == Outcome(status, target)


def test_no_rule__is_no_outcome() -> None:
    assert outcome("/other", b"/a /b") is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("/a", "a rule is"),
        ("/a /b 301 x", "a rule is"),
        ("/a /b 301!", "forced"),
        ("/a /b 418", "418 is no status"),
        ("/a /b x", "no status"),
        ("a /b", "starts with a slash"),
        ("/a*b /b", r"a \* stands"),
        ("/*/a /b", r"a \* stands"),
        ("/:a-b /b", "no placeholder"),
        ("/a https://example.com/ 200", "path of the site"),
        ("/a javascript:alert(1)", "a target is"),
        ("/a https://:host.example.com/", "choose the host"),
        ("/a https://x/:a/ ٣٠١", "no status"),
        ("/a //example.com/", None),
    ],
)
def test_a_line_that_is_no_rule__is_told_by_its_number(line: str, reason: str | None) -> None:
    data = f"/fine /fine\n\n{line}\n".encode()
    if reason is None:
        assert outcome("/a", data) == Outcome(301, "/example.com/")
        return
    with pytest.raises(BadRedirects, match=f"line 3: .*{reason}"):
        parse_redirects(data)


def test_a_file_over_the_limit__is_refused() -> None:
    with pytest.raises(BadRedirects, match="65,536 bytes"):
        parse_redirects(b"#" * 65_537)
    with pytest.raises(BadRedirects, match="UTF-8"):
        parse_redirects(b"\xff")


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1), max_size=4)
)
def test_what_is_filled_in__never_leads_to_another_host_or_out_of_the_header(
    names: list[str],
) -> None:
    found = find_outcome(parse_redirects(b"/* /:splat 302"), names)
    assert found is not None
    assert found.target.startswith("/")
    assert not found.target.startswith(("//", "/\\"))
    assert found.target.isascii()
    assert found.target.isprintable()
    assert "\r" not in found.target
    assert "\n" not in found.target


@pytest.mark.parametrize(
    ("rules", "path", "target"),
    [
        (b"/:a/:b /:b/:a", "/:b/x", "/x/:b"),  # what came from a path is never looked into
        (b"/:a/:ab /:ab-:a", "/1/2", "/2-1"),
        (b"/* /x?q=:splat&b=%20", "/a&b#c", "/x?q=a&b%23c&b=%20"),
        (b"/* https://e.com/:splat", "/@evil.com", "https://e.com/@evil.com"),
        (b"/* https://e.com/x#:splat", "/a\r\nb", "https://e.com/x#a%0D%0Ab"),
        (b"/x /caf\xc3\xa9", "/x", "/caf%C3%A9"),
        (b"\xef\xbb\xbf/x /y\r\n", "/x", "/y"),
        (b"/x /a\xc2\x85b", "/x", None),
    ],
)
def test_what_fills_a_target__stays_what_it_is(rules: bytes, path: str, target: str | None) -> None:
    if target is None:  # an odd space is a space
        with pytest.raises(BadRedirects):
            outcome(path, rules)
        return
    found = find_outcome(parse_redirects(rules), path[1:].split("/"))
    assert found is not None
    assert found.target == target


def test_a_target__does_not_grow_without_bounds() -> None:
    rules = parse_redirects(b"/* /" + b":splat" * 10_000)
    started_at = time.process_time()
    with pytest.raises(BadRedirects, match="longer than 8,192"):
        find_outcome(rules, ["a" * 8_000])
    assert time.process_time() - started_at < 2


def test_as_many_rules_as_fit__cost_little() -> None:
    rules = parse_redirects(b"/a/* /\n" * 7_000)
    started_at = time.process_time()
    for _ in range(10):
        assert find_outcome(rules, ["b", "c"]) is None
    assert time.process_time() - started_at < 1


def test_many_stars__take_no_longer_than_the_path_is_long() -> None:
    read = parse_headers(b"/" + b"*a" * 900 + b"\n  X-A: 1\n")
    started = time.process_time()
    assert apply_headers(read.rules, "/" + "a" * 8_000 + "b", []) == []
    assert time.process_time() - started < 1


HEADERS = b"""
/*
  X-Frame-Options: DENY
  Cache-Control: no-cache
/assets/*
  Cache-Control: public, max-age=60
  ! X-Frame-Options
/a/*/c.html
  Content-Security-Policy: default-src 'self'
"""


def added(path: str, data: bytes = HEADERS) -> dict[str, str]:
    return dict(apply_headers(parse_headers(data).rules, path, [("cache-control", "its own")]))


def test_headers_of_every_rule_that_matches__are_joined_and_taken_away() -> None:
    assert added("/x") == {"x-frame-options": "DENY", "cache-control": "no-cache"}
    assert added("/assets/x") == {"cache-control": "no-cache, public, max-age=60"}
    assert added("/a/b/b/c.html")["content-security-policy"] == "default-src 'self'"
    assert "content-security-policy" not in added("/a/c.html")
    assert added("/x", b"") == {"cache-control": "its own"}


@pytest.mark.parametrize(
    "line",
    [
        "Set-Cookie: a=1",
        "Content-Length: 3",
        "Transfer-Encoding: chunked",
        "ETag: x",
        "X-Ipfs-Path: /x",
        "Location: /x",
        "Bad Name: x",
        ": x",
        "no colon",
        "X-A: b\x01",
        "X-A: ü",
    ],
)
def test_a_header_that_is_the_servers_or_none__is_left_out_and_told(line: str) -> None:
    read = parse_headers(f"/*\n  {line}\n  X-Good: 1\n".encode())
    assert [change[0] for rule in read.rules for change in rule.changes] == ["x-good"]
    assert len(read.left_out) == 1
    assert read.left_out[0].startswith("_headers, line 2: ")


@pytest.mark.parametrize("ending", ["\r\n", "\u2028", "\x85", "\x0b", "\r"])
def test_no_line__ends_a_header_early(ending: str) -> None:
    read = parse_headers(f"/*\n  X-A: 1{ending}  X-B: 2\n".encode())
    for rule in read.rules:
        for name, value in rule.changes:
            assert name in ("x-a", "x-b")
            assert value is not None
            assert value.isprintable()
            assert value.isascii()


def test_one_answer__gets_no_more_than_clients_take() -> None:
    data = b"/*\n" + b"".join(b"  X-%d: %s\n" % (n, b"a" * 500) for n in range(100))
    added = apply_headers(parse_headers(data).rules, "/", [])
    assert len(added) == 16
    assert sum(len(name) + len(value) for name, value in added) <= 8_192


def test_a_file_of_headers__has_its_limits() -> None:
    assert parse_headers(b"/*\n X-A: 1\n" + b"#" * 65_536).rules == []
    many = "".join(f"/{number}\n X-A: 1\n" for number in range(300)).encode()
    read = parse_headers(many)
    assert (len(read.rules), len(read.left_out)) == (200, 1)
    assert parse_headers(b"/*\n X-A: " + b"a" * 2_001).rules == []
    assert parse_headers(b"nonsense\n X-A: 1\n").rules == []
