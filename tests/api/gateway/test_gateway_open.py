"""Content by its CID over HTTP: one spelling of a host, names to save by, other origins."""

from __future__ import annotations

from hashlib import sha256

import pytest

from api.storage.unixfs import Cid, parse_cid
from api.storage.unixfs.cid import DAG_PB
from api.storage.unixfs.dagpb import encode_node
from api.storage.unixfs.data import Data, Kind, encode_data
from tests.api.gateway.world import World, wait_for

FILES = {
    "page.html": b"<p>text",
    "empty.txt": b"",
    "d/x <&>.txt": b"1",
    "d/e/f.txt": b"22",
    **{f"d/{number}": b"" for number in range(3)},
}
DAG_CBOR = "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua"


@pytest.fixture(scope="module")
def root(world: World) -> str:
    made = world.put_directory(FILES)
    wait_for(lambda: world.get("localhost", f"/ipfs/{made}/page.html").status == 200)
    return made


class TestHost:
    def test_another_spelling__leads_to_the_one_that_counts(self, world: World, root: str) -> None:
        v0 = parse_cid(root).text_v0
        for label in (root.upper(), v0):
            moved = world.get(f"{label}.ipfs.localhost:81", "/d/x%20%3C%26%3E.txt?a=%2F")
            assert moved.status == 301
            expected = f"//{root}.ipfs.localhost:81/d/x%20%3C&%3E.txt?a=%2F"
            assert moved.header("location") == expected
        assert world.get(f"{root}.IPFS.LocalHost", "/page.html").status == 200
        assert world.get("localhost", f"/ipfs/{v0}/page.html").body == b"<p>text"

    @pytest.mark.parametrize("where", ["host", "path"])
    def test_a_cid_of_a_kind_that_is_not_kept__is_501(self, world: World, where: str) -> None:
        if where == "host":
            answer = world.get(f"{DAG_CBOR}.ipfs.localhost")
        else:
            answer = world.get("localhost", f"/ipfs/{DAG_CBOR}")
        assert answer.status == 501

    def test_a_host_without_end__is_nobodys(self, world: World) -> None:
        for host in ("a" * 5_000 + ".localhost", "a." * 2_000 + "ipfs.localhost", "[" * 300):
            assert world.get(host).status == 404


class TestNames:
    @pytest.mark.parametrize(
        ("query", "said", "kind"),
        [
            ("filename=a.txt", 'inline; filename="a.txt"', "text/plain; charset=utf-8"),
            ("download=true", "attachment", "text/html; charset=utf-8"),
            ("filename=b&download=true", 'attachment; filename="b"', "text/html; charset=utf-8"),
            (
                "filename=%E6%96%87.png",
                "inline; filename=\"_.png\"; filename*=UTF-8''%E6%96%87.png",
                "image/png",
            ),
            (
                "filename=a%22%0d%0aX-Evil:1",
                "inline; filename=\"a___X-Evil:1\"; filename*=UTF-8''a%22%0D%0AX-Evil%3A1",
                "text/html; charset=utf-8",
            ),
            ("filename=../../etc/passwd", 'inline; filename="passwd"', "text/html; charset=utf-8"),
        ],
    )
    def test_the_query__names_what_is_saved(
        self, world: World, root: str, query: str, said: str, kind: str
    ) -> None:
        for path in (f"/ipfs/{root}/page.html?{query}", f"/ipfs/{root}/page.html?{query}"):
            answer = world.get("localhost", path)
            assert answer.header("content-disposition") == said
            assert answer.header("content-type") == kind
            assert answer.header("x-evil") is None
        assert (
            world.get("localhost", f"/ipfs/{root}/page.html").header("content-disposition") is None
        )

    def test_a_block__is_saved_under_the_name_that_is_asked_for(
        self, world: World, root: str
    ) -> None:
        answer = world.get("localhost", f"/ipfs/{root}?format=raw&filename=x.bin")
        assert answer.header("content-disposition") == 'attachment; filename="x.bin"'


class TestBlocks:
    def test_a_block__has_ranges_conditions_and_its_way(self, world: World, root: str) -> None:
        path = f"/ipfs/{root}/page.html?format=raw"
        whole = world.get("localhost", path)
        part = world.get("localhost", path, Range="bytes=-4")
        assert (part.status, part.body) == (206, b"text")
        assert part.header("content-range") == "bytes 3-6/7"
        assert world.get("localhost", path, Range="bytes=7-").status == 416
        assert world.get("localhost", path, If_Match='"other"').status == 412
        assert whole.header("x-ipfs-path") == f"/ipfs/{root}/page.html"
        roots = (whole.header("x-ipfs-roots") or "").split(",")
        assert (len(roots), roots[0]) == (2, root)
        assert whole.header("vary") == "accept"

    def test_a_car__has_a_weak_tag(self, world: World, root: str) -> None:
        path = f"/ipfs/{root}?format=car"
        tag = world.get("localhost", path, "HEAD").header("etag") or ""
        assert tag.startswith('W/"')
        assert world.get("localhost", path, If_None_Match=tag).status == 304
        assert world.get("localhost", path, If_Match=tag).status == 412
        other = world.get("localhost", path + "&dag-scope=block", If_None_Match=tag)
        assert other.status == 200

    def test_a_symbolic_link__is_a_block_and_nothing_else(self, world: World) -> None:
        block = encode_node([], encode_data(Data(Kind.SYMLINK, data=b"/etc/passwd")))
        link = str(Cid(DAG_PB, sha256(block).digest()))
        world.store.put(link, block)
        world.store.flush()
        world.hold(link)
        wait_for(lambda: world.get("localhost", f"/ipfs/{link}").status != 404)
        assert world.get("localhost", f"/ipfs/{link}").status == 501
        assert world.get(f"{link}.ipfs.localhost").status == 501
        assert world.get("localhost", f"/ipfs/{link}?format=raw").body == block
        for scope in ("all", "entity", "block"):
            answer = world.get("localhost", f"/ipfs/{link}?format=car&dag-scope={scope}")
            assert block in answer.body


class TestOtherOrigins:
    def test_any_page__may_read_what_has_a_cid(self, world: World, root: str) -> None:
        for path in ("/page.html", "/page.html?format=raw", "?format=car", "/d/", "/d", "/nope"):
            answer = world.get("localhost", f"/ipfs/{root}{path}")
            assert answer.headers.get_all("access-control-allow-origin") == ["*"], path
            assert "X-Ipfs-Roots" in (answer.header("access-control-expose-headers") or "")
        for host, path in (("localhost", f"/ipfs/{root}"), (f"{root}.ipfs.localhost", "/")):
            asked = world.get(host, path, "OPTIONS", Access_Control_Request_Method="GET")
            assert asked.status == 204
            assert "Range" in (asked.header("access-control-allow-headers") or "")

    def test_sites__say_for_themselves_who_may(self, world: World) -> None:
        files = {"index.html": b"1", "_headers": b"/*\n  Access-Control-Allow-Origin: https://a\n"}
        world.put_site("shared", files)
        world.put_site("private", {"index.html": b"2"})
        world.becomes(200, "private")
        assert world.site("shared").header("access-control-allow-origin") == "https://a"
        assert world.site("private").header("access-control-allow-origin") is None
        assert world.site("private", "/", "OPTIONS").status == 405

    def test_what_depends_on_accept__says_so(self, world: World, root: str) -> None:
        for path in ("/page.html", "/d/"):
            assert world.get("localhost", f"/ipfs/{root}{path}").header("vary") == "accept"


def test_a_listing__has_sizes_and_a_way_up(world: World, root: str) -> None:
    top = world.get("localhost", f"/ipfs/{root}/").body.decode()
    below = world.get("localhost", f"/ipfs/{root}/d/").body.decode()
    assert 'href="../"' not in top
    assert 'href="../"' in below
    assert "<td>7 B</td>" in top
    assert "x &lt;&amp;&gt;.txt" in below


@pytest.mark.parametrize("digits", [18, 19, 5_000])
def test_numbers_without_end__are_no_fault_of_the_server(
    world: World, root: str, digits: int
) -> None:
    path = f"/ipfs/{root}/page.html"
    answer = world.get("localhost", path, Range=f"bytes=0-{'9' * digits}")
    assert (answer.status, answer.body) == (206 if digits == 18 else 200, b"<p>text")
    answer = world.get("localhost", path, Range="bytes=٠-١".encode().decode("latin-1"))
    assert answer.status in (200, 400)


def test_a_weak_tag__is_no_match_to_if_match(world: World, root: str) -> None:
    path = f"/ipfs/{root}/page.html"
    tag = world.get("localhost", path).header("etag")
    assert world.get("localhost", path, If_Match=f"W/{tag}").status == 412
    assert world.get("localhost", path, If_Match=f'"x", {tag}').status == 200
    assert world.get("localhost", path, If_Match=f"{tag}", If_None_Match=f"{tag}").status == 304
    missing = world.get("localhost", f"/ipfs/{root}/nope", If_Match='"x"', If_None_Match="*")
    assert missing.status == 404
