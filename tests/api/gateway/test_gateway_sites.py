"""What a site's owner chose: redirects, headers, clean URLs, an app's one page, compression."""

from __future__ import annotations

import gzip

import brotli
import pytest

from api.storage.unixfs import parse_cid
from api.storage.variants import Variants
from tests.api.gateway.world import World

TEXT = b"<p>" + b"some words that come again and again " * 400
FILES = {
    "index.html": b"<h1>home</h1>",
    "404.html": b"<h1>lost</h1>",
    "about.html": b"<h1>about</h1>",
    "removed.html": b"<h1>gone</h1>",
    "app/index.html": b"<h1>app</h1>",
    "there/index.html": b"<h1>there</h1>",
    "long.html": TEXT,
    "large.css": TEXT * 20,
    "photo.png": TEXT[::-1],
    "_redirects": b"""
/old/*    /about        302
/app/*    /app/         200
/gone     /removed.html 410
/there/   /elsewhere
/search   /found?q=1
/lost/*   /nowhere.html 200
""",
    "_headers": b"/*\n  X-Frame-Options: DENY\n/app/*\n  Cache-Control: no-store\n",
}


@pytest.fixture(scope="module", autouse=True)
def site(world: World) -> str:
    root = world.put_directory(FILES)
    Variants(world.data_dir / "variants").make(world.store, parse_cid(root))
    site_id = world.put_site("rules")
    world.publish(site_id, root)
    world.becomes(200, "rules")
    return site_id


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/old/x", 302, "/about"),
        ("/old/x?a=1", 302, "/about?a=1"),
        ("/search?b=2", 301, "/found?q=1"),
    ],
)
def test_a_path_that_is_not_there__leads_where_the_rule_says(
    world: World, path: str, status: int, location: str
) -> None:
    answer = world.site("rules", path)
    assert (answer.status, answer.header("location"), answer.body) == (status, location, b"")


def test_a_rewrite__is_another_file_under_its_status(world: World) -> None:
    app = world.site("rules", "/app/any/page")
    assert (app.status, app.body) == (200, FILES["app/index.html"])
    gone = world.site("rules", "/gone")
    assert (gone.status, gone.body) == (410, FILES["removed.html"])
    lost = world.site("rules", "/lost/x")
    assert (lost.status, lost.body) == (404, FILES["404.html"])


def test_what_is_there__is_never_redirected(world: World) -> None:
    assert world.site("rules", "/there/").body == FILES["there/index.html"]


def test_the_files_of_rules__are_not_served_themselves(world: World) -> None:
    for name in ("_redirects", "_headers"):
        assert world.site("rules", f"/{name}").status == 404


def test_headers_of_the_site__are_added_to_every_answer_of_content(world: World) -> None:
    assert world.site("rules").header("x-frame-options") == "DENY"
    assert world.site("rules", "/nope").header("x-frame-options") == "DENY"
    app = world.site("rules", "/app/")
    assert app.headers.get_all("cache-control") == ["no-store"]


def test_a_file_of_redirects_with_an_error__is_500_that_names_the_line(world: World) -> None:
    world.put_site("bad", {"index.html": b"x", "_redirects": b"/a /b\n/c /d 999\n"})
    world.becomes(200, "bad")
    answer = world.site("bad", "/nope")
    assert answer.status == 500
    assert b"line 2" in answer.body
    assert world.site("bad").status == 200


def test_a_page__is_found_without_its_extension(world: World) -> None:
    assert world.site("rules", "/about").body == FILES["about.html"]
    assert world.site("rules", "/about.html").body == FILES["about.html"]
    assert world.site("rules", "/about/").status == 404


def test_settings__take_effect_within_a_second(world: World) -> None:
    files = {"index.html": b"app", "about.html": b"about", "docs/a.txt": b"a"}
    site_id = world.put_site("chosen", files)
    world.becomes(200, "chosen")
    assert world.site("chosen", "/any/page").status == 404
    assert world.site("chosen", "/docs/").status == 404
    world.change_site(site_id, spa=True, clean_urls=False, listing=True)
    page = world.becomes(200, "chosen", "/any/page", seconds=1.0)
    assert page.body == b"app"
    assert world.site("chosen", "/missing.js").status == 404
    assert world.site("chosen", "/about").body == b"app"
    assert b"a.txt" in world.site("chosen", "/docs/").body


def test_clean_redirects__lead_to_the_shorter_address_where_that_is_the_same_page(
    world: World,
) -> None:
    files = {"index.html": b"home", "about.html": b"about", "d/index.html": b"d", "d.html": b"page"}
    site_id = world.put_site("clean", files)
    world.becomes(200, "clean")
    assert world.site("clean", "/about.html").body == b"about"
    world.change_site(site_id, clean_redirects=True)
    moved = world.becomes(308, "clean", "/about.html?q=1", seconds=1.0)
    assert moved.header("location") == "/about?q=1"
    assert world.site("clean", "/about").body == b"about"
    assert world.site("clean", "/d/index.html").header("location") == "/d/"
    assert world.site("clean", "/index.html").header("location") == "/"
    assert world.site("clean", "/d.html").body == b"page"  # /d is the directory
    assert world.site("clean", "/nope.html").status == 404


def test_the_files_of_rules__are_not_shown_by_another_way_either(world: World) -> None:
    files = {"index.html": b"1", "_headers": b"/*\n  X-A: 1\n", "_redirects": b"/x /_headers 200\n"}
    site_id = world.put_site("sneaky", files)
    world.change_site(site_id, listing=True)
    world.becomes(200, "sneaky")
    for path in ("/x", "/%5Fheaders", "/_headers/", "//_headers", "/_redirects?x", "/./_headers"):
        answer = world.site("sneaky", path)
        assert answer.status in (400, 404), path
        assert b"X-A" not in answer.body
    folder = world.put_site("listed", {"a.txt": b"", "_headers": b"", "b/_headers": b""})
    world.change_site(folder, listing=True)
    listed = world.becomes(200, "listed").body
    assert b"a.txt" in listed
    assert b"_headers" not in listed
    assert b"_headers" in world.site("listed", "/b/").body


@pytest.mark.parametrize(
    "path",
    ["/%2e%2e/x", "/..%2fx", "/a%2f..%2fb", "/%00", "/x%00.html", "/\\..\\x%00"],
)
def test_a_path_that_climbs_or_ends_early__is_refused(world: World, path: str) -> None:
    assert world.site("rules", path).status == 400


@pytest.mark.parametrize(
    "path", ["/%252e%252e/x", "/%252f..%252f", "/old%0d%0aX-Evil:%201", "/%FF"]
)
def test_a_path_is_decoded_once_and_never_into_a_header(world: World, path: str) -> None:
    answer = world.site("rules", path)
    assert answer.status == 404
    assert answer.header("x-evil") is None


def test_what_a_path_fills_into_a_location__stays_in_it(world: World) -> None:
    world.put_site("filled", {"index.html": b"", "_redirects": b"/go/* /:splat 302\n"})
    world.becomes(200, "filled")
    for path, location in (
        ("/go/%0d%0aSet-Cookie:%20a=b", "/%0D%0ASet-Cookie:%20a=b"),
        ("/go//evil.com", "/evil.com"),
        ("/go/%5Cevil.com", "/%5Cevil.com"),
        ("/go/%2Fevil.com", "/evil.com"),
    ):
        answer = world.site("filled", path)
        assert (answer.status, answer.header("location")) == (302, location)
        assert answer.header("set-cookie") is None


@pytest.mark.parametrize(
    ("coding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)]
)
@pytest.mark.parametrize("name", ["long.html", "large.css"])
def test_a_compressed_form__has_its_own_tag(
    world: World, coding: str, unpack: object, name: str
) -> None:
    plain = world.site("rules", f"/{name}")
    assert plain.header("content-encoding") is None
    assert plain.header("vary") == "accept-encoding"
    for _ in range(2):
        answer = world.site("rules", f"/{name}", Accept_Encoding=coding)
        assert answer.header("content-encoding") == coding
        assert answer.header("content-length") == str(len(answer.body))
        assert answer.header("x-frame-options") == "DENY"
        assert unpack(answer.body) == FILES[name]  # type: ignore[operator]
    assert len(answer.body) * 5 < len(FILES[name])
    etag = answer.header("etag") or ""
    assert etag != plain.header("etag")
    same = world.site("rules", f"/{name}", Accept_Encoding=coding, If_None_Match=etag)
    assert (same.status, same.header("vary")) == (304, "accept-encoding")
    other = world.site("rules", f"/{name}", If_None_Match=etag)
    assert other.status == 200
    head = world.site("rules", f"/{name}", "HEAD", Accept_Encoding=coding)
    assert head.header("content-length") == answer.header("content-length")


def test_a_part__is_cut_from_the_file_as_it_is(world: World) -> None:
    answer = world.site("rules", "/long.html", Accept_Encoding="br", Range="bytes=0-9")
    assert (answer.status, answer.body) == (206, TEXT[:10])
    assert answer.header("content-encoding") is None


def test_what_is_small_or_no_text__has_no_other_form(world: World) -> None:
    for path in ("/", "/photo.png"):
        answer = world.site("rules", path, Accept_Encoding="br, gzip")
        assert answer.header("content-encoding") is None
        assert answer.header("vary") is None


def test_a_compressed_form_that_is_damaged__is_never_sent(world: World) -> None:
    root = world.put_directory({"index.html": TEXT[1:]})
    variants = Variants(world.data_dir / "variants")
    variants.make(world.store, parse_cid(root))
    index = next(cid for cid in world.store.cids() if world.store.get(cid) == TEXT[1:])
    variants.path(parse_cid(index), "br").write_bytes(b"")
    world.publish(world.put_site("damaged"), root)
    world.becomes(200, "damaged")
    answer = world.site("damaged", "/", Accept_Encoding="br")
    assert (answer.body, answer.header("content-encoding")) == (TEXT[1:], None)
