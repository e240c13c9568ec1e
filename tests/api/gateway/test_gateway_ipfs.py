"""Content by its CID: origins of its own, blocks and CARs, and who pays for it."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO

import pytest

from api.storage.car import read_car
from api.storage.unixfs import Cid, parse_cid
from api.storage.unixfs.cid import RAW, encode_cid
from api.storage.unixfs.walk import walk_blocks
from indexer.rules import ServiceState
from tests.api.gateway.world import Answer, World, wait_for

RAW_TYPE = "application/vnd.ipld.raw"
CAR_TYPE = "application/vnd.ipld.car"
LONG = b"".join(sha256(b"%d" % number).digest() for number in range(100_000))  # 4 blocks
FILES = {
    "index.html": b"<h1>home</h1>",
    "a/b/page.html": b"<p>",
    "a/long.bin": LONG,
    "_redirects": b"/x /a/b/page.html 200",
    **{f"many/{'n' * 100}{number}": b"%d" % number for number in range(2_000)},
}


@pytest.fixture(scope="module")
def root(world: World) -> str:
    return world.put_directory(FILES)


def blocks_of(answer: Answer) -> dict[Cid, bytes]:
    assert answer.status == 200, answer.body
    return dict(read_car(BytesIO(answer.body)).blocks)


def cid_of(data: bytes) -> str:
    return encode_cid(RAW, sha256(data).digest())


class TestOrigin:
    def test_a_root__has_an_origin_of_its_own(self, world: World, root: str) -> None:
        host = f"{root}.ipfs.localhost"
        answer = world.get(host)
        assert (answer.status, answer.body) == (200, FILES["index.html"])
        assert answer.header("x-ipfs-path") == f"/ipfs/{root}/"
        assert answer.header("access-control-allow-origin") == "*"
        assert "immutable" in (answer.header("cache-control") or "")
        moved = world.get(host, "/a/b?q=1")
        assert (moved.status, moved.header("location")) == (301, "/a/b/?q=1")
        assert b"page.html" in world.get(host, "/a/b/").body
        assert world.get(host, "/x").body == FILES["a/b/page.html"]
        assert world.get(host, "/nope").status == 404

    @pytest.mark.parametrize("label", ["nonsense", "bafy", "qm" + "a" * 44])
    def test_what_is_no_cid__is_400(self, world: World, label: str) -> None:
        assert world.get(f"{label}.ipfs.localhost").status == 400


class TestRaw:
    @pytest.mark.parametrize("by_query", [True, False])
    def test_a_block__is_its_bytes(self, world: World, root: str, by_query: bool) -> None:
        query, headers = ("?format=raw", {}) if by_query else ("", {"Accept": RAW_TYPE})
        answer = world.get("localhost", f"/ipfs/{root}/a/b/page.html{query}", **headers)
        assert (answer.status, answer.body) == (200, b"<p>")
        cid = cid_of(b"<p>")
        assert answer.header("content-type") == RAW_TYPE
        assert answer.header("etag") == f'"{cid}.raw"'
        assert answer.header("content-disposition") == f'attachment; filename="{cid}.bin"'
        assert answer.header("content-length") == "3"
        node = world.get("localhost", f"/ipfs/{root}?format=raw")
        assert parse_cid(root).matches(node.body)
        head = world.get("localhost", f"/ipfs/{root}?format=raw", "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert head.header("content-length") == str(len(node.body))
        known = world.get("localhost", f"/ipfs/{root}?format=raw", If_None_Match=f'"{root}.raw"')
        assert (known.status, known.body) == (304, b"")

    def test_another_form__is_406(self, world: World, root: str) -> None:
        assert world.get("localhost", f"/ipfs/{root}?format=tar").status == 406
        assert world.get("localhost", f"/ipfs/{root}?format=raw&x=1").status == 200


class TestCar:
    def test_all_of_it__comes_parents_first(self, world: World, root: str) -> None:
        answer = world.get("localhost", f"/ipfs/{root}?format=car")
        assert answer.header("content-type") == f"{CAR_TYPE}; version=1; order=dfs; dups=n"
        assert answer.header("content-disposition") == f'attachment; filename="{root}.car"'
        car = read_car(BytesIO(answer.body))
        assert car.roots == (parse_cid(root),)
        assert list(car.blocks) == list(walk_blocks(world.store, [parse_cid(root)]))

    def test_a_path__comes_with_the_blocks_on_the_way(self, world: World, root: str) -> None:
        answer = world.get("localhost", f"/ipfs/{root}/a/long.bin", Accept=f"{CAR_TYPE};version=1")
        blocks = blocks_of(answer)
        assert parse_cid(root) in blocks
        assert len(blocks) == 2 + 1 + 4

    @pytest.mark.parametrize(
        ("path", "query", "count"),
        [
            ("", "dag-scope=block", 1),
            ("", "dag-scope=entity", 1),
            ("/a/b/page.html", "dag-scope=block", 4),
            ("/a/long.bin", "dag-scope=block", 3),
            ("/a/long.bin", "dag-scope=entity", 7),
            ("/a/long.bin", "dag-scope=entity&entity-bytes=0:9", 4),
            ("/a/long.bin", "entity-bytes=1048570:1048580", 5),
            ("/a/long.bin", "dag-scope=entity&entity-bytes=-5:*", 4),
            ("/a/long.bin", "dag-scope=entity&entity-bytes=2097152:-1", 5),
        ],
    )
    def test_the_scope__says_how_much(
        self, world: World, root: str, path: str, query: str, count: int
    ) -> None:
        answer = world.get("localhost", f"/ipfs/{root}{path}?format=car&{query}")
        assert len(blocks_of(answer)) == count

    def test_the_entity_of_a_big_directory__is_its_shards(self, world: World, root: str) -> None:
        answer = world.get("localhost", f"/ipfs/{root}/many?format=car&dag-scope=entity")
        blocks = blocks_of(answer)
        assert len(blocks) > 100
        assert all(cid.codec != RAW for cid in blocks)

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("format=car&dag-scope=some", 400),
            ("format=car&entity-bytes=x", 400),
            ("format=car&car-version=2", 406),
        ],
    )
    def test_what_cannot_be_given__is_refused(
        self, world: World, root: str, query: str, status: int
    ) -> None:
        assert world.get("localhost", f"/ipfs/{root}?{query}").status == status

    def test_a_path_that_is_not_there__is_404(self, world: World, root: str) -> None:
        assert world.get("localhost", f"/ipfs/{root}/nope?format=car").status == 404


class TestHolders:
    def test_content_that_nobody_holds__is_not_public(self, world: World) -> None:
        root = world.put_directory({"index.html": b"nobody's"}, held=False)
        assert world.get("localhost", f"/ipfs/{root}/").status == 404
        answer = world.get("localhost", f"/ipfs/{root}/", Cache_Control="only-if-cached")
        assert answer.status == 412

    @pytest.mark.parametrize(
        ("state", "status"),
        [(ServiceState.PAUSED, 402), (ServiceState.SUSPENDED, 451), (ServiceState.STOPPED, 410)],
    )
    def test_content_of_who_does_not_pay__comes_back_with_its_service(
        self, world: World, state: ServiceState, status: int
    ) -> None:
        service = 5_000 + int(state)
        world.put_service(service)
        root = world.put_directory({"d/page.html": b"state %d" % state}, held=False)
        world.hold(root, service)
        file = cid_of(b"state %d" % state)
        paths = [("localhost", f"/ipfs/{root}/d/page.html"), ("localhost", f"/ipfs/{file}")]
        paths += [("localhost", f"/ipfs/{file}?format=raw"), (f"{root}.ipfs.localhost", "/d/")]

        def statuses() -> set[int]:
            return {world.get(host, path).status for host, path in paths}

        wait_for(lambda: statuses() == {200})
        world.put_service(service, state)
        wait_for(lambda: statuses() == {status})
        world.put_service(service)
        wait_for(lambda: statuses() == {200})

    def test_content_that_another_pays_for__stays(self, world: World) -> None:
        for service, state in ((6_001, ServiceState.PAUSED), (6_002, ServiceState.ACTIVE)):
            world.put_service(service, state)
        root = world.put_directory({"index.html": b"both"}, held=False)
        for service in (6_001, 6_002):
            world.hold(root, service)
        wait_for(lambda: world.get("localhost", f"/ipfs/{root}/").status == 200)
