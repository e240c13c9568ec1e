"""A scriptable chain that speaks real JSON-RPC over HTTP, and can be told to misbehave.

It mines what it is given, reorgs, forgets its tail, lags, and answers wrong in the ways that
nodes and their load balancers were seen to. Hashes are keccak over the content, so a branch with
the same content as another one still has hashes of its own by its salt.
"""

from __future__ import annotations

import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from eth_abi import encode
from eth_bloom import BloomFilter
from eth_utils import event_abi_to_log_topic, keccak, to_checksum_address

from indexer.abi import load_abi
from indexer.manifest import DeployedContract, Deployment

CHAIN_ID = 31337
START_TIME = 1_750_000_000
BLOCK_SECONDS = 12
ADDRESSES = {
    "Credits": "0x" + "c1" * 20,
    "Hosting": "0x" + "a0" * 20,
    "Domains": "0x" + "d0" * 20,
}
STRANGER = "0x" + "99" * 20


@dataclass(frozen=True)
class FakeLog:
    """What a contract emitted; the block that it is mined in gives it its place."""

    address: str
    topics: tuple[str, ...]
    data: str


@dataclass(frozen=True)
class FakeBlock:
    """A block with its logs, each log in a transaction of its own."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int
    logs: tuple[FakeLog, ...]

    def transaction_hash(self, index: int) -> str:
        return "0x" + keccak(text=f"tx {self.hash} {index}").hex()

    @cache  # noqa: B019 (blocks live as long as a test)
    def header(self) -> dict[str, Any]:
        bloom = BloomFilter()
        for entry in self.logs:
            bloom.add(bytes.fromhex(entry.address[2:]))
            for topic in entry.topics:
                bloom.add(bytes.fromhex(topic[2:]))
        return {
            "number": hex(self.number),
            "hash": self.hash,
            "parentHash": self.parent_hash,
            "timestamp": hex(self.timestamp),
            "logsBloom": f"0x{int(bloom):0512x}",
            "transactions": [self.transaction_hash(i) for i in range(len(self.logs))],
        }

    def log(self, index: int) -> dict[str, Any]:
        entry = self.logs[index]
        return {
            "address": entry.address,
            "topics": list(entry.topics),
            "data": entry.data,
            "blockNumber": hex(self.number),
            "blockHash": self.hash,
            "transactionHash": self.transaction_hash(index),
            "transactionIndex": hex(index),
            "logIndex": hex(index),
            "removed": False,
        }

    def receipt(self, index: int) -> dict[str, Any]:
        return {
            "transactionHash": self.transaction_hash(index),
            "blockHash": self.hash,
            "blockNumber": hex(self.number),
            "logs": [self.log(index)],
        }


def emit(contract: str, event: str, **arguments: Any) -> FakeLog:
    """A log as the contract would emit it, encoded by eth_abi."""
    abi = next(e for e in load_abi(contract) if e["type"] == "event" and e["name"] == event)
    topics = ["0x" + event_abi_to_log_topic(abi).hex()]
    types, values = [], []
    for entry in abi["inputs"]:
        value = arguments.pop(entry["name"])
        if entry["indexed"]:
            topics.append("0x" + encode([entry["type"]], [value]).hex())
        else:
            types.append(
                "bytes" if isinstance(value, bytes) and entry["type"] == "string" else entry["type"]
            )
            values.append(value)
    assert not arguments, f"{event} has no {sorted(arguments)}"
    return FakeLog(ADDRESSES[contract], tuple(topics), "0x" + encode(types, values).hex())


Answer = Callable[[Any], Any]  # of a call's result: what is answered in its place


class HttpFault(Exception):
    """Answered in place of the whole post."""

    def __init__(
        self,
        status: int = 200,
        body: bytes = b"",
        *,
        reset: bool = False,
        retry_after: str | None = None,
    ) -> None:
        self.status = status
        self.body = body
        self.reset = reset
        self.retry_after = retry_after


@dataclass
class Fault:
    """A wrong answer to a method, some times."""

    method: str
    answer: Answer
    times: int
    used: int = 0


@dataclass
class FakeChain:
    """The chain and its node's manners."""

    salt: str = "genesis"
    blocks: list[FakeBlock] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)  # methods, as they were asked
    chain_id: int = CHAIN_ID
    lag: int = 0  # how many blocks the node is behind
    max_results: int | None = None  # of eth_getLogs
    has_block_receipts: bool = True
    finality: int | None = None  # depth of the tag; None: no such tag
    safety: int | None = None  # the same of `safe`
    syncing: bool = False

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self._salts = itertools.count()
        if not self.blocks:
            self.blocks = [self._block(None, (), self.salt)]

    # -- scripting

    @property
    def head(self) -> FakeBlock:
        return self.blocks[-1]

    def mine(self, *logs: FakeLog, blocks: int = 1) -> FakeBlock:
        """Blocks; the last one holds the logs."""
        with self.lock:
            for remaining in reversed(range(blocks)):
                self.blocks.append(
                    self._block(self.head, () if remaining else logs, f"{next(self._salts)}")
                )
            return self.head

    def cut(self, depth: int) -> list[FakeBlock]:
        """Forgets the newest blocks."""
        with self.lock:
            gone = self.blocks[len(self.blocks) - depth :]
            del self.blocks[len(self.blocks) - depth :]
            return gone

    def reorg(self, depth: int, *branch: Sequence[FakeLog]) -> None:
        """Replaces the newest blocks by a branch, a block for each sequence of logs."""
        with self.lock:
            self.cut(depth)
            for logs in branch:
                self.mine(*logs)

    def fault(self, method: str, answer: Answer, times: int = 1) -> Fault:
        """Answers a method wrong; the newest fault of a method goes first."""
        fault = Fault(method, answer, times)
        self.faults.insert(0, fault)
        return fault

    def deployment(self) -> Deployment:
        """The manifest: the contracts stand since block 1."""
        return Deployment(
            chain_id=CHAIN_ID,
            genesis_hash=self.blocks[0].hash,
            contracts={
                name: DeployedContract(address=to_checksum_address(address), block=1)
                for name, address in ADDRESSES.items()
            },
        )

    def _block(self, parent: FakeBlock | None, logs: Sequence[FakeLog], salt: str) -> FakeBlock:
        number = parent.number + 1 if parent else 0
        parent_hash = parent.hash if parent else "0x" + "0" * 64
        return FakeBlock(
            number=number,
            hash="0x" + keccak(text=f"{parent_hash} {number} {salt} {logs}").hex(),
            parent_hash=parent_hash,
            timestamp=START_TIME + BLOCK_SECONDS * number,
            logs=tuple(logs),
        )

    # -- the node

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        """One JSON-RPC call."""
        with self.lock:
            method = call["method"]
            self.calls.append(method)
            try:
                result = getattr(self, method)(*call["params"])
            except RpcError as error:
                return {"jsonrpc": "2.0", "id": call["id"], "error": error.args[0]}
            for fault in self.faults:
                if fault.method == method and fault.used < fault.times:
                    fault.used += 1
                    try:
                        result = fault.answer(result)
                    except RpcError as error:
                        return {"jsonrpc": "2.0", "id": call["id"], "error": error.args[0]}
                    break
            return {"jsonrpc": "2.0", "id": call["id"], "result": result}

    @property
    def _visible(self) -> list[FakeBlock]:
        return self.blocks[: max(1, len(self.blocks) - self.lag)]

    def eth_chainId(self) -> str:  # noqa: N802 (JSON-RPC's spelling, as below)
        return hex(self.chain_id)

    def eth_syncing(self) -> Any:
        return {"currentBlock": hex(self._visible[-1].number)} if self.syncing else False

    def eth_getCode(self, address: str, _block: str) -> str:  # noqa: N802
        return "0x6000" if address.lower() in ADDRESSES.values() else "0x"

    def eth_getBlockByNumber(self, which: str, _full: bool) -> Any:  # noqa: N802
        visible = self._visible
        if which == "latest":
            return visible[-1].header()
        if which in ("finalized", "safe"):
            depth = self.finality if which == "finalized" else self.safety
            if depth is None:
                raise RpcError(-32602, "unknown block tag")
            return visible[max(0, len(visible) - 1 - depth)].header()
        number = int(which, 16)
        return visible[number].header() if number < len(visible) else None

    def eth_getLogs(self, question: dict[str, Any]) -> Any:  # noqa: N802
        wanted = {address.lower() for address in question["address"]}
        if "blockHash" in question:  # an unknown hash is answered by nothing, as by geth
            blocks = [b for b in self._visible if b.hash == question["blockHash"]]
        else:
            first, last = int(question["fromBlock"], 16), int(question["toBlock"], 16)
            blocks = self._visible[first : last + 1]
        found = [
            block.log(index)
            for block in blocks
            for index, entry in enumerate(block.logs)
            if entry.address in wanted
        ]
        if self.max_results is not None and len(found) > self.max_results:
            raise RpcError(-32005, f"query returned more than {self.max_results} results")
        return found

    def eth_getBlockReceipts(self, block_hash: str) -> Any:  # noqa: N802
        if not self.has_block_receipts:
            raise RpcError(-32601, "the method does not exist")
        for block in self._visible:
            if block.hash == block_hash:
                return [block.receipt(index) for index in range(len(block.logs))]
        return None

    def eth_getTransactionReceipt(self, transaction_hash: str) -> Any:  # noqa: N802
        for block in self._visible:
            for index in range(len(block.logs)):
                if block.transaction_hash(index) == transaction_hash:
                    return block.receipt(index)
        return None


class RpcError(Exception):
    """A JSON-RPC error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__({"code": code, "message": message})


@contextmanager
def served(chain: FakeChain) -> Iterator[str]:
    """The chain's URL, while it is served."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, retry_after = 200, None
            try:
                answers = [chain.answer(c) for c in (asked if isinstance(asked, list) else [asked])]
                body = json.dumps(answers if isinstance(asked, list) else answers[0]).encode()
            except HttpFault as fault:
                if fault.reset:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                status, body, retry_after = fault.status, fault.body, fault.retry_after
            self.send_response(status)
            if retry_after is not None:
                self.send_header("Retry-After", retry_after)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Silent."""

        def setup(self) -> None:
            super().setup()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, _request: Any, _address: Any) -> None:
            """A client that was killed."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
