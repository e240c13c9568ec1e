"""What people do with names on the real contracts, and what a time makes of the rows of it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from eth_account.signers.local import LocalAccount
from web3.exceptions import ContractLogicError

from indexer import name_rules, reads
from indexer.name_rules import ZERO_ADDRESS, Name
from tests.indexer.mirror import Mirror

if TYPE_CHECKING:
    from tests.indexer.real_world import World

DAY, YEAR, MONTH = name_rules.DAY, name_rules.YEAR, name_rules.MIN_DURATION
LABELS = ("alice", "a-longer-name", "third")
DNS_NAMES = ("shop.example", "a.example.org")
TEXT_KEYS = ("url", "description")
SECRET = bytes(32)
YEARLY = [640 * 10**9, 160 * 10**9, 5 * 10**9]
HASHES = (b"", bytes.fromhex("e30101701220") + b"\1" * 32, b"\3" * 40)


def node(world: World, label: str) -> bytes:
    return bytes(world.ask("Domains", "node_of", label))


def own(world: World, random: Random) -> tuple[LocalAccount, str]:
    """A name, and mostly its owner."""
    label = random.choice(LABELS)
    owner = world.ask("Domains", "name_of", node(world, label))[0]
    holder = next((who for who in world.people if who.address == owner), world.people[0])
    return (holder if random.random() < 0.9 else random.choice(world.people)), label


def register(world: World, random: Random, who: LocalAccount) -> None:
    order = (random.choice(LABELS), who.address, random.choice((MONTH, MONTH, YEAR)), SECRET)
    world.send(who, "Credits", "buy", 10 * 10**6, who.address)
    commitment = world.ask("Domains", "commitment_of", *order)
    world.send(who, "Domains", "commit", commitment)
    world.control("evm_increaseTime", 61)
    world.send(who, "Domains", "register", *order)


def renew(world: World, random: Random, who: LocalAccount) -> None:
    world.send(who, "Domains", "renew", random.choice(LABELS), random.choice((MONTH, YEAR)))


def send_away(world: World, random: Random, _who: LocalAccount) -> None:
    owner, label = own(world, random)
    to = random.choice(world.people).address
    token = int.from_bytes(node(world, label), "big")
    world.send(owner, "Domains", "transferFrom", owner.address, to, token)


def allow(world: World, random: Random, who: LocalAccount) -> None:
    owner, label = own(world, random)
    token = int.from_bytes(node(world, label), "big")
    world.send(who, "Domains", "setApprovalForAll", owner.address, random.random() < 0.5)
    world.send(owner, "Domains", "approve", who.address, token)


def set_record(world: World, random: Random, who: LocalAccount) -> None:
    owner, label = own(world, random)
    function, *said = random.choice(
        (
            ("set_addr", who.address),
            ("set_contenthash", random.choice(HASHES)),
            ("set_text", random.choice(TEXT_KEYS), random.choice(("", "said", "grüße"))),
        )
    )
    world.send(owner, "Domains", function, node(world, label), *said)


def link(world: World, random: Random, _who: LocalAccount) -> None:
    owner, label = own(world, random)
    if random.random() < 0.3:
        world.send(owner, "Domains", "unlink", node(world, label))
        return
    world.send(owner, "Hosting", "start", 2, SECRET, 2**36)
    number = 2 * 10**7 + world.ask("Hosting", "started_of", 2)
    world.send(owner, "Domains", "link", node(world, label), number)


def attest(world: World, random: Random, who: LocalAccount) -> None:
    name, verifier = random.choice(DNS_NAMES), world.people[0]
    world.send(who, "Domains", "claim_dns", name)
    if random.random() < 0.3:
        world.send(verifier, "Domains", "revoke_dns", name)
    else:
        until = world.now() + random.choice((DAY, 100 * DAY))
        world.send(verifier, "Domains", "attest_dns", name, who.address, until)


def govern(world: World, random: Random, _who: LocalAccount) -> None:
    admin = world.people[0]
    if random.random() < 0.5:
        world.send(admin, "Domains", "set_registering", random.random() < 0.7)
    else:
        factor = random.choice((1, 2))
        world.send(admin, "Domains", "set_prices", [price * factor for price in YEARLY])


def wait_long(world: World, random: Random, _who: LocalAccount) -> None:
    world.control("evm_increaseTime", random.choice((MONTH, name_rules.GRACE)))
    world.control("evm_mine")


NAME_ACTS: tuple[Callable[[World, Random, LocalAccount], None], ...] = (
    *(register, register, register, renew, send_away, allow),
    *(set_record, set_record, link, link, attest, govern, wait_long),
)


def assert_names_are_what_the_contract_says(world: World, mirror: Mirror) -> None:
    now = world.now()
    prices = mirror.read(reads.read_name_prices)
    told = world.ask("Domains", "prices")
    assert [list(prices.at(now)), list(prices.after), prices.changes_at] == list(told)
    assert mirror.read(reads.read_registering) == world.ask("Domains", "registering")
    top_node = mirror.read(reads.read_name_terms).top_node
    for label in LABELS:
        row = mirror.read(lambda conn, of=label: reads.get_name(conn, of))
        name = row.name if row else Name()
        assert name_rules.node_of(top_node, label) == "0x" + node(world, label).hex()
        assert name == Name(*world.ask("Domains", "name_of", node(world, label)))
        assert name_rules.is_available(name, label, now) == world.ask("Domains", "available", label)
        assert name_rules.price_of(name, prices, label, YEAR, now) == world.ask(
            "Domains", "price_of", label, YEAR
        )
        if row is not None:
            assert_a_name_points_where_the_contract_says(world, mirror, row, now)
    for who in world.people:
        for other in world.people:
            pair = (who.address, other.address)
            assert mirror.read(lambda conn, of=pair: reads.is_name_operator(conn, *of)) == (
                world.ask("Domains", "isApprovedForAll", *pair)
            )
    for dns_name in DNS_NAMES:
        found = mirror.read(lambda conn, of=dns_name: reads.get_dns_name(conn, of))
        owner, until = world.ask("Domains", "dns_of", dns_name)
        assert ((found and found.attested.owner_at(now)) or ZERO_ADDRESS) == owner
        assert until in (0, found.attested.until if found else 0)


def assert_a_name_points_where_the_contract_says(
    world: World, mirror: Mirror, row: reads.NameRow, now: int
) -> None:
    of = bytes.fromhex(row.node[2:])
    token, counts = int.from_bytes(of, "big"), row.name.is_registered(now)
    texts = mirror.read(lambda conn: reads.read_texts(conn, row.node))
    assert row.name.owner_at(now) == _or_none(lambda: world.ask("Domains", "ownerOf", token))
    assert (row.approved if counts else None) == _or_none(
        lambda: world.ask("Domains", "getApproved", token)
    )
    assert row.serves(now) == world.ask("Domains", "link_of", of)
    content = row.content_hash if counts else "0x"
    assert content == "0x" + bytes(world.ask("Domains", "contenthash", of)).hex()
    assert (row.addr if counts else ZERO_ADDRESS) == world.ask("Domains", "addr", of)
    for key in TEXT_KEYS:
        said = texts.get(key, "") if counts else ""
        assert said == world.ask("Domains", "text", of, key)


def _or_none(ask: Callable[[], Any]) -> Any:
    """What a view answers; None where it reverts."""
    try:
        return ask()
    except ContractLogicError:
        return None
