"""Names as ERC-721 tokens: who may send them, what that clears, and what expired ones are."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.contracts.domains.registry import YEAR, Registry, token_of
from tests.contracts.world import HERE, ZERO, event, load

LABEL = "alice-blog"
TOKEN = token_of(LABEL)
RECEIVED = bytes.fromhex("150b7a02")
MOST_SENT = 2**24 - 2**16
CLEAR = b"\x90\xb2\xca\x05" + b"\x07" * 32


def send(registry: Registry, sender: str, to: str | None = None) -> None:
    registry.domains.transferFrom(registry.alice, to or registry.bob, TOKEN, sender=sender)


def receiver(answer: bytes = RECEIVED, refuses: bool = False) -> Any:
    return load(HERE / "domains" / "harness" / "Receiver.vy", answer, refuses)


# ---------------------------------------------------------------- sending


def test_an_owner_sends_a_name_away(registry: Registry, node: bytes) -> None:
    expires_at = registry.expires_at(node)
    send(registry, registry.alice)
    assert registry.domains.ownerOf(TOKEN) == registry.bob
    assert registry.domains.name_of(node) == (registry.bob, expires_at, 0, 1, 0)
    assert registry.domains.balanceOf(registry.alice) == 0
    assert registry.domains.balanceOf(registry.bob) == 1


def test_the_events_hold_the_resulting_word(registry: Registry, node: bytes) -> None:
    send(registry, registry.alice)
    moved, result = event(registry.domains, "Transfer"), event(registry.domains, "NameTransferred")
    assert (moved.sender, moved.receiver, moved.token_id) == (registry.alice, registry.bob, TOKEN)
    assert (bytes(result.node), result.owner) == (node, registry.bob)
    expires_at = registry.expires_at(node)
    assert result.word == int(registry.bob, 16) | expires_at << 160 | 1 << 228


def test_a_name_sent_to_and_fro_can_always_be_registered_again(
    registry: Registry, node: bytes
) -> None:
    """The last versions are for registrations: nobody makes a name nobody's for ever."""
    registry.domains.eval(f"names.words[0x{node.hex()}] |= {MOST_SENT - 1} << 228")
    send(registry, registry.alice)
    with boa.reverts("Domains: sent too often"):
        registry.domains.transferFrom(registry.bob, registry.alice, TOKEN, sender=registry.bob)
    registry.domains.set_addr(node, registry.bob, sender=registry.bob)
    registry.go_to(registry.free(node) + YEAR)
    registry.register(LABEL, registry.carol)
    assert registry.domains.ownerOf(TOKEN) == registry.carol
    assert registry.domains.name_of(node)[3] == MOST_SENT + 1


@pytest.mark.parametrize("to", ["alice", "bob"])
def test_a_change_of_hands_clears_all_that_the_name_pointed_to(
    registry: Registry, node: bytes, to: str
) -> None:
    domains, alice = registry.domains, registry.alice
    domains.set_contenthash(node, CLEAR, sender=alice)
    domains.set_addr(node, alice, sender=alice)
    domains.set_text(node, "url", "https://alice.example", sender=alice)
    domains.link(node, registry.world.start(alice), sender=alice)
    domains.approve(registry.carol, TOKEN, sender=alice)
    send(registry, alice, getattr(registry, to))
    assert domains.contenthash(node) == b""
    assert domains.addr(node) == ZERO
    assert domains.text(node, "url") == ""
    assert domains.link_of(node) == 0
    assert domains.getApproved(TOKEN) == ZERO
    assert domains.name_of(node)[2:] == (0, 1, 0)


def test_the_approved_sends_it_once(registry: Registry, node: bytes) -> None:
    registry.domains.approve(registry.carol, TOKEN, sender=registry.alice)
    approved = event(registry.domains, "Approval")
    assert (approved.owner, approved.approved, approved.token_id) == (
        registry.alice,
        registry.carol,
        TOKEN,
    )
    assert registry.domains.getApproved(TOKEN) == registry.carol
    send(registry, registry.carol)
    with boa.reverts("Domains: not your name"):
        registry.domains.transferFrom(registry.bob, registry.carol, TOKEN, sender=registry.carol)


def test_an_approval_can_be_taken_back(registry: Registry, node: bytes) -> None:
    registry.domains.approve(registry.carol, TOKEN, sender=registry.alice)
    registry.domains.approve(ZERO, TOKEN, sender=registry.alice)
    with boa.reverts("Domains: not your name"):
        send(registry, registry.carol)


def test_an_operator_sends_and_approves_in_the_owners_place(
    registry: Registry, node: bytes
) -> None:
    registry.domains.setApprovalForAll(registry.carol, True, sender=registry.alice)
    told = event(registry.domains, "ApprovalForAll")
    assert (told.owner, told.operator, told.approved) == (registry.alice, registry.carol, True)
    assert registry.domains.isApprovedForAll(registry.alice, registry.carol)
    registry.domains.approve(registry.bob, TOKEN, sender=registry.carol)
    send(registry, registry.carol)
    assert registry.domains.ownerOf(TOKEN) == registry.bob


def test_an_operator_that_was_dismissed_does_nothing(registry: Registry, node: bytes) -> None:
    registry.domains.setApprovalForAll(registry.carol, True, sender=registry.alice)
    registry.domains.setApprovalForAll(registry.carol, False, sender=registry.alice)
    with boa.reverts("Domains: not your name"):
        send(registry, registry.carol)
    with boa.reverts("Domains: not your name"):
        registry.domains.approve(registry.carol, TOKEN, sender=registry.carol)


@pytest.mark.parametrize("who", ["bob", "carol", "verifier", "pauser", "admin"])
def test_nobody_else_moves_a_name_whatever_their_role(
    registry: Registry, node: bytes, who: str
) -> None:
    stranger = registry.world.admin if who == "admin" else getattr(registry, who)
    with boa.reverts("Domains: not your name"):
        send(registry, stranger)
    with boa.reverts("Domains: not your name"):
        registry.domains.approve(stranger, TOKEN, sender=stranger)


def test_the_owner_must_be_named_rightly(registry: Registry, node: bytes) -> None:
    with boa.reverts("Domains: not the owner"):
        registry.domains.transferFrom(registry.bob, registry.carol, TOKEN, sender=registry.alice)


def test_a_name_is_sent_to_somebody(registry: Registry, node: bytes) -> None:
    for nobody in (ZERO, registry.domains.address):
        with boa.reverts("Domains: no such receiver"):
            send(registry, registry.alice, nobody)


# ---------------------------------------------------------------- sending to contracts


@pytest.mark.parametrize("data", [b"", b"hello", b"\x01" * 1_024])
def test_a_contract_that_takes_tokens_is_told(registry: Registry, node: bytes, data: bytes) -> None:
    contract = receiver()
    arguments = [registry.alice, contract, TOKEN] + ([data] if data else [])
    registry.domains.safeTransferFrom(*arguments, sender=registry.alice)
    assert registry.domains.ownerOf(TOKEN) == contract.address
    assert (contract.operator(), contract.sender()) == (registry.alice, registry.alice)
    assert (contract.token_id(), contract.data()) == (TOKEN, data)


@pytest.mark.parametrize(("answer", "refuses"), [(RECEIVED, True), (b"\0" * 4, False)])
def test_a_contract_that_refuses_gets_nothing(
    registry: Registry, node: bytes, answer: bytes, refuses: bool
) -> None:
    with boa.reverts("Domains: receiver refuses"):
        registry.domains.safeTransferFrom(
            registry.alice, receiver(answer, refuses), TOKEN, sender=registry.alice
        )
    assert registry.domains.ownerOf(TOKEN) == registry.alice


def test_a_contract_that_knows_nothing_of_tokens_gets_nothing_safely(
    registry: Registry, node: bytes
) -> None:
    deaf = registry.world.usd
    with boa.reverts("Domains: receiver refuses"):
        registry.domains.safeTransferFrom(registry.alice, deaf, TOKEN, sender=registry.alice)
    send(registry, registry.alice, deaf.address)
    assert registry.domains.ownerOf(TOKEN) == deaf.address


def test_a_safe_transfer_is_allowed_to_the_same_people(registry: Registry, node: bytes) -> None:
    with boa.reverts("Domains: not your name"):
        registry.domains.safeTransferFrom(registry.alice, registry.bob, TOKEN, sender=registry.bob)
    registry.domains.safeTransferFrom(registry.alice, registry.bob, TOKEN, sender=registry.alice)
    assert registry.domains.ownerOf(TOKEN) == registry.bob


# ---------------------------------------------------------------- expiry


@pytest.mark.parametrize(
    ("moment", "reason"),
    [("expire", "Domains: name has expired"), ("free", "Domains: no such name")],
)
def test_an_expired_name_has_no_owner_and_moves_nowhere(
    registry: Registry, node: bytes, moment: str, reason: str
) -> None:
    registry.domains.approve(registry.carol, TOKEN, sender=registry.alice)
    getattr(registry, moment)(node)
    for view in ("ownerOf", "getApproved", "tokenURI"):
        with boa.reverts(reason):
            getattr(registry.domains, view)(TOKEN)
    for sender in (registry.alice, registry.carol):
        with boa.reverts(reason):
            send(registry, sender)
    with boa.reverts(reason):
        registry.domains.approve(registry.bob, TOKEN, sender=registry.alice)


def test_a_name_moves_until_its_last_second(registry: Registry, node: bytes) -> None:
    registry.go_to(registry.expires_at(node) - 1)
    send(registry, registry.alice)
    assert registry.domains.ownerOf(TOKEN) == registry.bob


def test_an_approval_ends_with_the_registration(registry: Registry, node: bytes) -> None:
    registry.domains.approve(registry.carol, TOKEN, sender=registry.alice)
    registry.go_to(registry.free(node) + YEAR)
    registry.register(LABEL)
    assert registry.domains.getApproved(TOKEN) == ZERO
    with boa.reverts("Domains: not your name"):
        send(registry, registry.carol)


def test_an_expired_name_counts_until_someone_else_has_it(registry: Registry, node: bytes) -> None:
    registry.go_to(registry.free(node) + YEAR)
    assert registry.domains.balanceOf(registry.alice) == 1
    registry.register(LABEL, registry.bob)
    assert registry.domains.balanceOf(registry.alice) == 0


# ---------------------------------------------------------------- metadata and interfaces


def test_what_the_collection_is_called(registry: Registry) -> None:
    assert (registry.domains.name(), registry.domains.symbol()) == ("DecentraSpace names", "DSPACE")


def test_where_a_tokens_metadata_are(registry: Registry, node: bytes) -> None:
    assert registry.domains.tokenURI(TOKEN) == ""
    for base in ("https://names.example/", "x" * 128):
        registry.domains.set_base_uri(base)
        assert event(registry.domains, "BaseUriSet").base_uri == base
        assert registry.domains.tokenURI(TOKEN) == f"{base}{TOKEN}"


@pytest.mark.parametrize(
    "interface",
    ["01ffc9a7", "80ac58cd", "5b5e139f", "3b3b57de", "bc1c58d1", "59d1d43c"],
    ids=["ERC-165", "ERC-721", "metadata", "addr", "contenthash", "text"],
)
def test_it_says_which_interfaces_it_has(registry: Registry, interface: str) -> None:
    assert registry.domains.supportsInterface(bytes.fromhex(interface))


@pytest.mark.parametrize("interface", ["ffffffff", "780e9d63", "00000000"])
def test_it_says_which_it_has_not(registry: Registry, interface: str) -> None:
    assert not registry.domains.supportsInterface(bytes.fromhex(interface))


def test_nobody_has_no_balance(registry: Registry) -> None:
    with boa.reverts("Domains: nobody owns nothing"):
        registry.domains.balanceOf(ZERO)


def test_names_take_no_ether(registry: Registry, node: bytes) -> None:
    boa.env.set_balance(registry.alice, 1)
    with boa.reverts():
        registry.domains.transferFrom(
            registry.alice, registry.bob, TOKEN, sender=registry.alice, value=1
        )
