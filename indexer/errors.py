"""What can go wrong between the chain and the tables.

IndexerError
├── Fatal            an operator must act; the data are kept as they are
│   ├── WrongChain       another chain id or genesis than the manifest or the tables
│   ├── NotDeployed      no code where the manifest says that a contract stands
│   ├── DeepReorg        the chain differs from the tables below the last final block
│   ├── NotVerifiable    the chain can't be verified as the settings want
│   ├── SchemaMismatch   tables of another version of this program
│   ├── NotLeader        another indexer writes to this database
│   ├── CannotListen     the address for the metrics is taken
│   └── BlockUnavailable no node has the block that contracts are to be read at, with its state
└── ProviderError    retryable: a node failed, lagged or lied; nothing of it is committed
    ├── ProviderTimeout  no whole answer in time
    ├── ConnectionLost   the connection broke, perhaps in the middle of an answer
    ├── RateLimited      asked too often; it may say how long to wait
    ├── BadAnswer        an answer that can't be true, or has the wrong shape
    │   ├── CutAnswer        no JSON: as if it had been cut
    │   └── UnknownEncoding  it may be true on a chain with fields or types of its own
    └── NodeRefused      the node answered with an error
        ├── RangeTooLarge    it wants a smaller range of blocks; it may say which
        └── MethodMissing    it doesn't know the method
"""

from __future__ import annotations


class IndexerError(Exception):
    """The root; messages are one line for the operator's log."""


class Fatal(IndexerError):
    """Retrying doesn't help."""


class WrongChain(Fatal):
    """The node follows another chain."""


class NotDeployed(Fatal):
    """A contract isn't where the manifest says."""


class DeepReorg(Fatal):
    """Final blocks were replaced."""


class NotVerifiable(Fatal):
    """Every node gives headers or receipts that Ethereum's encoding doesn't fit."""


class SchemaMismatch(Fatal):
    """The tables need a rebuild."""


class NotLeader(Fatal):
    """Another indexer holds the database."""


class CannotListen(Fatal):
    """Another process listens there, or the address isn't this machine's."""


class BlockUnavailable(Fatal):
    """No node answers for a block: it was pruned, isn't there yet, or is of another branch."""


class ProviderError(IndexerError):
    """A node's fault; asked again later, or elsewhere."""


class ProviderTimeout(ProviderError):
    """No whole answer in time."""


class ConnectionLost(ProviderError):
    """The connection broke before the answer was whole."""


class RateLimited(ProviderError):
    """The node was asked too often."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds  # None: it didn't say


class BadAnswer(ProviderError):
    """The node answered nonsense."""

    blamed = False  # whether the node was told of already, where it was known which


class CutAnswer(BadAnswer):
    """What came isn't JSON, as if it had been cut."""


class UnknownEncoding(BadAnswer):
    """A hash can't be recomputed, and a field or type that Ethereum doesn't have may be why."""


class NodeRefused(ProviderError):
    """The node answered with an error."""


class RangeTooLarge(NodeRefused):
    """The node refuses this many blocks or logs at once.

    `suggested` is the range (first, last) that it says would do. It isn't to be trusted: some
    suggest the very range that they refused. `max_blocks` is how many blocks, both ends
    included, it takes at most, or the size of the suggested range. Both are None where it says
    nothing.
    """

    def __init__(
        self,
        message: str,
        *,
        max_blocks: int | None = None,
        suggested: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(message)
        self.max_blocks = max_blocks
        self.suggested = suggested


class MethodMissing(NodeRefused):
    """The node doesn't offer a method."""


# Whoever asked for the logs of many blocks may be luckier with fewer of them after these.
ASK_FOR_LESS = (RangeTooLarge, ProviderTimeout, ConnectionLost, CutAnswer)
