"""A wallet's signature that allows TestUSD to be pulled, without a transaction (EIP-2612)."""

from __future__ import annotations

from eth_account import Account

FIELDS = {"owner": "address", "spender": "address"} | dict.fromkeys(
    ("value", "nonce", "deadline"), "uint256"
)
TYPES = {"Permit": [{"name": name, "type": type_} for name, type_ in FIELDS.items()]}


def sign_permit(
    key: str | bytes,
    *,
    asset: str,
    chain_id: int,
    spender: str,
    amount: int,
    nonce: int,
    deadline: int,
) -> tuple[int, bytes, bytes]:
    """v, r, s for base units of the asset, until a unix second, by the owner's private key."""
    domain = {
        "name": "Test USD",
        "version": "1",
        "chainId": chain_id,
        "verifyingContract": asset,
    }
    message = {
        "owner": Account.from_key(key).address,
        "spender": spender,
        "value": amount,
        "nonce": nonce,
        "deadline": deadline,
    }
    signed = Account.sign_typed_data(key, domain, TYPES, message)
    return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")
