"""Reads the mirror in one snapshot, asks the chain at that block, and compares.

Invariant: the rows, the cursor and every view are of one block. Where the chain's block at that
number is another one, before or after, there is no report (BlockUnavailable). Memory is bounded:
rows come in chunks, questions go out in batches, and differences are kept up to a limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, TypeVar

from eth_abi.exceptions import EncodingError
from sqlalchemy import Connection, Select, select

from indexer import schema
from indexer.abi import load_abi
from indexer.chain.bloom import LogCheck
from indexer.chain.calls import CallsAt, ContractCall
from indexer.chain.fetch import Fetcher
from indexer.chain.node import Node
from indexer.chain.pool import Pool
from indexer.chain.rpc import RpcEndpoint
from indexer.database import open_engine
from indexer.decode import Decoder
from indexer.errors import BlockUnavailable, ProviderError, SchemaMismatch, WrongChain
from indexer.manifest import DeployedContract, Deployment, DeploymentError
from indexer.projections import MIRRORED_CONTRACTS
from indexer.reads.cursor import AsOf, read_as_of
from indexer.settings import IndexerSettings
from indexer.verify.check import At, Check, Row
from indexer.verify.checks import CHECKS, UNCHECKED
from indexer.verify.events import OwnEvents
from indexer.verify.recorded import recorded
from indexer.verify.report import Difference, Report
from indexer.verify.views import Question

CHUNK_ROWS = 500
PAUSES = (0.5, 2.0, 5.0)  # seconds, before a node that failed is asked again

_OF_THE_EVENT = ("block_number", "log_index")

T = TypeVar("T")


def verify(
    settings: IndexerSettings, deployment: Deployment, checks: Sequence[Check] = CHECKS
) -> Report:
    """Holds every row of the checks' tables against the chain; an indexer may run meanwhile.

    Raises Fatal (BlockUnavailable, WrongChain, SchemaMismatch), DeploymentError and ProviderError
    where it can't be told.
    """
    engine = open_engine(settings.database_url, writes=False)
    pool = Pool(
        [RpcEndpoint(url, settings.rpc_timeout_seconds) for url in settings.urls],
        deployment.chain_id,
        deployment.genesis_hash,
    )
    try:
        # One transaction, one snapshot: from the first read to the last.
        with engine.connect() as conn, conn.begin():
            return _Verifier(conn, pool, deployment, settings.max_range_blocks).report(checks)
    finally:
        pool.close()
        engine.dispose()


class _Verifier:
    """One verification; a `check.Snapshot`."""

    def __init__(
        self, conn: Connection, pool: Pool, deployment: Deployment, max_range: int
    ) -> None:
        self._conn = conn
        contracts = _contracts(deployment)
        self._addresses = {name: contract.address for name, contract in contracts.items()}
        as_of = self._as_of(deployment)
        if any(contract.block > as_of.block_number for contract in contracts.values()):
            raise BlockUnavailable("the mirror hasn't come to the contracts' own blocks yet")
        node = Node(pool, list(self._addresses.values()))
        decoder = Decoder(
            {name: (address, load_abi(name)) for name, address in self._addresses.items()}
        )
        fetcher = Fetcher(node, LogCheck(decoder.topics_of), max_range)
        self._calls = CallsAt(pool, as_of.block_number, as_of.block_hash)
        self._events = OwnEvents(node, fetcher, decoder, as_of.block_number)
        self._report = Report(as_of.block_number, as_of.block_hash)
        _patiently(self._calls.check)
        (grace,) = self.ask([Question("Credits", "GRACE")])
        self._at = At(as_of.block_timestamp, grace)

    def report(self, checks: Sequence[Check]) -> Report:
        """The whole comparison."""
        for check in checks:
            self._check(check)
        self._report.unchecked |= {str(table.name): why for table, why in UNCHECKED.items()}
        _patiently(self._calls.check)  # what was asked for by number was of this branch
        return self._report

    def stream(self, query: Select[Any]) -> Iterator[Row]:
        """Rows in constant memory; one stream at a time."""
        streamed = self._conn.execute(query, execution_options={"yield_per": CHUNK_ROWS})
        with closing(streamed) as found:
            for row in found:
                yield row._asdict()

    def ask(self, questions: Sequence[Question]) -> list[Any]:
        """The answers; None for each that reverted."""
        calls = [ContractCall(self._addresses[q.contract], q.data) for q in questions]
        answers = _patiently(lambda: self._calls.read(calls))
        return [
            None if answer is None else question.value(answer)
            for question, answer in zip(questions, answers, strict=True)
        ]

    def _as_of(self, deployment: Deployment) -> AsOf:
        as_of = read_as_of(self._conn)
        if as_of is None:
            raise BlockUnavailable("the mirror is empty: no block was indexed yet")
        version = self._conn.execute(select(schema.cursor.c.schema_version)).scalar_one()
        if version != schema.SCHEMA_VERSION:
            raise SchemaMismatch(
                f"the tables are of version {version}, this program's of {schema.SCHEMA_VERSION}"
            )
        if (as_of.chain_id, as_of.genesis_hash) != (deployment.chain_id, deployment.genesis_hash):
            raise WrongChain("the tables mirror another chain than the deployment's")
        return as_of

    def _check(self, check: Check) -> None:
        name = str(check.table.name)
        rows = self.stream(check.rows if check.rows is not None else select(check.table))
        self._report.checked[name] = by_event = 0
        while chunk := list(islice(rows, CHUNK_ROWS)):
            self._report.checked[name] += len(chunk)
            by_event += self._compare(check, chunk)
        if by_event and check.caveat:
            self._report.unchecked[name] = (
                f"{by_event} of {self._report.checked[name]} rows were held against their own "
                f"events, not views: {check.caveat}"
            )
        for key in self.stream(recorded(check.table)):
            self._differs(check, key, None, None, "a row, by an event that is stored")
        if check.absent is not None:
            keys = check.absent.keys(self)
            while chunk := list(islice(keys, CHUNK_ROWS)):
                self._look_for(check, chunk, check.absent.default)
        for difference in check.more(self) if check.more is not None else ():
            self._report.add(difference)

    def _compare(self, check: Check, rows: Sequence[Row]) -> int:
        """Compares rows that there are; how many of them needed their own events."""
        columns = [c.name for c in check.table.columns if c.name not in _OF_THE_EVENT]
        keys = {column.name for column in check.table.primary_key}
        told = self._told(check, rows)
        open_ = [
            at
            for at, one in enumerate(told)
            if one is not None and any(c not in one and c not in keys for c in columns)
        ]
        events = _patiently(lambda: self._events.rows(check.table, [rows[at] for at in open_]))
        own = dict(zip(open_, events, strict=True))
        for at, (row, one) in enumerate(zip(rows, told, strict=True)):
            if one is None:
                self._differs(check, row, None, {name: row[name] for name in columns}, None)
                continue
            by_event = own.get(at)
            if at in own and by_event is None:
                place = f"block {row['block_number']}, log {row['log_index']}"
                self._differs(check, row, "event", place, None)
            right = {**(by_event or {}), **one}
            for column in columns:
                if column in right and right[column] != row[column]:
                    self._differs(check, row, column, row[column], right[column])
        return len(open_)

    def _look_for(self, check: Check, keys: Sequence[Row], default: Row | None) -> None:
        """Compares what a reader takes for a row that isn't there."""
        for key, told in zip(
            keys, self._told(check, [{**key, **(default or {})} for key in keys]), strict=True
        ):
            if default is None or (
                told is not None and any(told.get(c, v) != v for c, v in default.items())
            ):
                self._differs(check, key, None, None, dict(told or {}) or "a row")

    def _told(self, check: Check, rows: Sequence[Row]) -> list[Row | None]:
        """What the views tell of each row."""
        tellings = [check.tell(row, self._at) for row in rows]
        asked = [_questions(telling) for telling in tellings]
        answers = iter(self.ask([question for one in asked for question in one or ()]))
        told: list[Row | None] = []
        for telling, questions in zip(tellings, asked, strict=True):
            if questions is None:
                told.append(None)
                continue
            try:
                telling.send(list(islice(answers, len(questions))))
            except StopIteration as done:
                told.append(done.value)
        return told

    def _differs(self, check: Check, row: Row, column: str | None, mirror: Any, chain: Any) -> None:
        key = ":".join(str(row[column.name]) for column in check.table.primary_key)
        self._report.add(Difference(str(check.table.name), key, column, mirror, chain))


def _contracts(deployment: Deployment) -> Mapping[str, DeployedContract]:
    missing = [name for name in MIRRORED_CONTRACTS if name not in deployment.contracts]
    if missing:
        raise DeploymentError(f"the deployment manifest has no {missing[0]}")
    return {name: deployment.contracts[name] for name in MIRRORED_CONTRACTS}


def _questions(telling: Any) -> Sequence[Question] | None:
    """None for a key that the contract can't have: it is none of its types, or of no contract."""
    try:
        questions: Sequence[Question] = next(telling)
        for question in questions:
            if question.contract not in MIRRORED_CONTRACTS:
                return None
            _ = question.data
    except (EncodingError, ValueError):
        return None
    return questions


def _patiently(question: Callable[[], T]) -> T:
    """A node gets over most failures in seconds; one that doesn't ends the verification."""
    for seconds in PAUSES:
        try:
            return question()
        except ProviderError:
            time.sleep(seconds)
    return question()
