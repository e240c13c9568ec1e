"""What can go wrong between the chain and the tables.

IndexerError
├── Fatal            an operator must act; the data are kept as they are
│   ├── WrongChain       another chain id or genesis than the manifest or the tables
│   ├── NotDeployed      no code where the manifest says that a contract stands
│   ├── DeepReorg        the chain differs from the tables below the last final block
│   ├── SchemaMismatch   tables of another version of this program
│   └── NotLeader        another indexer writes to this database
└── ProviderError    retryable: a node failed, lagged or lied; nothing of it is committed
    ├── BadAnswer        an answer that can't be true, or has the wrong shape
    └── NodeRefused      the node answered with an error
        ├── RangeTooLarge    it wants a smaller range of blocks
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


class SchemaMismatch(Fatal):
    """The tables need a rebuild."""


class NotLeader(Fatal):
    """Another indexer holds the database."""


class ProviderError(IndexerError):
    """A node's fault; asked again later, or elsewhere."""


class BadAnswer(ProviderError):
    """The node answered nonsense."""


class NodeRefused(ProviderError):
    """The node answered with an error."""


class RangeTooLarge(NodeRefused):
    """The node refuses this many blocks or logs at once."""


class MethodMissing(NodeRefused):
    """The node doesn't offer a method."""
