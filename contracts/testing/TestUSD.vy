# pragma version 0.4.3
"""
@title TestUSD
@license Apache-2.0
@author DecentraSpace
@notice The development chain's stable coin: an ERC-20 of 6 decimals with EIP-2612 that anyone
        can mint. Never deployed where it would be worth something.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed

implements: IERC20
implements: IERC20Detailed


event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256


event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256


name: public(constant(String[32])) = "Test USD"
symbol: public(constant(String[32])) = "TUSD"
version: public(constant(String[1])) = "1"
decimals: public(constant(uint8)) = 6

PERMIT_TYPEHASH: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
DOMAIN_TYPEHASH: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
# Above half the order of secp256k1 a signature has a twin, and is refused (EIP-2).
MAX_S: constant(bytes32) = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0

totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
nonces: public(HashMap[address, uint256])


@external
def mint(to: address, amount: uint256):
    """
    @notice Makes coins from nothing, for anyone.
    @param to The 20-byte address that receives them.
    @param amount Base units, 10**-6 of a coin.
    """
    self.totalSupply += amount
    self.balanceOf[to] += amount
    log Transfer(sender=empty(address), receiver=to, value=amount)


@external
def transfer(to: address, amount: uint256) -> bool:
    """
    @notice Moves coins of the caller.
    @param to The 20-byte address that receives them.
    @param amount Base units.
    @return bool Always true; a transfer that can't be made reverts.
    """
    self._transfer(msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    """
    @notice Moves coins of an owner who allowed it; an allowance of 2**256 - 1 stays as it is.
    @param owner The 20-byte address whose coins they are.
    @param to The 20-byte address that receives them.
    @param amount Base units.
    @return bool Always true; a transfer that can't be made reverts.
    """
    allowed: uint256 = self.allowance[owner][msg.sender]
    if allowed != max_value(uint256):
        assert amount <= allowed, "TestUSD: allowance too low"
        self._approve(owner, msg.sender, allowed - amount)
    self._transfer(owner, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Lets a spender move coins of the caller.
    @param spender The 20-byte address.
    @param amount Base units.
    @return bool Always true.
    """
    self._approve(msg.sender, spender, amount)
    return True


@external
def permit(
    owner: address,
    spender: address,
    amount: uint256,
    deadline: uint256,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    """
    @notice Lets a spender move coins of an owner who signed for it (EIP-2612).
    @param owner The 20-byte address that signed.
    @param spender The 20-byte address.
    @param amount Base units.
    @param deadline The last unix second at which the permit counts.
    @param v The signature's recovery byte.
    @param r The signature's r.
    @param s The signature's s, in the lower half of the order.
    """
    assert block.timestamp <= deadline, "TestUSD: permit expired"
    assert convert(s, uint256) <= convert(MAX_S, uint256), "TestUSD: malleable signature"
    nonce: uint256 = self.nonces[owner]
    digest: bytes32 = keccak256(
        concat(
            b"\x19\x01",
            self._domain_separator(),
            keccak256(abi_encode(PERMIT_TYPEHASH, owner, spender, amount, nonce, deadline)),
        )
    )
    signer: address = ecrecover(digest, v, r, s)
    assert signer != empty(address) and signer == owner, "TestUSD: invalid permit"
    self.nonces[owner] = nonce + 1
    self._approve(owner, spender, amount)


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    """
    @notice The EIP-712 domain that permits are signed under.
    @return bytes32 Its hash.
    """
    return self._domain_separator()


@internal
def _transfer(owner: address, to: address, amount: uint256):
    assert to != empty(address), "TestUSD: transfer to nobody"
    assert amount <= self.balanceOf[owner], "TestUSD: balance too low"
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
    log Transfer(sender=owner, receiver=to, value=amount)


@internal
def _approve(owner: address, spender: address, amount: uint256):
    self.allowance[owner][spender] = amount
    log Approval(owner=owner, spender=spender, value=amount)


@internal
@view
def _domain_separator() -> bytes32:
    return keccak256(
        abi_encode(DOMAIN_TYPEHASH, keccak256(name), keccak256(version), chain.id, self)
    )
