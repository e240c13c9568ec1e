"""What the indexer counts, for Prometheus: one set of collectors a process.

Invariant: what a transaction writes counts once it is committed, and never where it was rolled
back. The gauges, which are true at a moment, are in `indexer.health`.
"""

from __future__ import annotations

import re
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from operator import attrgetter
from typing import Any, Protocol, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from indexer.errors import ProviderError

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_blocks = Counter("dspace_indexer_blocks", "Blocks taken", registry=REGISTRY)
_events = Counter("dspace_indexer_events", "Events taken", ["contract"], registry=REGISTRY)
_rows = Counter("dspace_indexer_rows_written", "Rows written", ["table"], registry=REGISTRY)
_batch_seconds = Histogram(
    "dspace_indexer_batch_seconds",
    "A write transaction",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
_reorgs = Counter("dspace_indexer_reorgs", "Reorgs undone", registry=REGISTRY)
_reorg_depth = Histogram(
    "dspace_indexer_reorg_depth_blocks",
    "Blocks that a reorg orphaned",
    buckets=(1, 2, 3, 5, 8, 16, 32, 64, 128, 1_024),
    registry=REGISTRY,
)
_failed_steps = Counter(
    "dspace_indexer_failed_steps",
    "Steps that were given up and tried again",
    ["kind"],
    registry=REGISTRY,
)
_provider_requests = Counter(
    "dspace_indexer_provider_requests", "Requests to a node", ["provider"], registry=REGISTRY
)
_provider_errors = Counter(
    "dspace_indexer_provider_errors",
    "Requests that a node failed",
    ["provider", "kind"],
    registry=REGISTRY,
)
_provider_seconds = Histogram(
    "dspace_indexer_provider_request_seconds",
    "A request to a node",
    ["method"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)

# A request of many calls counts as its first one.
_METHOD_CLASSES = {
    "eth_getBlockByNumber": "blocks",
    "eth_getBlockByHash": "blocks",
    "eth_getLogs": "logs",
    "eth_getBlockReceipts": "receipts",
    "eth_getTransactionReceipt": "receipts",
}


class HasContract(Protocol):
    """An event, as far as it is counted."""

    @property
    def contract(self) -> str:
        """Its contract's name."""


class HasName(Protocol):
    """A node's endpoint, as far as it is counted."""

    name: str  # without a key


@dataclass(slots=True)
class _Pending:
    blocks: int = 0
    events: Tally[str] = field(default_factory=Tally)  # by contract
    rows: Tally[str] = field(default_factory=Tally)  # by table


_pending = _Pending()

T = TypeVar("T")
Ask = TypeVar("Ask", bound=Callable[..., Any])


@contextmanager
def batch() -> Iterator[None]:
    """A write transaction: timed, and what was noted in it counts if it ends well."""
    global _pending
    _pending = _Pending()
    started = time.perf_counter()
    yield
    _batch_seconds.observe(time.perf_counter() - started)
    _blocks.inc(_pending.blocks)
    for contract, count in _pending.events.items():
        _events.labels(contract).inc(count)
    for table, count in _pending.rows.items():
        _rows.labels(table).inc(count)


def note_blocks(blocks: int, events: Iterable[HasContract]) -> None:
    """Blocks and their events, in a batch."""
    _pending.blocks += blocks
    _pending.events.update(map(attrgetter("contract"), events))


def note_rows(table: str, rows: int) -> None:
    """Rows of a table, in a batch."""
    _pending.rows[table] += rows


def events_written() -> int:
    """All events that this process has taken."""
    return int(sum(s.value for s in _samples(_events) if s.name.endswith("_total")))


def count_reorg(depth: int) -> None:
    """A reorg that orphaned `depth` blocks."""
    _reorgs.inc()
    _reorg_depth.observe(depth)


def count_failed_step(error: Exception) -> None:
    """A step that an error ended."""
    _failed_steps.labels(kind_of(error)).inc()


def count_provider_error(provider: str, kind: str) -> None:
    """A node's failure; `provider` is its endpoint's name."""
    _provider_errors.labels(provider, kind).inc()


def observed(ask: Ask) -> Ask:
    """Decorates a method of an endpoint that makes one request: counts, times, names failures.

    The method's first argument is a JSON-RPC method, or calls that begin with one.
    """

    @wraps(ask)
    def asked(endpoint: HasName, about: Any, *more: Any) -> Any:
        method = about if isinstance(about, str) else about[0][0] if about else ""
        started = time.perf_counter()
        _provider_requests.labels(endpoint.name).inc()
        try:
            return ask(endpoint, about, *more)
        except ProviderError as error:
            count_provider_error(endpoint.name, kind_of(error))
            raise
        finally:
            kind = _METHOD_CLASSES.get(method, "other")
            _provider_seconds.labels(kind).observe(time.perf_counter() - started)

    return asked  # type: ignore[return-value]


def kind_of(error: Exception) -> str:
    """A label for an error: its class, or its cause's where a node couldn't be reached."""
    if type(error) is not ProviderError:
        named = type(error).__name__
    elif error.__cause__ is None:
        return "http_status"
    else:
        named = type(error.__cause__).__name__
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", named).lower()


def _samples(collector: Counter) -> Iterator[Any]:
    for metric in collector.collect():
        yield from metric.samples
