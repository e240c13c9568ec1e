"""Sablier Flow: a stream of tokens a second, the nearest relative of a service that streams credit.

The contract as released (its own compiler and settings), under a comptroller that asks no fee. A
stream is an ERC-721 token there, and each has its own balance; ours draw on one account.
"""

from __future__ import annotations

from tests.bench.anchors.solidity import compile_anchors, released
from tests.bench.chain import Chain, Uses

COIN = 10**18
RATE = 10**15  # base units a second, at 18 decimals
ARTIFACTS = "@sablier/flow/artifacts"


def measure() -> Uses:
    """Streams of one sender to one recipient."""
    chain, artifacts = Chain(), compile_anchors()
    user, other = chain.user, chain.other
    token = chain.deploy_artifact("token", artifacts["SolmateToken"])
    comptroller = chain.deploy_artifact("comptroller", artifacts["FreeComptroller"])
    descriptor = chain.deploy_artifact(
        "descriptor", released(f"{ARTIFACTS}/FlowNFTDescriptor.json")
    )
    contract = chain.deploy_artifact(
        "Sablier Flow",
        released(f"{ARTIFACTS}/SablierFlow.json"),
        comptroller.address,
        descriptor.address,
    )
    flow = contract.functions
    chain.mine(token.functions.mint(user, 10**6 * COIN), user)
    chain.mine(token.functions.approve(contract.address, 2**256 - 1), user)
    for stream in (1, 2, 3):
        order = (user, other, RATE, 0, token.address, True)
        chain.send("Sablier Flow create", flow.create(*order))
        for _ in range(2):
            call = flow.deposit(stream, 1_000 * COIN, user, other)
            chain.send("Sablier Flow deposit", call)
        chain.send("Sablier Flow adjustRatePerSecond", flow.adjustRatePerSecond(stream, 2 * RATE))
        chain.send("Sablier Flow pause", flow.pause(stream))
        chain.send("Sablier Flow restart", flow.restart(stream, RATE))
    return chain.gas
