"""What a visitor gets of a site that is up: bytes, types, conditions, ranges, caching."""

from __future__ import annotations

from hashlib import sha256

import pytest

from api.storage.unixfs.cid import RAW, encode_cid
from tests.api.gateway.world import World

LARGE = bytes(range(256)) * 1_000
LONG = b"".join(sha256(b"%d" % number).digest() for number in range(100_000))  # 3.2 MB: 4 blocks
FILES = {
    "index.html": b"<h1>home</h1>",
    "404.html": b"<h1>lost</h1>",
    "about/index.html": b"<h1>about</h1>",
    "about/team.html": b"<h1>team</h1>",
    "docs/404.html": b"<h1>lost in the docs</h1>",
    "docs/guide/page.txt": "Grüße".encode(),
    "empty.txt": b"",
    "empty/": b"",
    "LICENSE": b"Apache",
    "binary": b"\0\1\2",
    "app.js": b"1",
    "style.css": b"b{}",
    "data.json": b"{}",
    "photo.WEBP": b"RIFF",
    "module.wasm": b"\0asm",
    "archive.tar.gz": b"\x1f\x8b",
    "a name with spaces & ü 文.txt": b"odd",
    "percent%20sign.txt": b"percent",
    "large.bin": LARGE,
    "long.bin": LONG,
}
CID = encode_cid(RAW, sha256(FILES["index.html"]).digest())


@pytest.fixture(scope="module", autouse=True)
def demo(world: World) -> str:
    """The id of the site `demo`."""
    site_id = world.put_site("demo", FILES)
    world.becomes(200, "demo")
    return site_id


@pytest.mark.parametrize("name", [name for name in FILES if not name.endswith("/")])
def test_every_file__is_served_byte_for_byte__from_disk_and_then_from_memory(
    world: World, name: str
) -> None:
    path = "/" + "".join(
        chr(byte) if (chr(byte).isalnum() and byte < 128) or byte in b"/._-" else f"%{byte:02X}"
        for byte in name.encode()
    )
    for _ in range(2):
        answer = world.site("demo", path)
        assert (answer.status, answer.body) == (200, FILES[name])
        assert answer.header("content-length") == str(len(FILES[name]))
        assert answer.header("x-content-type-options") == "nosniff"
        assert answer.header("set-cookie") is None
    head = world.site("demo", path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.header("content-length") == str(len(FILES[name]))
    assert head.header("etag") == answer.header("etag")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/app.js", "text/javascript; charset=utf-8"),
        ("/data.json", "application/json"),
        ("/docs/guide/page.txt", "text/plain; charset=utf-8"),
        ("/photo.WEBP", "image/webp"),
        ("/module.wasm", "application/wasm"),
        ("/archive.tar.gz", "application/gzip"),
        ("/LICENSE", "text/plain; charset=utf-8"),
        ("/binary", "application/octet-stream"),
        ("/large.bin", "application/octet-stream"),
    ],
)
def test_content_types(world: World, path: str, kind: str) -> None:
    assert world.site("demo", path).header("content-type") == kind


def test_the_etag_is_the_cid__and_the_pointer_is_always_asked_for_again(world: World) -> None:
    answer = world.site("demo")
    assert answer.header("etag") == f'"{CID}"'
    assert answer.header("cache-control") == "public, max-age=0, must-revalidate"
    assert (answer.header("x-ipfs-roots") or "").endswith(CID)
    assert (answer.header("x-ipfs-path") or "").startswith("/ipfs/bafy")


@pytest.mark.parametrize(
    "header", [f'"{CID}"', f'W/"{CID}"', "*", f'"x", W/"{CID}" , "y"', f'"a,b","{CID}"']
)
def test_if_none_match__is_304_without_a_body(world: World, header: str) -> None:
    for method in ("GET", "HEAD"):
        answer = world.site("demo", "/", method, If_None_Match=header)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.header("etag") == f'"{CID}"'
        assert answer.header("cache-control") == "public, max-age=0, must-revalidate"
        assert answer.header("content-type") is None


@pytest.mark.parametrize("header", ['"other"', CID, '"' + CID, '""', "nonsense"])
def test_another_tag__is_no_match(world: World, header: str) -> None:
    assert world.site("demo", "/", If_None_Match=header).status == 200
    assert world.site("demo", "/", If_Match=header).status == 412


@pytest.mark.parametrize("name", ["index.html", "large.bin", "long.bin"])
@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=3-6", 3, 7),
        ("bytes=5-", 5, None),
        ("bytes=-4", -4, None),
        ("bytes=2-99999999", 2, None),
        ("bytes=-99999999", 0, None),
        ("BYTES=1-2", 1, 3),
    ],
)
def test_a_range__is_that_part(
    world: World, name: str, asked: str, start: int, end: int | None
) -> None:
    whole = FILES[name]
    part = whole[start:end]
    answer = world.site("demo", f"/{name}", Range=asked)
    assert (answer.status, answer.body) == (206, part)
    first = start % len(whole)
    assert answer.header("content-range") == f"bytes {first}-{first + len(part) - 1}/{len(whole)}"
    assert answer.header("content-length") == str(len(part))


def test_a_range_over_the_edge_of_blocks(world: World) -> None:
    answer = world.site("demo", "/long.bin", Range="bytes=1048570-2097160")
    assert (answer.status, answer.body) == (206, LONG[1048570:2097161])


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,3-4", "bytes=5-2", "bytes=", "bytes=-", "items=0-1", "bytes=a-b", "0-1"]
)
def test_several_ranges_and_nonsense__are_answered_by_the_whole(world: World, asked: str) -> None:
    answer = world.site("demo", "/", Range=asked)
    assert (answer.status, answer.body) == (200, FILES["index.html"])


@pytest.mark.parametrize("asked", ["bytes=13-", "bytes=99-100", "bytes=-0"])
def test_a_range_outside__is_416_with_the_size(world: World, asked: str) -> None:
    answer = world.site("demo", "/", Range=asked)
    assert (answer.status, answer.header("content-range")) == (416, "bytes */13")


def test_if_range__counts_only_with_the_very_tag(world: World) -> None:
    asked = {"Range": "bytes=0-0"}
    assert world.site("demo", "/", If_Range=f'"{CID}"', **asked).status == 206
    for other in (f'W/"{CID}"', '"other"', "Wed, 21 Oct 2026 07:28:00 GMT"):
        assert world.site("demo", "/", If_Range=other, **asked).status == 200


def test_a_range_of_a_head__is_not_looked_at(world: World) -> None:
    assert world.site("demo", "/", "HEAD", Range="bytes=0-0").status == 200


def test_a_directory__is_its_index_page_behind_a_slash(world: World) -> None:
    assert world.site("demo", "/about/").body == FILES["about/index.html"]
    moved = world.site("demo", "/about?a=1&b=%20")
    assert (moved.status, moved.header("location")) == (301, "/about/?a=1&b=%20")
    assert world.site("demo", "/about/team.html").body == FILES["about/team.html"]


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/nope", "404.html"),
        ("/nope/deeper/still", "404.html"),
        ("/about/nope", "404.html"),
        ("/docs/nope", "docs/404.html"),
        ("/docs/guide/nope/more", "docs/404.html"),
        ("/docs/guide/", "docs/404.html"),
        ("/empty/", "404.html"),
        ("/empty", "404.html"),
        ("/index.html/", "404.html"),
        ("/index.html/more", "404.html"),
        ("//about/", "404.html"),
        ("/about//", "404.html"),
        ("/%FF", "404.html"),
    ],
)
def test_what_is_not_there__is_the_nearest_404_page(world: World, path: str, page: str) -> None:
    answer = world.site("demo", path)
    assert (answer.status, answer.body) == (404, FILES[page])
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert answer.header("etag") is None
    assert "immutable" not in (answer.header("cache-control") or "")


def test_no_redirect__leads_to_another_host(world: World) -> None:
    world.put_site("slashes", {"evil.com/index.html": b"x", "index.html": b"y"})
    world.becomes(200, "slashes")
    for path in ("//evil.com", "/%2Fevil.com", "/\\evil.com"):
        answer = world.site("slashes", path)
        assert answer.status == 404, path
        assert answer.header("location") is None


@pytest.mark.parametrize("path", ["/../etc/passwd", "/a/%2e%2e/b", "/./x", "/a/..", "/x%00y"])
def test_a_path_with_dot_segments_or_nul__is_refused(world: World, path: str) -> None:
    assert world.site("demo", path).status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods__are_405(world: World, method: str) -> None:
    answer = world.site("demo", "/", method)
    assert (answer.status, answer.header("allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize("host", ["demo.localhost", "DEMO.LocalHost:8080", "demo.localhost."])
def test_the_host__has_no_case_no_port_and_no_last_dot(world: World, host: str) -> None:
    assert world.get(host).body == FILES["index.html"]


@pytest.mark.parametrize(
    "host",
    ["other.localhost", "a.demo.localhost", "demo.example.com", "example.com", "-.localhost", "x"],
)
def test_another_host__is_no_site(world: World, host: str) -> None:
    answer = world.get(host)
    assert answer.status == 404
    assert answer.header("cache-control") == "no-store"


def test_health__is_answered_on_the_bare_host_alone(world: World) -> None:
    for path in ("/healthz", "/readyz"):
        assert world.get("localhost", path).status == 200
        assert world.get("127.0.0.1:80", path).status == 200
        assert world.site("demo", path).body == FILES["404.html"]
    assert world.get("localhost", "/").status == 404


def test_the_path_gateway__serves_what_is_held__for_ever(world: World) -> None:
    root = world.put_directory({"a/page.html": b"<p>", "a/x y<.txt": b"1", "LICENSE": b"text"})
    moved = world.get("localhost", f"/ipfs/{root}?q=1")
    assert (moved.status, moved.header("location")) == (301, f"/ipfs/{root}/?q=1")
    listing = world.get("localhost", f"/ipfs/{root}/a/")
    assert b'href="./x%20y%3C.txt"' in listing.body
    assert b"x y&lt;.txt" in listing.body
    assert world.get("localhost", f"/ipfs/{root}/a/", If_None_Match="*").status == 304
    answer = world.get("localhost", f"/ipfs/{root}/a/page.html")
    assert (answer.status, answer.body) == (200, b"<p>")
    assert answer.header("cache-control") == "public, max-age=29030400, immutable"
    assert answer.header("x-ipfs-path") == f"/ipfs/{root}/a/page.html"
    roots = (answer.header("x-ipfs-roots") or "").split(",")
    assert (len(roots), roots[0]) == (3, root)
    single = world.get("localhost", f"/ipfs/{roots[2]}")
    assert (single.status, single.body) == (200, b"<p>")
    assert world.get("localhost", f"/ipfs/{root}/nope").status == 404
    assert world.get("localhost", f"/ipfs/{encode_cid(RAW, bytes(32))}").status == 404
    for wrong in ("/ipfs/", "/ipfs/nonsense", "/ipfs/../x", f"/ipfs/{root[:-1]}"):
        assert world.get("localhost", wrong).status in (400, 404)
    assert world.site("demo", f"/ipfs/{root}/").body == FILES["404.html"]


def test_a_block_that_rots_or_goes__is_an_error_and_a_log_line__never_wrong_bytes(
    world: World,
) -> None:
    world.put_site("rotten", {"index.html": b"sound", "big.bin": LONG[::-1]})
    cid = encode_cid(RAW, sha256(b"sound").digest())
    path = world.store.path(cid)
    assert path is not None
    path.write_bytes(b"wrong")
    assert world.becomes(200, "rotten", "/big.bin").body == LONG[::-1]
    answer = world.site("rotten")
    assert (answer.status, answer.header("cache-control")) == (500, "no-store")
    assert b"wrong" not in answer.body
    assert "content_unreadable" in world.log()
    third_block = encode_cid(RAW, sha256(LONG[::-1][2 * 2**20 : 3 * 2**20]).digest())
    broken = world.store.path(third_block)
    assert broken is not None
    broken.unlink()
    with pytest.raises(Exception, match=r"IncompleteRead"):
        world.site("rotten", "/big.bin")
    first = world.site("rotten", "/big.bin", Range="bytes=0-9")
    assert (first.status, first.body) == (206, LONG[::-1][:10])
