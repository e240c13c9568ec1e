"""The methods by name; each file holds one family of them.

A method takes the node and the call's parameters in their order.
"""

from __future__ import annotations

from scripts.devnet.methods import blocks, control, identity, logs, sending, state, wallet
from scripts.devnet.node import Method

METHODS: dict[str, Method] = {
    name: method
    for family in (identity, blocks, state, logs, sending, wallet, control)
    for name, method in family.METHODS.items()
}
