"""`Credits.buy_with_permit`: one transaction by a signed EIP-2612 permit, immune to a front run."""

from __future__ import annotations

import boa
import pytest
from eth_account import Account

from tests.contracts.world import CREDIT, DOLLAR, World
from tests.support.permit import sign_permit

KEY = "0x" + "17" * 32
SIGNER = Account.from_key(KEY).address


def permit(world: World, amount: int, deadline: int) -> tuple[int, bytes, bytes]:
    return sign_permit(
        KEY,
        asset=str(world.usd.address),
        chain_id=boa.env.evm.patch.chain_id,
        spender=str(world.credits.address),
        amount=amount,
        nonce=world.usd.nonces(SIGNER),
        deadline=deadline,
    )


@pytest.fixture
def rich(world: World) -> World:
    world.usd.mint(SIGNER, 100 * DOLLAR)
    return world


def test_a_permit_buys_in_one_transaction(rich: World) -> None:
    signature = permit(rich, DOLLAR, rich.now)
    bought = rich.credits.buy_with_permit(DOLLAR, rich.bob, rich.now, *signature, sender=SIGNER)
    assert bought == CREDIT == rich.credits.balance_of(rich.bob)
    assert rich.usd.allowance(SIGNER, rich.credits) == 0


def test_a_permit_that_someone_sent_in_before__harms_nobody(rich: World) -> None:
    signature = permit(rich, DOLLAR, rich.now)
    rich.usd.permit(SIGNER, rich.credits, DOLLAR, rich.now, *signature, sender=rich.bob)
    rich.credits.buy_with_permit(DOLLAR, SIGNER, rich.now, *signature, sender=SIGNER)
    assert rich.credits.balance_of(SIGNER) == CREDIT


def test_a_permit_of_someone_else__is_no_permit_of_the_caller(rich: World) -> None:
    signature = permit(rich, DOLLAR, rich.now)
    with boa.reverts("TestUSD: allowance too low"):
        rich.credits.buy_with_permit(DOLLAR, rich.bob, rich.now, *signature, sender=rich.bob)
    assert rich.usd.balanceOf(SIGNER) == 100 * DOLLAR


def test_a_permit_over_another_amount__is_refused(rich: World) -> None:
    signature = permit(rich, DOLLAR, rich.now)
    with boa.reverts("TestUSD: allowance too low"):
        rich.credits.buy_with_permit(2 * DOLLAR, SIGNER, rich.now, *signature, sender=SIGNER)


def test_a_permit_past_its_deadline__is_refused(rich: World) -> None:
    deadline = rich.now
    signature = permit(rich, DOLLAR, deadline)
    rich.pass_time(1)
    with boa.reverts("TestUSD: allowance too low"):
        rich.credits.buy_with_permit(DOLLAR, SIGNER, deadline, *signature, sender=SIGNER)


def test_a_permit_twice__buys_once(rich: World) -> None:
    signature = permit(rich, DOLLAR, rich.now)
    rich.credits.buy_with_permit(DOLLAR, SIGNER, rich.now, *signature, sender=SIGNER)
    with boa.reverts("TestUSD: allowance too low"):
        rich.credits.buy_with_permit(DOLLAR, SIGNER, rich.now, *signature, sender=SIGNER)


def test_nothing__is_refused(rich: World) -> None:
    signature = permit(rich, 0, rich.now)
    with boa.reverts("Credits: nothing to buy"):
        rich.credits.buy_with_permit(0, SIGNER, rich.now, *signature, sender=SIGNER)
