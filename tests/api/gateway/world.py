"""A database and a store as the indexer and the API would have left them, written by the test."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, delete, func, insert, select, text, update

from api.db import Base
from api.holds.links import BlockLink
from api.holds.models import Hold
from api.sites.models import Deployment, Site
from api.storage.embedded import EmbeddedBlockStore
from api.storage.unixfs import DirectoryBuilder, import_file, parse_cid
from api.storage.unixfs.walk import links_of, walk_blocks
from indexer import schema
from indexer.rules import ServiceState
from tests.support.chain import free_port

GRACE = 1_209_600
HOLDER = 1  # the service that holds what no test names another for
OWNER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
RUN = (
    "from api.gateway.server import run_gateway;"
    "from api.gateway.settings import GatewaySettings;"
    "run_gateway(GatewaySettings())"
)


def wait_for(look: Callable[[], Any], seconds: float = 10.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)
    return seen


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def header(self, name: str) -> str | None:
        return self.headers.get(name)


@dataclass
class World:
    """Everything on one machine but the processes that aren't tested here."""

    data_dir: Path
    database_url: str = ""  # empty: SQLite in the data folder
    base_domain: str = "localhost"
    workers: int = 1
    poll_milliseconds: int = 50  # a quarter of the default, so that tests wait less
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    number: int = 100  # the cursor's block
    branch: int = 0  # counts forks: part of the blocks' hashes

    def __post_init__(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if not self.database_url:
            self.database_url = f"sqlite:///{self.data_dir / 'dspace.sqlite3'}"
        self.engine = create_engine(self.database_url)
        self.store = EmbeddedBlockStore(self.data_dir / "blocks")
        self._next_id = 1
        self._holds = 0

    # The database

    def create_tables(self) -> None:
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as conn:
                conn.exec_driver_sql("PRAGMA journal_mode=WAL")
        schema.mirror.create_all(self.engine)
        Base.metadata.create_all(self.engine)
        with self.engine.begin() as conn:
            conn.execute(
                insert(schema.terms).values(
                    contract="Credits", asset=OWNER, scale=1_000, grace=GRACE,
                    block_number=1, log_index=0,
                )
            )  # fmt: skip
            self._put_block(conn, int(time.time()))

    def block(self, *, timestamp: int | None = None) -> int:
        """Mines an empty block; its number."""
        with self.engine.begin() as conn:
            self.number += 1
            self._put_block(conn, int(time.time()) if timestamp is None else timestamp)
        return self.number

    def fork(self, length: int) -> None:
        """Drops the last blocks, and mines as many and one others, without a row in them."""
        with self.engine.begin() as conn:
            self.branch += 1
            self.number -= length
            conn.execute(delete(schema.blocks).where(schema.blocks.c.number > self.number))
            for _ in range(length + 1):
                self.number += 1
                self._put_block(conn, int(time.time()))

    def _put_block(self, conn: Connection, timestamp: int) -> None:
        block_hash = f"0x{self.branch:032x}{self.number:032x}"
        conn.execute(
            insert(schema.blocks).values(
                number=self.number, hash=block_hash, parent_hash="0x0", timestamp=timestamp
            )
        )
        conn.execute(delete(schema.cursor))
        conn.execute(
            insert(schema.cursor).values(
                id=1, schema_version=1, chain_id=31337, genesis_hash="0x00",
                block_number=self.number, block_hash=block_hash, block_timestamp=timestamp,
                finalized_number=-1, safe_number=-1, halted="",
                head_number=self.number, indexed_at=timestamp * 1_000,
            )
        )  # fmt: skip

    def execute(self, statement: str, **values: Any) -> None:
        """SQL, for what no honest writer does."""
        with self.engine.begin() as conn:
            conn.execute(text(statement), values)

    def put_account(self, owner: str, paid: int, rate: int, updated_at: int) -> None:
        """An account as an event of a new block leaves it."""
        number = self.block()
        with self.engine.begin() as conn:
            conn.execute(delete(schema.accounts).where(schema.accounts.c.address == owner))
            conn.execute(
                insert(schema.accounts).values(
                    address=owner,
                    paid=paid,
                    granted=0,
                    rate=rate,
                    updated_at=updated_at,
                    spent_today=0,
                    lowered=False,
                    per_day=10**6,
                    block_number=number,
                    log_index=0,
                )
            )
            conn.execute(
                insert(schema.events).values(
                    block_number=number, log_index=0, part=0, block_hash="0x00",
                    block_timestamp=int(time.time()), transaction_hash="0x00",
                    contract="Credits", name="Bought", key=owner, account=owner, arguments={},
                )
            )  # fmt: skip
        self.block()

    def put_service(
        self,
        service_id: int,
        state: ServiceState = ServiceState.ACTIVE,
        *,
        owner: str = OWNER,
        rate: int = 0,
        expires_at: int = 0,
        reason: str | None = None,
    ) -> None:
        """A service as an event of a new block leaves it."""
        number = self.block()
        key = str(service_id)
        with self.engine.begin() as conn:
            conn.execute(delete(schema.services).where(schema.services.c.id == service_id))
            conn.execute(
                insert(schema.services).values(
                    id=service_id, owner=owner, plan=2, state=int(state), rate=rate,
                    discount=0, epoch=0,
                    expires_at=expires_at, block_number=number, log_index=1,
                )
            )  # fmt: skip
            for log_index, name in enumerate(("ServiceStarted", "ServiceChanged")):
                conn.execute(
                    insert(schema.events).values(
                        block_number=number, log_index=log_index, part=0, block_hash="0x00",
                        block_timestamp=int(time.time()), transaction_hash="0x00",
                        contract="Hosting", name=name, key=key, account=owner,
                        arguments={"reference": "0x00"} | ({"reason": reason} if reason else {}),
                    )
                )  # fmt: skip
        self.block()

    def put_directory(self, files: Mapping[str, bytes], *, held: bool = True) -> str:
        """Files in the store; a name that ends in a slash is a directory."""
        builder = DirectoryBuilder()
        for name, data in files.items():
            path = name.rstrip("/").split("/")
            if name.endswith("/"):
                builder.add_directory(path)
            else:
                builder.add_file(path, import_file(BytesIO(data), self.store))
        root = str(builder.build(self.store).cid)
        self.store.flush()
        if held:
            self.hold(root)
        return root

    def hold(self, root: str, service_id: int = HOLDER) -> None:
        """Somebody's hold on a root; by default of a service that is active."""
        if service_id == HOLDER and not self._holds:
            self.put_service(HOLDER)
        self._holds += 1
        links = {
            (str(cid), str(child))
            for cid, block in walk_blocks(self.store, [parse_cid(root)])
            for child in links_of(cid, block)
        }
        with self.engine.begin() as conn:
            known = {tuple(row) for row in conn.execute(select(BlockLink.parent, BlockLink.child))}
            rows = [{"parent": up, "child": down} for up, down in sorted(links - known)]
            if rows:
                conn.execute(insert(BlockLink), rows)
            conn.execute(
                insert(Hold).values(
                    kind="pin", subject=str(self._holds), service_id=service_id, cid=root,
                    size_bytes=0, created_at=datetime.now(UTC), released_at=None,
                )
            )  # fmt: skip

    def put_site(
        self, name: str, files: Mapping[str, bytes] | None = None, *, service_id: int | None = None
    ) -> str:
        """A site on a service of its own, with a live deployment if there are files; its id."""
        if service_id is None:
            self._next_id += 1
            service_id = self._next_id
            self.put_service(service_id)
        site_id = uuid.uuid4().hex
        with self.engine.begin() as conn:
            conn.execute(
                insert(Site).values(
                    id=site_id, name=name, service_id=service_id, live_deployment_id=None,
                    revision=self._next_revision(conn), created_at=datetime.now(UTC),
                    deleted_at=None,
                )
            )  # fmt: skip
        if files is not None:
            self.publish(site_id, self.put_directory(files))
        return site_id

    def publish(self, site_id: str, cid: str | None, *, live: bool = True) -> str:
        """A deployment, moved to at once; its id."""
        deployment_id = uuid.uuid4().hex
        now = datetime.now(UTC)
        with self.engine.begin() as conn:
            number = conn.execute(select(func.count()).select_from(Deployment)).scalar_one() + 1
            conn.execute(
                insert(Deployment).values(
                    id=deployment_id, site_id=site_id, number=number, state="live",
                    source="archive", cid=cid, created_at=now, updated_at=now,
                )
            )  # fmt: skip
        if live:
            self.change_site(site_id, live_deployment_id=deployment_id)
        return deployment_id

    def change_site(self, site_id: str, **values: Any) -> None:
        with self.engine.begin() as conn:
            revision = self._next_revision(conn)
            conn.execute(update(Site).where(Site.id == site_id).values(revision=revision, **values))

    def _next_revision(self, conn: Connection) -> int:
        return int(conn.execute(select(func.max(Site.revision))).scalar_one() or 0) + 1

    # The gateway

    def start(self) -> None:
        """Starts the gateway; it may not be ready yet."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DSPACE_")}
        environment |= {
            "DSPACE_DATA_DIR": str(self.data_dir),
            "DSPACE_DATABASE_URL": self.database_url,
            "DSPACE_BASE_DOMAIN": self.base_domain,
            "DSPACE_GATEWAY_PORT": str(self.port),
            "DSPACE_GATEWAY_WORKERS": str(self.workers),
            "DSPACE_GATEWAY_POLL_MILLISECONDS": str(self.poll_milliseconds),
        }
        with (self.data_dir / "gateway.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", RUN], env=environment, stdout=log, stderr=log
            )
        wait_for(self.listens)

    def start_ready(self) -> None:
        """Starts the gateway, and waits until it serves."""
        self.start()
        wait_for(lambda: self.get(self.base_domain, "/readyz").status == 200)

    def listens(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def log(self) -> str:
        return (self.data_dir / "gateway.log").read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(10)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()
        self.engine.dispose()

    def get(self, host: str, path: str = "/", method: str = "GET", **headers: str) -> Answer:
        """One request; underscores in header names stand for hyphens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", host)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def site(self, name: str, path: str = "/", method: str = "GET", **headers: str) -> Answer:
        return self.get(f"{name}.{self.base_domain}", path, method, **headers)

    def becomes(self, status: int, name: str, path: str = "/", seconds: float = 2.0) -> Answer:
        """The answer, once it has the status."""

        def look() -> Answer | None:
            answer = self.site(name, path)
            return answer if answer.status == status else None

        found: Answer = wait_for(look, seconds)
        return found
