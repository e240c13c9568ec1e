"""The rows that the events of Domains make."""

from __future__ import annotations

from typing import Any

from eth_utils import keccak

from indexer.abi import load_abi
from indexer.chain.types import Block, RawLog
from indexer.decode import Decoder
from indexer.name_rules import ZERO_ADDRESS
from indexer.projections import MIRRORED_CONTRACTS
from indexer.rows import fold
from tests.indexer.emitting import person
from tests.indexer.emitting_names import (
    TOP_NODE,
    YEARLY,
    addr,
    approved,
    attested,
    changed,
    claimed,
    contenthash,
    domains_deployed,
    linked,
    name_word,
    node,
    prices_set,
    raw,
    registered,
    revoked,
    sent,
    text,
)
from tests.indexer.fakechain import ADDRESSES, STRANGER, FakeLog, emit

ALICE, BOB = person(1), person(2)
DUE = 1_800_000_000


def decoded(*logs: FakeLog) -> list[Any]:
    decoder = Decoder({name: (ADDRESSES[name], load_abi(name)) for name in MIRRORED_CONTRACTS})
    block = Block(7, "0x" + "ab" * 32, "0x" + "aa" * 32, 1_750_000_000)
    transaction = "0x" + "cd" * 32
    return [
        event
        for index, e in enumerate(logs)
        for event in decoder.decode(
            block, RawLog(e.address, e.topics, e.data, 7, block.hash, transaction, index)
        )
    ]


def rows_of(*logs: FakeLog) -> dict[str, list[dict[str, Any]]]:
    """Table -> rows that a block of these logs leaves, without where they come from."""
    found = {}
    for projection, rows in fold(decoded(*logs)):
        assert {frozenset(row) for row in rows} == {frozenset(projection.table.columns.keys())}
        drop = ("block_number", "log_index")
        found[projection.table.name.removeprefix("mirror_")] = [
            {name: value for name, value in row.items() if name not in drop} for row in rows
        ]
    return found


def test_a_registration_makes_a_name_a_label_and_a_token_and_uses_its_commitment() -> None:
    commitment = keccak(text="alice")
    made = emit("Domains", "Committed", commitment=commitment, committed_at=5)
    assert rows_of(made, *registered("alice", ALICE, DUE)) == {
        "names": [
            {
                "node": node("alice"),
                "owner": ALICE,
                "expires_at": DUE,
                "service": 0,
                "version": 0,
                "format": 0,
            }
        ],
        "name_labels": [{"node": node("alice"), "label": "alice"}],
        "name_tokens": [{"node": node("alice"), "holder": ALICE}],
        "commitments": [{"commitment": "0x" + commitment.hex(), "committed_at": 0}],
    }


def test_a_name_is_its_last_word_whichever_event_told_it() -> None:
    service, late = 4_095 * 10**7 + 1, DUE + 9
    renewed = name_word(ALICE, late, service)
    found = rows_of(
        *registered("alice", ALICE, DUE),
        linked("alice", ALICE, DUE, service),
        emit("Domains", "NameRenewed", node=raw(node("alice")), word=renewed),
    )["names"]
    assert [(row["owner"], row["expires_at"], row["service"]) for row in found] == [
        (ALICE, late, service)
    ]
    found = rows_of(
        linked("alice", ALICE, DUE, service), *sent("alice", ALICE, BOB, DUE, version=1)
    )
    (name,) = found["names"]
    assert (name["owner"], name["service"], name["version"]) == (BOB, 0, 1)
    assert found["name_tokens"] == [{"node": node("alice"), "holder": BOB}]


def test_taking_a_name_off_whoever_had_it_ends_with_its_new_holder() -> None:
    found = rows_of(*registered("alice", BOB, DUE, before=ALICE, version=1))
    assert found["name_tokens"] == [{"node": node("alice"), "holder": BOB}]


def test_a_content_hash_is_kept_whole_and_changes_the_name() -> None:
    hash_ = bytes(range(128))
    found = rows_of(contenthash("alice", name_word(ALICE, DUE, 3, 2, 4), hash_, ALICE))
    assert found["content_hashes"] == [
        {"node": node("alice"), "hash": "0x" + hash_.hex(), "version": 2}
    ]
    assert [(row["service"], row["format"]) for row in found["names"]] == [(3, 4)]
    cleared = rows_of(contenthash("alice", name_word(ALICE, DUE), b"", ALICE))
    assert [row["hash"] for row in cleared["content_hashes"]] == ["0x"]


def test_records_have_their_versions() -> None:
    found = rows_of(
        addr("alice", ALICE, BOB, version=3),
        text("alice", ALICE, "url", "before"),
        text("alice", ALICE, "url", "https://a.example", version=3),
        text("alice", ALICE, "avatar", "", version=1),
    )
    assert found["name_addrs"] == [{"node": node("alice"), "account": BOB, "version": 3}]
    assert [(row["key"], row["value"], row["version"]) for row in found["name_texts"]] == [
        ("url", "https://a.example", 3),
        ("avatar", "", 1),
    ]


def test_texts_whose_keys_read_alike_are_told_apart_by_their_bytes() -> None:
    found = rows_of(text("alice", ALICE, b"\xff", "one"), text("alice", ALICE, b"\xfe", "two"))
    rows = found["name_texts"]
    assert [(row["key"], row["value"]) for row in rows] == [("\ufffd", "one"), ("\ufffd", "two")]
    assert rows[0]["key_hash"] != rows[1]["key_hash"]


def test_no_key_of_an_event_is_longer_than_its_column() -> None:
    logs = (
        text("a" * 63, ALICE, "k" * 64, "v" * 512),
        approved("alice", ALICE, BOB),
        emit("Domains", "ApprovalForAll", owner=ALICE, operator=BOB, approved=True),
        claimed("a" * 63 + ".example", ALICE),
    )
    assert max(len(event.key) for event in decoded(*logs)) <= 128


def test_approvals_and_operators_have_their_rows() -> None:
    found = rows_of(
        approved("alice", ALICE, BOB),
        emit("Domains", "ApprovalForAll", owner=ALICE, operator=BOB, approved=True),
        emit("Domains", "ApprovalForAll", owner=BOB, operator=ALICE, approved=False),
    )
    assert found["name_approvals"] == [{"node": node("alice"), "owner": ALICE, "approved": BOB}]
    assert found["name_operators"] == [
        {"owner": ALICE, "operator": BOB, "approved": True},
        {"owner": BOB, "operator": ALICE, "approved": False},
    ]


def test_terms_prices_switch_and_base_have_their_rows() -> None:
    found = rows_of(
        *domains_deployed(),
        prices_set(YEARLY, [1_000, 2_000, 3_000], 99),
        emit("Domains", "RegisteringSet", open=False),
        emit("Domains", "BaseUriSet", base_uri="https://example.org/"),
        emit("Domains", "RolesChanged", account=ALICE, roles=4),
    )
    assert found == {
        "name_terms": [
            {
                "contract": "Domains",
                "top_node": TOP_NODE,
                "top_label": "dspace",
                "credits": "0x9999999999999999999999999999999999999999",
                "hosting": "0x9999999999999999999999999999999999999999",
            }
        ],
        "name_prices": [
            {
                "contract": "Domains",
                "before_3": YEARLY[0],
                "before_4": YEARLY[1],
                "before_5": YEARLY[2],
                "after_3": 1_000,
                "after_4": 2_000,
                "after_5": 3_000,
                "changes_at": 99,
            }
        ],
        "registering": [{"contract": "Domains", "open": False}],
        "base_uris": [{"contract": "Domains", "base_uri": "https://example.org/"}],
        "roles": [{"contract": "Domains", "address": ALICE, "roles": 4}],
    }
    assert int(STRANGER, 16) == int(found["name_terms"][0]["hosting"], 16)


def test_a_dns_name_is_its_last_attestation_and_a_claim_is_its_claimants() -> None:
    name = "shop.example.org"
    hash_ = "0x" + keccak(text=name).hex()
    told = (claimed(name, ALICE), claimed(name, BOB), attested(name, ALICE, 5))
    found = rows_of(*told, attested(name, BOB, DUE))
    assert found["dns_names"] == [{"name_hash": hash_, "name": name, "owner": BOB, "until": DUE}]
    assert [row["claimant"] for row in found["dns_claims"]] == [ALICE, BOB]
    (gone,) = rows_of(*told, revoked(name, ALICE))["dns_names"]
    assert (gone["owner"], gone["until"]) == (ZERO_ADDRESS, 0)


def test_an_event_belongs_to_the_history_of_the_names_owner() -> None:
    word = name_word(BOB, DUE, version=1)
    logs = (
        *registered("alice", ALICE, DUE),
        *sent("alice", ALICE, BOB, DUE, 1),
        changed("NameLinked", "alice", BOB, word, service=3),
        claimed("a.example", BOB),
    )
    found = [(event.name, event.account) for event in decoded(*logs)]
    assert found == [
        ("Committed", None),
        ("Transfer", ZERO_ADDRESS),
        ("NameRegistered", ALICE),
        ("Transfer", ALICE),
        ("NameTransferred", BOB),
        ("NameLinked", BOB),
        ("DnsClaimed", BOB),
    ]
