"""`set_contenthash`, `set_addr`, `set_text` and what is read back, by whom and until when."""

from __future__ import annotations

from collections.abc import Callable

import boa
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.domains.registry import YEAR, Registry, node_of
from tests.contracts.effort import effort
from tests.contracts.world import ZERO, event

LABEL = "alice-blog"
DIGEST = bytes(range(32))
IPFS = bytes.fromhex("e30101701220") + DIGEST
IPFS_RAW = bytes.fromhex("e30101551220") + DIGEST
IPNS = bytes.fromhex("e5010172002408011220") + DIGEST
ARWEAVE = bytes.fromhex("90b2ca05") + DIGEST
SWARM = bytes.fromhex("e40101fa011b20") + DIGEST
HASHES = {"IPFS": IPFS, "raw": IPFS_RAW, "IPNS": IPNS, "Arweave": ARWEAVE, "Swarm": SWARM}
PREFIXES = st.sampled_from(["", "e301017012", "e30101701220", "e30101551220", "90b2ca05"])
ANY_HASH = st.builds(
    lambda prefix, rest: (bytes.fromhex(prefix) + rest)[:128], PREFIXES, st.binary(max_size=128)
) | st.builds(
    lambda prefix, rest: bytes.fromhex(prefix) + rest,
    PREFIXES,
    st.binary(min_size=32, max_size=32),
)

Setter = Callable[[Registry, bytes, str], None]
SETTERS: dict[str, Setter] = {
    "contenthash": lambda it, node, who: it.domains.set_contenthash(node, IPFS, sender=who),
    "addr": lambda it, node, who: it.domains.set_addr(node, who, sender=who),
    "text": lambda it, node, who: it.domains.set_text(node, "url", "https://x", sender=who),
}


def formats(registry: Registry, node: bytes) -> int:
    return int(registry.domains.name_of(node)[4])


@pytest.mark.parametrize(("hash_", "kept_as"), zip(HASHES.values(), (1, 2, 4, 3, 4), strict=True))
def test_a_content_hash_comes_back_to_the_byte(
    registry: Registry, node: bytes, hash_: bytes, kept_as: int
) -> None:
    registry.domains.set_contenthash(node, hash_, sender=registry.alice)
    assert registry.domains.contenthash(node) == hash_
    assert formats(registry, node) == kept_as


@effort(examples=40)
@given(hashes=st.lists(ANY_HASH, min_size=1, max_size=4))
def test_any_content_hash_takes_the_place_of_any_other(
    deployed_registry: Registry, hashes: list[bytes]
) -> None:
    registry = deployed_registry
    with boa.env.anchor():
        node = registry.register(LABEL)
        for hash_ in hashes:
            registry.domains.set_contenthash(node, hash_, sender=registry.alice)
            told = event(registry.domains, "ContenthashSet")
            assert registry.domains.contenthash(node) == hash_
            assert (bytes(told.hash), told.word >> 252) == (hash_, formats(registry, node))


def test_an_empty_content_hash_clears_it(registry: Registry, node: bytes) -> None:
    registry.domains.set_contenthash(node, IPFS, sender=registry.alice)
    registry.domains.set_contenthash(node, b"", sender=registry.alice)
    assert registry.domains.contenthash(node) == b""
    assert formats(registry, node) == 0


def test_setting_a_content_hash__leaves_the_rest_of_the_word(
    registry: Registry, node: bytes
) -> None:
    service = registry.world.start(registry.alice)
    registry.domains.link(node, service, sender=registry.alice)
    before = registry.domains.name_of(node)
    registry.domains.set_contenthash(node, IPFS, sender=registry.alice)
    assert registry.domains.name_of(node) == (*before[:4], 1)
    told_word = int(registry.alice, 16) | before[1] << 160 | service << 192 | 1 << 252
    registry.domains.set_contenthash(node, IPFS, sender=registry.alice)
    assert event(registry.domains, "ContenthashSet").word == told_word


def test_an_account_that_a_name_stands_for(registry: Registry, node: bytes) -> None:
    assert registry.domains.addr(node) == ZERO
    registry.domains.set_addr(node, registry.bob, sender=registry.alice)
    told = event(registry.domains, "AddrSet")
    assert (bytes(told.node), told.owner, told.account, told.version) == (
        node,
        registry.alice,
        registry.bob,
        0,
    )
    assert registry.domains.addr(node) == registry.bob
    registry.domains.set_addr(node, ZERO, sender=registry.alice)
    assert registry.domains.addr(node) == ZERO


@pytest.mark.parametrize("said", ["https://alice.example", "grüße 👋", "x" * 512, ""])
def test_a_text_comes_back_to_the_letter(registry: Registry, node: bytes, said: str) -> None:
    registry.domains.set_text(node, "description", "before", sender=registry.alice)
    registry.domains.set_text(node, "description", said, sender=registry.alice)
    told = event(registry.domains, "TextSet")
    assert (told.owner, bytes(told.key_hash), told.key, told.value, told.version) == (
        registry.alice,
        keccak(text="description"),
        "description",
        said,
        0,
    )
    assert registry.domains.text(node, "description") == said
    assert registry.domains.text(node, "Description") == ""


def test_a_text_needs_a_key(registry: Registry, node: bytes) -> None:
    with boa.reverts("Domains: text without a key"):
        registry.domains.set_text(node, "", "said", sender=registry.alice)
    registry.domains.set_text(node, "k" * 64, "said", sender=registry.alice)
    assert registry.domains.text(node, "k" * 64) == "said"


# ---------------------------------------------------------------- who, and until when


@pytest.mark.parametrize("record", SETTERS)
def test_an_operator_sets_records_and_an_approved_does_not(
    registry: Registry, node: bytes, record: str
) -> None:
    token = int.from_bytes(node, "big")
    registry.domains.approve(registry.bob, token, sender=registry.alice)
    with boa.reverts("Domains: not your name"):
        SETTERS[record](registry, node, registry.bob)
    registry.domains.setApprovalForAll(registry.bob, True, sender=registry.alice)
    SETTERS[record](registry, node, registry.bob)


@pytest.mark.parametrize("record", SETTERS)
@pytest.mark.parametrize("who", ["bob", "verifier", "pauser", "admin"])
def test_nobody_else_sets_records_whatever_their_role(
    registry: Registry, node: bytes, record: str, who: str
) -> None:
    stranger = registry.world.admin if who == "admin" else getattr(registry, who)
    with boa.reverts("Domains: not your name"):
        SETTERS[record](registry, node, stranger)


@pytest.mark.parametrize("record", SETTERS)
def test_records_can_be_set_until_the_last_second(
    registry: Registry, node: bytes, record: str
) -> None:
    registry.go_to(registry.expires_at(node) - 1)
    SETTERS[record](registry, node, registry.alice)
    registry.expire(node)
    with boa.reverts("Domains: name has expired"):
        SETTERS[record](registry, node, registry.alice)
    registry.free(node)
    with boa.reverts("Domains: no such name"):
        SETTERS[record](registry, node, registry.alice)
    with boa.reverts("Domains: no such name"):
        SETTERS[record](registry, node_of("nobodys"), registry.alice)


def told(registry: Registry, node: bytes) -> tuple[bytes, str, str]:
    domains = registry.domains
    return domains.contenthash(node), str(domains.addr(node)), domains.text(node, "url")


@pytest.mark.parametrize("hash_", [IPFS, SWARM])
def test_an_expired_name_points_nowhere_and_renewed_as_before(
    registry: Registry, node: bytes, hash_: bytes
) -> None:
    for setter in SETTERS.values():
        setter(registry, node, registry.alice)
    registry.domains.set_contenthash(node, hash_, sender=registry.alice)
    before = told(registry, node)
    assert before == (hash_, registry.alice, "https://x")
    registry.expire(node)
    assert told(registry, node) == (b"", ZERO, "")
    registry.domains.renew(LABEL, YEAR, sender=registry.bob)
    assert told(registry, node) == before


@pytest.mark.parametrize("hash_", [IPFS, SWARM])
@pytest.mark.parametrize("who", ["alice", "bob"])
def test_a_name_that_is_registered_again_points_nowhere(
    registry: Registry, node: bytes, hash_: bytes, who: str
) -> None:
    for setter in SETTERS.values():
        setter(registry, node, registry.alice)
    registry.domains.set_contenthash(node, hash_, sender=registry.alice)
    registry.go_to(registry.free(node) + YEAR)
    registry.register(LABEL, getattr(registry, who))
    assert told(registry, node) == (b"", ZERO, "")
