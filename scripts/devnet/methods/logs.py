"""Logs, and filters to poll."""

from __future__ import annotations

from typing import Any

from scripts.devnet.filters import BLOCKS, TRANSACTIONS
from scripts.devnet.logs import find_logs, read_query
from scripts.devnet.node import Method, Node
from scripts.devnet.params import read_quantity
from scripts.devnet.render import Json, quantity


def get_logs(node: Node, asked: Any) -> list[Json]:
    """The canonical logs that match."""
    return find_logs(node.chain, asked)


def new_filter(node: Node, asked: Any) -> str:
    """Watches for logs from the next block on."""
    return quantity(node.filters.add(read_query(asked), asked))


def new_block_filter(node: Node) -> str:
    """Watches for blocks."""
    return quantity(node.filters.add(BLOCKS))


def new_transaction_filter(node: Node) -> str:
    """Watches for transactions; they are mined by the time that they are told."""
    return quantity(node.filters.add(TRANSACTIONS))


def filter_changes(node: Node, id_: Any) -> list[Any]:
    """What is new since the last time."""
    return node.filters.changes(read_quantity(id_, "filter"))


def filter_logs(node: Node, id_: Any) -> list[Json]:
    """All logs that a filter's object asks for."""
    return find_logs(node.chain, node.filters.asked(read_quantity(id_, "filter")))


def uninstall_filter(node: Node, id_: Any) -> bool:
    """Whether there was such a filter."""
    return node.filters.remove(read_quantity(id_, "filter"))


METHODS: dict[str, Method] = {
    "eth_getLogs": get_logs,
    "eth_newFilter": new_filter,
    "eth_newBlockFilter": new_block_filter,
    "eth_newPendingTransactionFilter": new_transaction_filter,
    "eth_getFilterChanges": filter_changes,
    "eth_getFilterLogs": filter_logs,
    "eth_uninstallFilter": uninstall_filter,
}
