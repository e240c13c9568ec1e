"""Unlock: a membership bought for an ERC-20, and extended; the nearest relative of a tier or name.

The contracts as released, a lock made by Unlock's own factory (so behind its proxy).
"""

from __future__ import annotations

from web3.logs import DISCARD

from tests.bench.anchors.solidity import compile_anchors, released
from tests.bench.chain import DAY, Chain, Uses

COIN = 10**18
ABIS = "@unlock-protocol/contracts/dist/abis"
NOBODY = "0x" + "00" * 20


def measure() -> Uses:
    """One lock of 30 days; accounts buy once each, as it allows; one of them extends."""
    chain, artifacts = Chain(), compile_anchors()
    user, admin = chain.user, chain.admin
    token = chain.deploy_artifact("token", artifacts["SolmateToken"])
    behind = chain.deploy_artifact("Unlock", released(f"{ABIS}/Unlock/UnlockV14.json"))
    first_call = behind.functions.initialize(admin)._encode_transaction_data()
    proxy = chain.deploy_artifact("Unlock", artifacts["Proxy"], behind.address, first_call)
    unlock = chain.web3.eth.contract(address=proxy.address, abi=behind.abi)
    template = released(f"{ABIS}/PublicLock/PublicLockV14.json")
    original = chain.deploy_artifact("PublicLock", template)
    factory = unlock.functions
    chain.mine(factory.addLockTemplate(original.address, 14), admin)
    chain.mine(factory.setLockTemplate(original.address), admin)
    order = factory.createLock(30 * DAY, token.address, COIN, 2**256 - 1, "Lock", b"\0" * 12)
    receipt = chain.mine(order, admin)
    (made,) = unlock.events.NewLock().process_receipt(receipt, errors=DISCARD)
    lock = chain.web3.eth.contract(address=made["args"]["newLockAddress"], abi=template["abi"])
    for buyer in (user, chain.other, admin):
        chain.mine(token.functions.mint(buyer, 1_000 * COIN), buyer)
        chain.mine(token.functions.approve(lock.address, 2**256 - 1), buyer)
        call = lock.functions.purchase([COIN], [buyer], [NOBODY], [NOBODY], [b""])
        chain.send("Unlock purchase", call, buyer)
    for _ in range(2):
        chain.send("Unlock extend", lock.functions.extend(COIN, 1, NOBODY, b""))
    return chain.gas
