"""How a pin gets pinned: from what is here, from the network, over crashes; and how it fails."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from api.db import begin, db, utc_now, writing
from api.holds.links import BlockLink
from api.holds.models import Hold
from api.jobs.models import Job
from api.jobs.runner import Runner
from api.pins.gather import Gathering
from api.pins.models import Pin
from api.storage.network import Blocks, FetchLimits, TimedOut, Unreachable
from api.storage.ports import BlockMissing, BlockStore, StoreFull
from api.storage.unixfs import Cid, import_file
from api.storage.unixfs.cid import pack_cid, parse_cid
from api.storage.unixfs.dagpb import Link, encode_node
from tests.api.pins.world import ROOM, STORAGE, Dag, Peers, add, folder, see, storing, work
from tests.api.world import Mirror, Wallet

DAG = folder({f"{number}.txt": bytes([number]) * 2_000 for number in range(9)})
DAG_CBOR = bytes([1, 0x71, 0x12, 0x20]) + bytes(32)


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


def keep(store: BlockStore, dag: Dag) -> None:
    for cid, block in dag.blocks:
        store.put(str(cid), block)
    store.flush()


def due_now(app: Flask) -> None:
    with app.app_context(), writing():
        db.session.execute(update(Job).values(due_at=utc_now()))


def count(app: Flask, table: Any) -> int:
    with app.app_context():
        begin(writes=False)
        return len(db.session.execute(select(table)).all())


def node(*packed: bytes) -> Dag:
    """A dag-pb root with these links."""
    block = encode_node([Link(each, b"", 1) for each in packed], b"")
    root = Cid(0x70, sha256(block).digest())
    return Dag(root, [(root, block)])


class TestFromHere:
    def test_a_dag_that_the_store_holds_is_pinned_without_asking_anyone(
        self, app: Flask, pinner: Wallet, peers: Peers, store: BlockStore
    ) -> None:
        keep(store, DAG)
        pin = add(pinner, DAG.cid)
        work(app)
        assert see(pinner, pin)["status"] == "pinned"
        assert peers.asked == []

    def test_its_blocks_count_as_put_now_so_that_the_collector_lets_them_be(
        self, app: Flask, pinner: Wallet, store: BlockStore
    ) -> None:
        keep(store, DAG)
        for cid, _ in DAG.blocks:
            path = store.path(str(cid))
            assert path is not None
            os.utime(path, (1, 1))
        add(pinner, DAG.cid)
        work(app)
        assert store.remove_older([str(cid) for cid, _ in DAG.blocks], 1_000_000) == 0

    def test_a_single_raw_block_is_a_dag(
        self, app: Flask, pinner: Wallet, store: BlockStore
    ) -> None:
        root = import_file(BytesIO(b"hello"), store).cid
        store.flush()
        pin = add(pinner, str(root))
        work(app)
        assert see(pinner, pin)["info"] == {"dag_size": "5"}


class TestFromTheNetwork:
    def test_only_what_is_missing_is_asked_for(
        self, app: Flask, pinner: Wallet, peers: Peers, store: BlockStore
    ) -> None:
        peers.dags, peers.with_dag = [DAG], False
        for cid, block in DAG.blocks[:5]:
            store.put(str(cid), block)
        store.flush()
        add(pinner, DAG.cid)
        work(app)
        assert peers.asked == [str(cid) for cid, _ in DAG.blocks[5:]]

    def test_a_dag_comes_in_one_go_where_the_network_can(
        self, app: Flask, pinner: Wallet, peers: Peers
    ) -> None:
        peers.dags = [DAG]
        add(pinner, DAG.cid, origins=["/ip4/1.1.1.1/tcp/1"])
        work(app)
        assert peers.asked == [DAG.cid]
        assert peers.origins == [["/ip4/1.1.1.1/tcp/1"]]

    def test_blocks_that_no_parent_names_are_not_taken_in(
        self, app: Flask, pinner: Wallet, peers: Peers, store: BlockStore
    ) -> None:
        strange = folder({"strange.txt": b"strange"})
        peers.dags = [Dag(DAG.root, [*DAG.blocks[:1], *strange.blocks, *DAG.blocks[1:]])]
        pin = add(pinner, DAG.cid)
        work(app)
        assert see(pinner, pin)["status"] == "pinned"
        assert not any(store.has(str(cid)) for cid, _ in strange.blocks)

    def test_what_came_before_it_broke_off_is_not_fetched_again(
        self, app: Flask, pinner: Wallet, store: BlockStore
    ) -> None:
        asked: list[str] = []

        class BreaksOff:
            def fetch(self, cid: Cid, origins: Any, limits: FetchLimits) -> Blocks:
                asked.append(str(cid))
                begins = [each for each, _ in DAG.blocks].index(cid)
                yield from DAG.blocks[begins : begins + 4]
                raise TimedOut("too slow")

        app.extensions["dspace_network"] = BreaksOff()
        pin = add(pinner, DAG.cid)
        work(app)
        assert see(pinner, pin)["status"] == "pinned"
        assert asked == [DAG.cid, *(str(cid) for cid, _ in DAG.blocks[4:])]

    def test_a_network_that_is_away_is_asked_again_a_few_times(
        self, app: Flask, pinner: Wallet, peers: Peers
    ) -> None:
        peers.dags = [DAG]
        peers.errors = [Unreachable("peer.example could not be reached")] * 2
        pin = add(pinner, DAG.cid)
        work(app)
        seen = see(pinner, pin)
        assert seen["status"] == "pinning"
        assert seen["info"] == {"status_details": "peer.example could not be reached"}
        for _ in range(2):
            due_now(app)
            work(app)
        assert see(pinner, pin)["status"] == "pinned"
        assert "status_details" not in see(pinner, pin)["info"]

    def test_one_that_stays_away_fails_the_pin_and_says_who(
        self, app: Flask, pinner: Wallet, peers: Peers
    ) -> None:
        peers.errors = [Unreachable("peer.example could not be reached")] * 5
        pin = add(pinner, DAG.cid)
        for _ in range(5):
            due_now(app)
            work(app)
        seen = see(pinner, pin)
        assert seen["status"] == "failed"
        assert seen["info"]["status_details"].startswith("peer.example could not be reached. ")
        assert count(app, Hold) == 0

    def test_a_worker_that_is_killed_leaves_nothing_to_be_fetched_twice(
        self, app: Flask, pinner: Wallet, peers: Peers, store: BlockStore
    ) -> None:
        peers.dags = [DAG]
        pin = add(pinner, DAG.cid)
        limits = FetchLimits(ROOM, 100, 2**40)
        Gathering(store, peers, [], limits).gather(DAG.root)  # and then nothing was settled
        with app.app_context(), writing():
            db.session.execute(update(Pin).values(status="pinning"))
        work(app)
        assert peers.asked == [DAG.cid]
        assert see(pinner, pin)["status"] == "pinned"


class TestFailure:
    @pytest.fixture
    def database_url(self, tmp_path: Path) -> str:
        """What fails does so before any SQL of note."""
        return f"sqlite:///{tmp_path / 'data' / 'dspace.sqlite3'}"

    def fail(self, app: Flask, pinner: Wallet, cid: str) -> str:
        pin = add(pinner, cid)
        work(app)
        seen = see(pinner, pin)
        assert seen["status"] == "failed"
        assert count(app, Hold) == 0
        assert count(app, BlockLink) == 0
        return str(seen["info"]["status_details"])

    def test_without_a_network_it_says_to_send_a_car(self, app: Flask, pinner: Wallet) -> None:
        assert "send it as a CAR" in self.fail(app, pinner, DAG.cid)

    def test_what_nobody_has(self, app: Flask, pinner: Wallet, peers: Peers) -> None:
        assert self.fail(app, pinner, DAG.cid) == f"nobody has {DAG.cid}"

    def test_a_link_to_another_codec_is_named(
        self, app: Flask, pinner: Wallet, peers: Peers
    ) -> None:
        mixed = node(DAG_CBOR)
        peers.dags = [mixed]
        told = self.fail(app, pinner, mixed.cid)
        assert "codec dag-cbor" in told
        assert mixed.cid in told

    def test_a_link_that_is_no_cid(self, app: Flask, pinner: Wallet, peers: Peers) -> None:
        broken = node(b"\x07nonsense")
        peers.dags = [broken]
        assert "no CID" in self.fail(app, pinner, broken.cid)

    def test_a_block_that_is_no_dag_pb(self, app: Flask, pinner: Wallet, peers: Peers) -> None:
        root = Cid(0x70, sha256(b"\xff\xff").digest())
        peers.dags = [Dag(root, [(root, b"\xff\xff")])]
        assert "no dag-pb" in self.fail(app, pinner, str(root))

    def test_more_than_the_allowance_has_left(
        self, app: Flask, wallet: Callable[..., Wallet], mirror: Mirror, peers: Peers
    ) -> None:
        tight = storing(wallet, mirror, room=DAG.size - 1)
        peers.dags = [DAG]
        told = self.fail(app, tight, DAG.cid)
        assert told == f"it has more than the {DAG.size - 1} bytes that the allowance has left"

    def test_more_than_is_pinned_at_all(self, app: Flask, pinner: Wallet, peers: Peers) -> None:
        app.config["DSPACE"] = app.config["DSPACE"].model_copy(update={"max_pin_bytes": 5_000})
        peers.dags = [DAG]
        assert "5000 bytes that a pin may have" in self.fail(app, pinner, DAG.cid)

    def test_a_dag_without_an_end_is_left(self, app: Flask, pinner: Wallet) -> None:
        class Deep:
            """Every block leads to one more, for ever."""

            def fetch(self, cid: Cid, origins: Any, limits: FetchLimits) -> Blocks:
                yield from chain[[each for each, _ in chain].index(cid) :]

        chain = _chain(400)
        app.extensions["dspace_network"] = Deep()
        app.config["DSPACE"] = app.config["DSPACE"].model_copy(update={"max_pin_bytes": 9_000})
        assert "9000 bytes" in self.fail(app, pinner, str(chain[0][0]))

    def test_a_service_that_is_not_active_any_more(
        self, app: Flask, pinner: Wallet, peers: Peers, mirror: Mirror
    ) -> None:
        pin = add(pinner, DAG.cid)
        mirror.service(STORAGE, pinner.address, plan=3, state=2)
        work(app)
        assert see(pinner, pin)["info"]["status_details"] == f"storage service {STORAGE} is paused"
        assert peers.asked == []

    def test_one_that_takes_too_long(self, app: Flask, pinner: Wallet, peers: Peers) -> None:
        pin = add(pinner, DAG.cid)
        late = utc_now() - timedelta(seconds=3_601)
        with app.app_context(), writing():
            db.session.execute(update(Pin).values(queued_at=late))
            job = db.session.execute(select(Job)).scalar_one()
            job.payload = {**job.payload, "queued_at": late.isoformat()}
        work(app)
        assert "not whole after 3600 seconds" in see(pinner, pin)["info"]["status_details"]

    def test_a_full_disk_is_tried_again_and_nothing_is_left_half(
        self,
        app: Flask,
        pinner: Wallet,
        peers: Peers,
        store: BlockStore,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        peers.dags = [DAG]
        pin = add(pinner, DAG.cid)
        with monkeypatch.context() as full:

            def flush() -> None:
                raise StoreFull("no space is left for blocks")

            full.setattr(store, "flush", flush)
            work(app)
        assert see(pinner, pin)["status"] == "pinning"
        with pytest.raises(BlockMissing):
            store.get(DAG.cid)
        due_now(app)
        work(app)
        assert see(pinner, pin)["status"] == "pinned"


class TestRaces:
    def test_one_that_is_removed_while_it_is_fetched_stays_removed(
        self, app: Flask, pinner: Wallet
    ) -> None:
        pin = add(pinner, DAG.cid)

        class Removes:
            def fetch(self, cid: Cid, origins: Any, limits: FetchLimits) -> Blocks:
                with Runner(app).app.app_context():
                    assert pinner.ask("DELETE", f"/v1/pins/{pin['requestid']}").status_code == 202
                yield from DAG.blocks

        app.extensions["dspace_network"] = Removes()
        work(app)
        assert pinner.get(f"/v1/pins/{pin['requestid']}").status_code == 404
        with app.app_context():
            begin(writes=False)
            assert db.session.execute(select(Hold)).scalar_one().released_at is not None

    def test_two_that_together_don_t_fit_are_not_both_pinned(
        self, app: Flask, wallet: Callable[..., Wallet], mirror: Mirror
    ) -> None:
        tight = storing(wallet, mirror, room=DAG.size * 2 - 1)
        pins = [add(tight, DAG.cid), add(tight, DAG.cid)]
        inner = Runner(app)

        class OneInTheOther:
            """The second is done while the first is being fetched."""

            def fetch(self, cid: Cid, origins: Any, limits: FetchLimits) -> Blocks:
                app.extensions["dspace_network"] = peers
                inner.run_next()
                yield from DAG.blocks

        peers = Peers([DAG])
        app.extensions["dspace_network"] = OneInTheOther()
        work(app)
        seen = sorted(see(tight, pin)["status"] for pin in pins)
        assert seen == ["failed", "pinned"]
        with app.app_context():
            begin(writes=False)
            assert [hold.size_bytes for hold in db.session.scalars(select(Hold))] == [DAG.size]


def _chain(length: int) -> list[tuple[Cid, bytes]]:
    """A root above a long row of nodes, each with one link."""
    made: list[tuple[Cid, bytes]] = []
    below: list[bytes] = []
    for _ in range(length):
        dag = node(*below)
        made.insert(0, dag.blocks[0])
        below = [pack_cid(parse_cid(dag.cid), 1)]
    return made
