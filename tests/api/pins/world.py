"""An account with room for pins, DAGs to pin, and the stores and networks that they come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from api.jobs.runner import Runner
from api.storage.car import write_car
from api.storage.network import Blocks, FetchLimits, NetworkError, NotFound
from api.storage.unixfs import Cid, DirectoryBuilder, import_file
from api.storage.unixfs.walk import walk_blocks
from tests.api.world import Mirror, Wallet

STORAGE = 7  # the account's storage service
ROOM = 10_000_000  # bytes of its allowance
CAR = "application/vnd.ipld.car"


class MemoryStore:
    """Blocks in memory: what others have."""

    def __init__(self) -> None:
        self.blocks: dict[str, bytes] = {}

    def put(self, cid: str, data: bytes, *, verified: bool = False) -> None:
        self.blocks[cid] = data

    def flush(self) -> None:
        """Nothing waits."""

    def get(self, cid: str) -> bytes:
        return self.blocks[cid]


@dataclass
class Dag:
    """A DAG that somebody has."""

    root: Cid
    blocks: list[tuple[Cid, bytes]]

    @property
    def cid(self) -> str:
        return str(self.root)

    @property
    def size(self) -> int:
        return sum(len(block) for _, block in self.blocks)

    def car(self, blocks: Iterable[tuple[Cid, bytes]] | None = None) -> bytes:
        return b"".join(write_car([self.root], self.blocks if blocks is None else blocks))


def folder(files: dict[str, bytes]) -> Dag:
    store: Any = MemoryStore()
    builder = DirectoryBuilder()
    for path, data in files.items():
        builder.add_file(tuple(path.split("/")), import_file(BytesIO(data), store))
    root = builder.build(store).cid
    return Dag(root, list(walk_blocks(store, [root])))


@dataclass
class Peers:
    """A network that has some blocks, and does what a test wants of it."""

    dags: list[Dag] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    origins: list[Sequence[str]] = field(default_factory=list)
    errors: list[NetworkError] = field(default_factory=list)  # of the next fetches
    with_dag: bool = True  # or block by block

    def fetch(self, cid: Cid, origins: Sequence[str], limits: FetchLimits) -> Blocks:
        self.asked.append(str(cid))
        self.origins.append(origins)
        if self.errors:
            raise self.errors.pop(0)
        for dag in self.dags:
            for index, (each, block) in enumerate(dag.blocks):
                if each == cid:
                    yield from dag.blocks[index:] if self.with_dag else [(each, block)]
                    return
        raise NotFound(f"nobody has {cid}")


def storing(wallet: Any, mirror: Mirror, number: int = STORAGE, room: int = ROOM) -> Wallet:
    """A wallet with an active storage service, and room."""
    made: Wallet = wallet(rate=1_000)
    mirror.tier(0, storage=room)
    mirror.service(number, made.address, plan=3)
    return made


def add(wallet: Wallet, cid: str, **members: Any) -> dict[str, Any]:
    answer = wallet.post("/v1/pins", json={"cid": cid, **members})
    assert answer.status_code == 202, answer.text
    return dict(answer.json or {})


def see(wallet: Wallet, pin: dict[str, Any]) -> dict[str, Any]:
    answer = wallet.get(f"/v1/pins/{pin['requestid']}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def send_car(wallet: Wallet, path: str, car: bytes, **options: Any) -> TestResponse:
    return wallet.post(path, data=car, content_type=CAR, **options)


def reason(answer: TestResponse) -> str:
    """The specification's error; fails where there is none."""
    assert answer.content_type == "application/json", answer.text
    assert answer.json is not None
    assert set(answer.json) == {"error"}
    assert set(answer.json["error"]) == {"reason", "details"}
    assert answer.json["error"]["details"]
    return str(answer.json["error"]["reason"])


def details(answer: TestResponse) -> str:
    """What the specification's error tells."""
    assert answer.json is not None
    return str(answer.json["error"]["details"])


def work(app: Flask) -> int:
    return Runner(app).drain()
