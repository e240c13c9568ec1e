"""Decoding: the same as eth_abi on every event, and nothing else is taken for an event."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.grammar import parse
from eth_utils import event_abi_to_log_topic, to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.abi import load_abi
from indexer.chain.types import Block, RawLog
from indexer.decode import Decoder
from indexer.errors import BadAnswer
from indexer.projections import BATCHES, MIRRORED_CONTRACTS
from tests.indexer.emitting import ZERO_HASH, bought, person, service, settled
from tests.indexer.fakechain import ADDRESSES, FakeLog, emit

BLOCK = Block(7, "0x" + "ab" * 32, "0x" + "aa" * 32, 1_750_000_000)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "uint256": st.integers(0, 2**256 - 1),
    "int256": st.integers(-(2**255), 2**255 - 1),
    "bool": st.booleans(),
    "bytes32": st.binary(min_size=32, max_size=32),
    "address": st.binary(min_size=20, max_size=20).map(to_checksum_address),
    "uint256[]": st.lists(st.integers(0, 2**256 - 1), min_size=3, max_size=3),
    "bytes": st.binary(max_size=128),
    "uint256[3]": st.tuples(*[st.integers(0, 2**256 - 1)] * 3),
    "string": st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=40),
}
EVENTS = [
    (contract, entry)
    for contract in MIRRORED_CONTRACTS
    for entry in load_abi(contract)
    if entry["type"] == "event"
]


def decoder() -> Decoder:
    return Decoder({name: (ADDRESSES[name], load_abi(name)) for name in MIRRORED_CONTRACTS})


def raw(entry: FakeLog) -> RawLog:
    return RawLog(
        entry.address, entry.topics, entry.data, 7, BLOCK.hash, "0x" + "cd" * 32, log_index=3
    )


def as_json(value: Any) -> Any:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize(
    ("contract", "abi"), EVENTS, ids=lambda v: v["name"] if type(v) is dict else v
)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_every_event_comes_out_as_it_was_encoded(
    contract: str, abi: dict[str, Any], data: st.DataObject
) -> None:
    arguments = {e["name"]: data.draw(VALUES[e["type"]], e["name"]) for e in abi["inputs"]}
    event, *entries = decoder().decode(BLOCK, raw(emit(contract, abi["name"], **arguments)))
    assert (event.contract, event.name) == (contract, abi["name"])
    expected = {name: as_json(value) for name, value in arguments.items()}
    if event.name in BATCHES:
        expected, split = BATCHES[event.name].split(expected)
        assert [entry.arguments for entry in entries] == split
    assert event.arguments == expected
    assert (event.block_number, event.block_hash, event.log_index) == (7, BLOCK.hash, 3)


def test_only_types_that_this_suite_draws_are_in_the_abis() -> None:
    types = {entry["type"] for _, abi in EVENTS for entry in abi["inputs"]}
    assert types <= set(VALUES), [str(parse(type_)) for type_ in types - set(VALUES)]


def test_text_that_a_database_refuses_is_made_readable() -> None:
    entry = service("ServiceSuspended", 1, person(1), reason=b"a\x00b\xff")
    (event,) = decoder().decode(BLOCK, raw(entry))
    assert event.arguments["reason"] == "a\ufffdb\ufffd"


def test_an_event_that_the_abi_does_not_know_is_counted_and_left_out() -> None:
    ours = decoder()
    unknown = FakeLog(ADDRESSES["Credits"], ("0x" + "ee" * 32,), "0x")
    anonymous = FakeLog(ADDRESSES["Credits"], (), "0x")
    assert [ours.decode(BLOCK, raw(entry)) for entry in (unknown, unknown, anonymous)] == [[]] * 3
    assert sorted(ours.unknown.values()) == [1, 2]


def test_the_same_event_of_another_contract_is_that_contracts() -> None:
    found = [
        decoder().decode(BLOCK, raw(emit(contract, "RolesChanged", account=person(1), roles=31)))
        for contract in MIRRORED_CONTRACTS
    ]
    assert [event.key for (event,) in found] == [
        f"{contract}:{person(1)}" for contract in MIRRORED_CONTRACTS
    ]


GOOD = bought(person(1), 5)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(FakeLog(GOOD.address, GOOD.topics, GOOD.data[:-2]), id="data cut short"),
        pytest.param(FakeLog(GOOD.address, GOOD.topics, GOOD.data + "00"), id="data too long"),
        pytest.param(FakeLog(GOOD.address, GOOD.topics[:-1], GOOD.data), id="a topic is missing"),
        pytest.param(
            FakeLog(GOOD.address, (*GOOD.topics[:2], "0x" + "ff" * 32), GOOD.data),
            id="an address of 32 bytes",
        ),
        pytest.param(
            FakeLog(GOOD.address, GOOD.topics, GOOD.data[:-2] + "zz"), id="no hexadecimal digits"
        ),
        pytest.param(
            FakeLog(
                ADDRESSES["Hosting"],
                (
                    "0x"
                    + event_abi_to_log_topic(
                        next(abi for _, abi in EVENTS if abi["name"] == "ServiceSuspended")
                    ).hex(),
                    "0x" + "00" * 32,
                    "0x" + "00" * 32,
                ),
                "0x" + "ff" * 32 * 6,
            ),
            id="a string beyond the end",
        ),
    ],
)
def test_a_log_that_its_event_can_not_be_is_refused(broken: FakeLog) -> None:
    with pytest.raises(BadAnswer):
        decoder().decode(BLOCK, raw(broken))


def test_a_reference_is_kept_to_the_byte() -> None:
    entry = emit(
        "Hosting",
        "ServiceStarted",
        service=1,
        owner=person(1),
        word=1,
        reference=ZERO_HASH[:-1] + b"\x01",
    )
    (event,) = decoder().decode(BLOCK, raw(entry))
    assert event.arguments["reference"] == "0x" + "00" * 31 + "01"


def test_a_batch_is_kept_as_itself_and_as_an_entry_for_each_account_it_took_from() -> None:
    batch = settled(7, (person(1), 5, 3, 11), (person(2), 5, 0, 12), (person(3), 1, 1, 13))
    whole, *entries = decoder().decode(BLOCK, raw(batch))
    assert (whole.name, whole.key, whole.part, whole.account) == ("Settled", "7", 0, None)
    assert len(whole.arguments["charges"]) == 3
    assert [(e.name, e.key, e.part, e.account, e.log_index) for e in entries] == [
        ("Charged", person(1), 1, person(1), 3),
        ("Charged", person(3), 2, person(3), 3),
    ]
    assert entries[0].arguments == {
        "account": person(1),
        "sequence": "7",
        "asked": "5",
        "charged": "3",
        "word": "11",
    }


def test_a_batch_with_more_charges_than_words__is_refused() -> None:
    forged = emit("Credits", "Settled", sequence=1, root=ZERO_HASH, charges=[1, 2], words=[3])
    with pytest.raises(BadAnswer, match=r"no Credits\.Settled in block 7"):
        decoder().decode(BLOCK, raw(forged))
