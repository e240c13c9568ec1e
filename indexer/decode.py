"""Logs to events, by decoders that are built from the ABI once.

An event's arguments are JSON: integers as decimal strings, bytes as 0x hex, addresses as EIP-55;
so that a row can be made from an event that comes from the chain and from one that was kept.
A log of an unknown event is counted and left out; one that its ABI can't have made is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import structlog
from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import collapse_if_tuple, event_abi_to_log_topic
from eth_utils.address import to_checksum_address

from indexer.chain.types import Block, RawLog
from indexer.errors import BadAnswer
from indexer.projections import BATCHES, RULES, EventRule

WORD = 64  # hex digits
TOPIC = 2 + WORD
ADDRESS_PADDING = "0" * 24

log = structlog.get_logger()

Arguments = dict[str, Any]
WordReader = Callable[[str], Any]  # 64 hex digits -> a value of JSON


class Event(NamedTuple):
    """A decoded event, or an entry of one; its identity is (chain, block hash, log index, part).

    The fields are the columns of `mirror_events`, in their order.
    """

    block_number: int
    log_index: int
    part: int  # 0; of a batch, its entries from 1 on
    block_hash: str
    block_timestamp: int  # unix seconds
    transaction_hash: str
    contract: str
    name: str
    key: str
    account: str | None
    arguments: Arguments


class EventDecoder:
    """One event of one contract."""

    def __init__(self, contract: str, abi: Mapping[str, Any], rule: EventRule) -> None:
        self.contract = contract
        self.name: str = abi["name"]
        self.rule = rule
        self.batch = BATCHES.get(self.name)
        indexed = [entry for entry in abi["inputs"] if entry["indexed"]]
        plain = [entry for entry in abi["inputs"] if not entry["indexed"]]
        self._topics = len(indexed)
        self._plain = [(entry["name"], collapse_if_tuple(entry)) for entry in plain]
        self._order = [entry["name"] for entry in abi["inputs"]]
        self._is_words = all(type_ in _WORDS for _, type_ in self._plain)
        # Where each word stands in the topics after the first and the data, one after another.
        starts: dict[str, tuple[WordReader, int]] = {}
        for at, entry in enumerate(indexed):
            # A dynamic value that is indexed is its hash.
            starts[entry["name"]] = (_WORDS.get(entry["type"], _bytes32), at * TOPIC + 2)
        for at, (name, type_) in enumerate(self._plain if self._is_words else []):
            starts[name] = (_WORDS[type_], len(indexed) * TOPIC + 2 + at * WORD)
        self._slices = [
            (name, *starts[name], starts[name][1] + WORD) for name in self._order if name in starts
        ]

    def decode(self, topics: Sequence[str], data: str) -> Arguments:
        """The arguments in the ABI's order; raises ValueError for a log of another shape."""
        if len(topics) != 1 + self._topics:
            raise ValueError(f"{len(topics)} topics")
        words = "".join(topics[1:]) + data
        if self._is_words:
            if len(data) != 2 + WORD * len(self._plain):
                raise ValueError(f"{len(data)} digits of data")
            return {name: read(words[first:end]) for name, read, first, end in self._slices}
        values = {name: read(words[first:end]) for name, read, first, end in self._slices}
        values.update(self._decode_dynamic(data))
        return {name: values[name] for name in self._order}

    def split(self, arguments: Arguments) -> list[tuple[str, EventRule, Arguments]]:
        """The event, and after it the entries of a batch; raises ValueError for a forged one."""
        if self.batch is None:
            return [(self.name, self.rule, arguments)]
        own, entries = self.batch.split(arguments)
        rule = RULES[self.batch.entry]
        return [(self.name, self.rule, own), *((self.batch.entry, rule, one) for one in entries)]

    def _decode_dynamic(self, data: str) -> Arguments:
        # Strings as bytes: a contract may log bytes that are no UTF-8.
        types = [type_.replace("string", "bytes") for _, type_ in self._plain]
        try:
            values = abi_decode(types, bytes.fromhex(data[2:]))
        except DecodingError as error:
            raise ValueError(str(error)) from error
        return {
            name: text_of(value) if type_ == "string" else _plain(value)
            for (name, type_), value in zip(self._plain, values, strict=True)
        }


class Decoder:
    """All events of the mirrored contracts."""

    def __init__(self, contracts: Mapping[str, tuple[str, Sequence[Mapping[str, Any]]]]) -> None:
        """`contracts`: name -> (address, ABI). Every event must have a rule (KeyError)."""
        self._events: dict[str, dict[str, EventDecoder]] = {}
        self.unknown: Counter[tuple[str, str]] = Counter()  # (address, first topic)
        for name, (address, abi) in contracts.items():
            self._events[address.lower()] = {
                "0x" + event_abi_to_log_topic(entry).hex(): EventDecoder(  # type: ignore[arg-type]
                    name, entry, RULES[entry["name"]]
                )
                for entry in abi
                if entry["type"] == "event"
            }

    @property
    def topics_of(self) -> dict[str, frozenset[str]]:
        """Each contract's (lower case) known first topics."""
        return {address: frozenset(known) for address, known in self._events.items()}

    def decode(self, block: Block, entry: RawLog) -> list[Event]:
        """The event of a log of `block`, with its entries; none where the ABI knows none."""
        topic = entry.topics[0] if entry.topics else ""
        decoder = self._events[entry.address].get(topic)
        if decoder is None:
            self._count_unknown(entry.address, topic)
            return []
        try:
            parts = decoder.split(decoder.decode(entry.topics, entry.data))
        except ValueError as error:
            raise BadAnswer(
                f"no {decoder.contract}.{decoder.name} in block {block.number}: {error}"
            ) from error
        return [
            Event(
                block.number,
                entry.log_index,
                part,
                block.hash,
                block.timestamp,
                entry.transaction_hash,
                decoder.contract,
                name,
                rule.key(decoder.contract, of),
                of[rule.account] if rule.account else None,
                of,
            )
            for part, (name, rule, of) in enumerate(parts)
        ]

    def _count_unknown(self, address: str, topic: str) -> None:
        self.unknown[address, topic] += 1
        if self.unknown[address, topic] == 1:
            log.warning("event_unknown", address=address, topic=topic)


def _uint(word: str) -> str:
    return str(int(word, 16))


def _int(word: str) -> str:
    value = int(word, 16)
    return str(value - 2**256 if value >= 2**255 else value)


def _bool(word: str) -> bool:
    value = int(word, 16)
    if value > 1:
        raise ValueError("no bool")
    return value == 1


def _bytes32(word: str) -> str:
    return "0x" + word.lower()


@lru_cache(maxsize=65_536)
def _address(word: str) -> str:
    if not word.startswith(ADDRESS_PADDING):
        raise ValueError("no address")
    return to_checksum_address("0x" + word[len(ADDRESS_PADDING) :])


_WORDS: Mapping[str, WordReader] = {
    "uint256": _uint,
    "int256": _int,
    "bool": _bool,
    "bytes32": _bytes32,
    "address": _address,
}


def text_of(value: bytes) -> str:
    """A contract's string as it is kept: it may be no UTF-8, and PostgreSQL takes no NUL."""
    return value.decode(errors="replace").replace("\x00", "\ufffd")


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return to_checksum_address(value)
