"""The networks that pins are fetched from, against hosts that behave and hosts that don't."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count

import pytest

from api.storage.network import (
    FetchLimits,
    Network,
    NetworkError,
    NotFound,
    TimedOut,
    TooLarge,
    Unreachable,
)
from api.storage.network.gateways import Gateway
from api.storage.network.kubo import KuboNetwork
from api.storage.network.nobody import Nobody
from api.storage.network.origins import list_dialled
from api.storage.network.several import Several
from api.storage.unixfs import Cid
from tests.api.pins.hosts import CAR, RAW, Request, hosting, within
from tests.api.pins.world import folder

DAG = folder({"a.txt": b"a" * 3_000, "b.txt": b"b"})
LEAF, LEAF_BLOCK = DAG.blocks[-1]
PEER = "12D3KooWBnmsaeNRP6SCdNbhzaNHihQQBPDhmDvjVGsR1EbswncV"
NETWORKS: list[Callable[[str], Network]] = [Gateway, KuboNetwork]
Answers = Callable[[Request], None]


def limits(seconds: float = 5.0, size: int = 1_000_000, blocks: int = 1_000) -> FetchLimits:
    return FetchLimits(size, blocks, time.monotonic() + seconds)


def fetch(network: Network, cid: Cid = DAG.root, **given: float) -> list[tuple[Cid, bytes]]:
    return list(network.fetch(cid, [], limits(**given)))  # type: ignore[arg-type]


def give_car(request: Request) -> None:
    request.give(DAG.car())


@pytest.mark.parametrize("network", NETWORKS)
class TestEveryNetwork:
    """Whatever answers over HTTP."""

    def test_a_dag_comes_as_a_car(self, network: Callable[[str], Network]) -> None:
        with hosting(give_car) as host:
            assert fetch(network(host.url)) == DAG.blocks
            assert len(host.asked) == 1

    def test_bytes_that_are_not_the_cid_s_are_not_taken(
        self, network: Callable[[str], Network]
    ) -> None:
        lying = DAG.car([DAG.blocks[0], (LEAF, b"other bytes")])
        with hosting(lambda request: request.give(lying)) as host:
            blocks = network(host.url).fetch(DAG.root, [], limits())
            assert next(blocks) == DAG.blocks[0]
            with pytest.raises(Unreachable, match="not those of its CID"):
                next(blocks)

    @pytest.mark.parametrize("body", [b"", b"nonsense", DAG.car()[:-1]])
    def test_a_car_that_is_broken_or_cut_off(
        self, network: Callable[[str], Network], body: bytes
    ) -> None:
        with hosting(lambda request: request.give(body)) as host, pytest.raises(Unreachable):
            fetch(network(host.url))

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 403])
    def test_a_host_that_has_trouble_may_be_asked_again(
        self, network: Callable[[str], Network], status: int
    ) -> None:
        with (
            hosting(lambda request: request.give(b"{}", "application/json", status)) as host,
            pytest.raises(Unreachable, match=str(status)),
        ):
            fetch(network(host.url))

    def test_nobody_listens(self, network: Callable[[str], Network]) -> None:
        with hosting(give_car) as host:
            url = host.url
        with pytest.raises(Unreachable):
            fetch(network(url))

    def test_a_host_that_never_answers_is_left_in_time(
        self, network: Callable[[str], Network]
    ) -> None:
        with (
            hosting(lambda request: bool(request.server.over.wait(30)) or None) as host,
            within(3),
            pytest.raises(TimedOut),
        ):
            fetch(network(host.url), seconds=0.4)

    def test_a_head_that_drips_is_left_in_time(self, network: Callable[[str], Network]) -> None:
        def drips(request: Request) -> None:
            request.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 5_000)

        with hosting(drips) as host, within(3), pytest.raises(TimedOut):
            fetch(network(host.url), seconds=0.4)

    def test_a_body_that_drips_is_left_in_time(self, network: Callable[[str], Network]) -> None:
        def drips(request: Request) -> None:
            request.begin()
            request.drip(DAG.car())

        with hosting(drips) as host, within(3), pytest.raises(TimedOut):
            fetch(network(host.url), seconds=0.4)

    def test_a_body_without_an_end_is_left(self, network: Callable[[str], Network]) -> None:
        def endless(request: Request) -> None:
            request.begin()
            request.wfile.write(DAG.car())
            for _ in count():
                request.wfile.write(DAG.car()[60:] * 100)

        with hosting(endless) as host, within(4), pytest.raises(NetworkError):
            fetch(network(host.url), size=50_000, blocks=20)

    def test_true_blocks_without_an_end_are_too_large(
        self, network: Callable[[str], Network]
    ) -> None:
        many = DAG.car(DAG.blocks * 100)
        with hosting(lambda request: request.give(many)) as host:
            with pytest.raises(TooLarge):
                fetch(network(host.url), size=10_000)
            with pytest.raises(TooLarge):
                fetch(network(host.url), blocks=20)

    def test_a_redirect_to_another_host_is_not_followed(
        self, network: Callable[[str], Network]
    ) -> None:
        with hosting(give_car) as other:

            def sends_away(request: Request) -> None:
                request.give(b"", status=307, Location=f"{other.url}/secret")

            with hosting(sends_away) as host, pytest.raises(Unreachable, match="another host"):
                fetch(network(host.url))
            assert other.asked == []

    def test_redirects_on_the_host_are_followed_a_few_times(
        self, network: Callable[[str], Network]
    ) -> None:
        def once(request: Request) -> None:
            if request.path == "/there":
                return give_car(request)
            return request.give(b"", status=307, Location="/there")

        with hosting(once) as host:
            assert fetch(network(host.url)) == DAG.blocks

        def circle(request: Request) -> None:
            request.give(b"", status=307, Location="/again")

        with hosting(circle) as host:
            with pytest.raises(Unreachable, match="circle"):
                fetch(network(host.url))
            assert len(host.asked) == 4

    def test_the_proxy_of_the_environment_is_not_used(
        self, network: Callable[[str], Network], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        with hosting(give_car) as host:
            assert fetch(network(host.url)) == DAG.blocks


class TestGateway:
    def test_it_is_asked_as_the_trustless_gateways_want_it(self) -> None:
        heads: list[str] = []

        def answers(request: Request) -> None:
            heads.append(request.headers["Accept"])
            give_car(request)

        with hosting(answers) as host:
            fetch(Gateway(host.url + "/"))
            assert host.asked == [f"GET /ipfs/{DAG.cid}?format=car"]
        assert heads == [f"{CAR};version=1;order=dfs;dups=n"]

    def test_a_raw_block_is_asked_for_as_it_is(self) -> None:
        with hosting(lambda request: request.give(LEAF_BLOCK, RAW)) as host:
            assert fetch(Gateway(host.url), LEAF) == [(LEAF, LEAF_BLOCK)]
            assert host.asked == [f"GET /ipfs/{LEAF}?format=raw"]

    @pytest.mark.parametrize("status", [400, 406, 501, 200])
    def test_one_without_cars_is_asked_for_the_block(self, status: int) -> None:
        def answers(request: Request) -> None:
            if request.query["format"] == "raw":
                request.give(DAG.blocks[0][1], RAW)
            else:
                request.give(b"<html>", "text/html", status)

        with hosting(answers) as host:
            assert fetch(Gateway(host.url)) == DAG.blocks[:1]

    @pytest.mark.parametrize("status", [404, 410, 451])
    def test_what_it_doesn_t_have(self, status: int) -> None:
        with (
            hosting(lambda request: request.give(b"", "text/plain", status)) as host,
            pytest.raises(NotFound),
        ):
            fetch(Gateway(host.url))

    def test_a_raw_block_of_other_bytes(self) -> None:
        with (
            hosting(lambda request: request.give(b"other", RAW)) as host,
            pytest.raises(Unreachable, match="other bytes"),
        ):
            fetch(Gateway(host.url), LEAF)

    def test_a_raw_block_that_is_larger_than_blocks_are(self) -> None:
        with (
            hosting(lambda request: request.give(b"x" * 3_000_000, RAW)) as host,
            pytest.raises(TooLarge),
        ):
            fetch(Gateway(host.url), LEAF, size=10_000_000)


class TestKubo:
    def test_public_peers_are_dialled_once_and_others_never(self) -> None:
        def answers(request: Request) -> None:
            if request.path.startswith("/api/v0/swarm/connect"):
                request.give(b'{"Message": "no"}', "application/json", 500)
            else:
                give_car(request)

        public = f"/ip4/8.8.8.8/tcp/4001/p2p/{PEER}"
        origins = [public, f"/ip4/127.0.0.1/tcp/5001/p2p/{PEER}"]
        with hosting(answers) as host:
            network = KuboNetwork(host.url)
            for _ in range(2):
                assert list(network.fetch(DAG.root, origins, limits())) == DAG.blocks
            dialled = [path for path in host.asked if "swarm/connect" in path]
            exported = [path for path in host.asked if "dag/export" in path]
        assert dialled == [f"POST /api/v0/swarm/connect?arg={public.replace('/', '%2F')}"]
        assert exported[0].startswith(f"POST /api/v0/dag/export?arg={DAG.cid}&progress=false")

    @pytest.mark.parametrize(
        "origin",
        [
            f"/ip4/8.8.8.8/udp/4001/quic-v1/p2p/{PEER}",
            f"/ip6/2606:4700::1111/tcp/4001/p2p/{PEER}",
        ],
    )
    def test_a_public_address_with_a_peer_may_be_dialled(self, origin: str) -> None:
        assert list_dialled([origin]) == [origin]

    @pytest.mark.parametrize(
        "origin",
        [
            "/ip4/8.8.8.8/tcp/4001",  # no peer
            f"/p2p/{PEER}",
            *(
                f"/ip4/{address}/tcp/4001/p2p/{PEER}"
                for address in (
                    "127.0.0.1",
                    "10.0.0.1",
                    "172.16.0.1",
                    "192.168.1.1",
                    "169.254.169.254",
                    "100.64.0.1",
                    "0.0.0.0",
                    "224.0.0.1",
                    "255.255.255.255",
                )
            ),
            *(
                f"/ip6/{address}/tcp/4001/p2p/{PEER}"
                for address in (
                    "::1",
                    "::",
                    "fe80::1",
                    "fc00::1",
                    "ff02::1",
                    "::ffff:127.0.0.1",
                    "64:ff9b::7f00:1",
                    "2002:7f00:1::",
                )
            ),
            f"/dns4/localhost/tcp/4001/p2p/{PEER}",
            f"/dnsaddr/peer.example/p2p/{PEER}",
            f"/unix/tmp/socket/p2p/{PEER}",
            f"/ip4/8.8.8.8/tcp/4001/p2p/{PEER}/p2p-circuit/p2p/{PEER}",
            f"/ip4/8.8.8.8/tcp/4001/ip4/127.0.0.1/tcp/4001/p2p/{PEER}",
            "nonsense",
        ],
    )
    def test_anything_else_is_never_dialled(self, origin: str) -> None:
        assert list_dialled([origin]) == []


class TestSeveral:
    def test_the_next_one_is_asked_where_one_fails(self) -> None:
        with (
            hosting(lambda request: request.give(b"", status=500)) as broken,
            hosting(give_car) as good,
        ):
            several = Several([Gateway(broken.url), Gateway(good.url)])
            assert fetch(several) == DAG.blocks

    def test_a_slow_one_leaves_time_for_the_next(self) -> None:
        with (
            hosting(lambda request: bool(request.server.over.wait(30)) or None) as slow,
            hosting(give_car) as good,
            within(3),
        ):
            assert fetch(Several([Gateway(slow.url), Gateway(good.url)]), seconds=0.8) == DAG.blocks

    def test_what_may_succeed_later_is_told_before_what_is_not_there(self) -> None:
        with hosting(lambda request: request.give(b"", status=503)) as busy:
            for order in ([Gateway(busy.url), Nobody()], [Nobody(), Gateway(busy.url)]):
                with pytest.raises(Unreachable):
                    fetch(Several(order))

    def test_nobody_tells_to_send_a_car(self) -> None:
        with pytest.raises(NotFound, match="send it as a CAR"):
            fetch(Nobody())
