"""Short ways to say what Domains emits, and a random stream of it."""

from __future__ import annotations

from random import Random
from typing import Any

from eth_utils import keccak

from indexer.name_rules import ZERO_ADDRESS, node_of
from tests.indexer.emitting import person
from tests.indexer.fakechain import STRANGER, FakeLog, emit

TOP_NODE = node_of("0x" + "00" * 32, "dspace")
YEARLY = [640 * 10**9, 160 * 10**9, 5 * 10**9]  # nano credit


def node(label: str) -> str:
    """The node of a label, 0x hex."""
    return node_of(TOP_NODE, label)


def raw(hexadecimal: str) -> bytes:
    """As an event's argument."""
    return bytes.fromhex(hexadecimal[2:])


def token(label: str) -> int:
    """The token of a label."""
    return int(node(label), 16)


def name_word(
    owner: str, expires_at: int, service: int = 0, version: int = 0, format_: int = 0
) -> int:
    """A name's packed word."""
    return int(owner, 16) | expires_at << 160 | service << 192 | version << 228 | format_ << 252


def registered(
    label: str, owner: str, expires_at: int, before: str | None = None, version: int = 0
) -> tuple[FakeLog, ...]:
    """The events of a registration; `before` is whom the name is taken off."""
    burned = [transferred_token(label, before, ZERO_ADDRESS)] if before else []
    return (
        emit("Domains", "Committed", commitment=keccak(text=label), committed_at=0),
        *burned,
        transferred_token(label, ZERO_ADDRESS, owner),
        emit(
            "Domains",
            "NameRegistered",
            node=raw(node(label)),
            owner=owner,
            payer=owner,
            label=label,
            price=5,
            word=name_word(owner, expires_at, version=version),
        ),
    )


def transferred_token(label: str, sender: str, receiver: str) -> FakeLog:
    """ERC-721's event."""
    return emit("Domains", "Transfer", sender=sender, receiver=receiver, token_id=token(label))


def sent(label: str, sender: str, receiver: str, expires_at: int, version: int) -> Any:
    """The events of a transfer."""
    word = name_word(receiver, expires_at, version=version)
    return (
        transferred_token(label, sender, receiver),
        changed("NameTransferred", label, receiver, word),
    )


def changed(event: str, label: str, owner: str, word: int, **more: Any) -> FakeLog:
    """An event with a name's word."""
    return emit("Domains", event, node=raw(node(label)), owner=owner, word=word, **more)


def linked(label: str, owner: str, expires_at: int, service: int, version: int = 0) -> FakeLog:
    """A link, or with 0 its end."""
    word = name_word(owner, expires_at, service, version)
    return changed("NameLinked", label, owner, word, service=service)


def text(label: str, owner: str, key: str | bytes, value: str, version: int = 0) -> FakeLog:
    """A text; a key of bytes may be no UTF-8."""
    key_bytes = key if isinstance(key, bytes) else key.encode()
    return emit(
        "Domains",
        "TextSet",
        node=raw(node(label)),
        owner=owner,
        key_hash=keccak(key_bytes),
        key=key,
        value=value,
        version=version,
    )


def addr(label: str, owner: str, account: str, version: int = 0) -> FakeLog:
    """The account that a name stands for."""
    fields = {"owner": owner, "account": account, "version": version}
    return emit("Domains", "AddrSet", node=raw(node(label)), **fields)


def contenthash(label: str, word: int, hash_: bytes, owner: str) -> FakeLog:
    """A content hash."""
    return changed("ContenthashSet", label, owner, word, hash=hash_)


def approved(label: str, owner: str, who: str) -> FakeLog:
    """Who may send a name away once."""
    return emit("Domains", "Approval", owner=owner, approved=who, token_id=token(label))


def attested(name: str, owner: str, until: int) -> FakeLog:
    """Whose a DNS name is."""
    fields = {"owner": owner, "name": name, "until": until}
    return emit("Domains", "DnsAttested", name_hash=keccak(text=name), **fields)


def revoked(name: str, owner: str) -> FakeLog:
    """That an attestation has ended."""
    return emit("Domains", "DnsRevoked", name_hash=keccak(text=name), owner=owner, name=name)


def claimed(name: str, claimant: str) -> FakeLog:
    """That a wallet wants a DNS name."""
    return emit("Domains", "DnsClaimed", name_hash=keccak(text=name), claimant=claimant, name=name)


def prices_set(before: list[int], prices: list[int], changes_at: int) -> FakeLog:
    """A change of prices."""
    return emit("Domains", "PricesSet", before=before, prices=prices, changes_at=changes_at)


def domains_deployed() -> tuple[FakeLog, ...]:
    """What the constructor says, but for its admin."""
    return (
        prices_set(YEARLY, YEARLY, 1),
        emit(
            "Domains",
            "DomainsDeployed",
            top_node=raw(TOP_NODE),
            top_label="dspace",
            credits=STRANGER,
            hosting=STRANGER,
        ),
    )


def random_name_log(random: Random) -> FakeLog:
    """Of few subjects, so that their rows are often written over; not a story that makes sense."""
    who, other = person(random.randrange(4)), person(random.randrange(4))
    label, dns = random.choice(("abc", "abcd", "alice")), random.choice(("a.org", "b.example"))
    some, version = random.randrange(2**32), random.randrange(3)
    word = name_word(who, some, random.randrange(3), version, some % 5)
    return random.choice(
        (
            lambda: random.choice(registered(label, who, some, other, version)),
            lambda: random.choice(sent(label, other, who, some, version)),
            lambda: linked(label, who, some, some % 3, version),
            lambda: emit("Domains", "NameRenewed", node=raw(node(label)), word=word),
            lambda: contenthash(label, word, random.randbytes(some % 129), who),
            lambda: addr(label, who, other, version),
            lambda: text(label, who, random.choice(("url", b"\xff", b"\xfe")), "x", version),
            lambda: approved(label, who, other),
            lambda: emit(
                "Domains", "ApprovalForAll", owner=who, operator=other, approved=some % 2 == 0
            ),
            lambda: emit("Domains", "Committed", commitment=keccak(text=label), committed_at=some),
            lambda: emit("Domains", "BaseUriSet", base_uri=f"https://example.org/{some}/"),
            lambda: prices_set(YEARLY, [some + 1] * 3, some),
            lambda: emit("Domains", "RegisteringSet", open=some % 2 == 0),
            lambda: claimed(dns, who),
            lambda: attested(dns, who, some),
            lambda: revoked(dns, who),
            lambda: emit("Domains", "RolesChanged", account=who, roles=some % 32),
        )
    )()
