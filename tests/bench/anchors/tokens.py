"""ERC-20 transfer and transferFrom, ERC-721 mint, of OpenZeppelin, solady and solmate.

Steady: the receiver has a balance already, the sender keeps one, the allowance is without end or,
where it is counted, lasts; an account that already has a token is given another.
"""

from __future__ import annotations

from tests.bench.anchors.solidity import compile_anchors
from tests.bench.chain import Chain, Uses

COIN = 10**18
LIBRARIES = ("OpenZeppelin", "solady", "solmate")


def measure() -> Uses:
    """Each library's contracts on one chain."""
    chain, artifacts = Chain(), compile_anchors()
    user, other = chain.user, chain.other
    for library in LIBRARIES:
        contract = library[0].upper() + library[1:]
        token = chain.deploy_artifact(library, artifacts[f"{contract}Token"]).functions
        chain.mine(token.mint(user, 1_000 * COIN), user)
        chain.mine(token.approve(other, 2**256 - 1), user)
        for _ in range(3):
            chain.send(f"{library} ERC-20 transfer", token.transfer(other, COIN))
        for _ in range(3):
            call = token.transferFrom(user, chain.admin, COIN)
            chain.send(f"{library} ERC-20 transferFrom", call, other)
        chain.mine(token.approve(other, 100 * COIN), user)
        for _ in range(2):
            call = token.transferFrom(user, chain.admin, COIN)
            chain.send(f"{library} ERC-20 transferFrom (counted)", call, other)
        names = chain.deploy_artifact(library, artifacts[f"{contract}Names"]).functions
        for number in (1, 2, 3):
            chain.send(f"{library} ERC-721 mint", names.mint(user, number))
    return chain.gas
