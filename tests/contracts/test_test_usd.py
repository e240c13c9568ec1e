"""TestUSD: the development chain's ERC-20 with EIP-2612 and an open mint."""

from __future__ import annotations

import boa
import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_utils.crypto import keccak

from tests.contracts.world import DOLLAR, ZERO, World, event

KEY = "0x" + "19" * 32
SIGNER = Account.from_key(KEY).address
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FOREVER = 2**256 - 1
PERMIT = keccak(
    text="Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)


def sign(world: World, amount: int = DOLLAR, nonce: int = 0) -> tuple[int, bytes, bytes]:
    """The signer's permit for Alice, valid now."""
    types = ["bytes32", "address", "address", "uint256", "uint256", "uint256"]
    values = [PERMIT, SIGNER, world.alice, amount, nonce, world.now]
    digest = keccak(b"\x19\x01" + world.usd.DOMAIN_SEPARATOR() + keccak(encode(types, values)))
    signed = Account.unsafe_sign_hash(digest, KEY)
    return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")


def test_it_says_what_it_is(world: World) -> None:
    usd = world.usd
    assert (usd.name(), usd.symbol(), usd.decimals(), usd.version()) == (
        "Test USD",
        "TUSD",
        6,
        "1",
    )


def test_anyone_mints_for_anyone(world: World) -> None:
    supply = world.usd.totalSupply()
    world.usd.mint(world.bob, 7, sender=world.alice)
    minted = event(world.usd, "Transfer")
    assert tuple(minted)[1:] == (ZERO, world.bob, 7)
    assert (world.usd.balanceOf(world.bob), world.usd.totalSupply()) == (7, supply + 7)


def test_transfer__moves_and_tells(world: World) -> None:
    world.usd.mint(world.alice, 10)
    assert world.usd.transfer(world.bob, 4, sender=world.alice) is True
    moved = event(world.usd, "Transfer")
    assert tuple(moved)[1:] == (world.alice, world.bob, 4)
    assert (world.usd.balanceOf(world.alice), world.usd.balanceOf(world.bob)) == (6, 4)


def test_transfer__to_oneself_changes_nothing(world: World) -> None:
    world.usd.mint(world.alice, 10)
    world.usd.transfer(world.alice, 10, sender=world.alice)
    assert world.usd.balanceOf(world.alice) == 10


def test_transfer__beyond_the_balance_or_to_nobody_is_refused(world: World) -> None:
    world.usd.mint(world.alice, 10)
    with boa.reverts("TestUSD: balance too low"):
        world.usd.transfer(world.bob, 11, sender=world.alice)
    with boa.reverts("TestUSD: transfer to nobody"):
        world.usd.transfer(ZERO, 1, sender=world.alice)


def test_transfer_from__uses_the_allowance_up(world: World) -> None:
    world.usd.mint(world.alice, 10)
    world.usd.approve(world.bob, 6, sender=world.alice)
    approved = event(world.usd, "Approval")
    assert tuple(approved)[1:] == (world.alice, world.bob, 6)
    assert world.usd.transferFrom(world.alice, world.bob, 6, sender=world.bob) is True
    assert world.usd.allowance(world.alice, world.bob) == 0
    with boa.reverts("TestUSD: allowance too low"):
        world.usd.transferFrom(world.alice, world.bob, 1, sender=world.bob)


def test_transfer_from__leaves_an_endless_allowance(world: World) -> None:
    world.usd.mint(world.alice, 10)
    world.usd.approve(world.bob, FOREVER, sender=world.alice)
    world.usd.transferFrom(world.alice, world.bob, 10, sender=world.bob)
    assert world.usd.allowance(world.alice, world.bob) == FOREVER


def test_permit__approves_once(world: World) -> None:
    signature = sign(world)
    world.usd.permit(SIGNER, world.alice, DOLLAR, world.now, *signature)
    assert world.usd.allowance(SIGNER, world.alice) == DOLLAR
    assert world.usd.nonces(SIGNER) == 1
    with boa.reverts("TestUSD: invalid permit"):
        world.usd.permit(SIGNER, world.alice, DOLLAR, world.now, *signature)


@pytest.mark.parametrize("change", ["owner", "spender", "amount", "nonce"])
def test_permit__of_anything_else_is_refused(world: World, change: str) -> None:
    signature = sign(world, nonce=1 if change == "nonce" else 0)
    owner = world.bob if change == "owner" else SIGNER
    spender = world.bob if change == "spender" else world.alice
    amount = DOLLAR + 1 if change == "amount" else DOLLAR
    with boa.reverts("TestUSD: invalid permit"):
        world.usd.permit(owner, spender, amount, world.now, *signature)


def test_permit__by_a_signature_that_nobody_made_is_refused(world: World) -> None:
    with boa.reverts("TestUSD: invalid permit"):
        world.usd.permit(ZERO, world.alice, DOLLAR, world.now, 99, bytes(32), bytes(32))


def test_permit__past_its_deadline_is_refused(world: World) -> None:
    signature = sign(world)
    deadline = world.now
    world.pass_time(1)
    with boa.reverts("TestUSD: permit expired"):
        world.usd.permit(SIGNER, world.alice, DOLLAR, deadline, *signature)


def test_permit__by_the_signatures_twin_is_refused(world: World) -> None:
    v, r, s = sign(world)
    twin = (55 - v, r, (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big"))
    with boa.reverts("TestUSD: malleable signature"):
        world.usd.permit(SIGNER, world.alice, DOLLAR, world.now, *twin)
