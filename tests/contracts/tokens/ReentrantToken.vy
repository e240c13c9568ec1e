# pragma version 0.4.3
"""
@title A token that calls anything back, once, in the middle of a transfer, as itself
"""

decimals: public(constant(uint8)) = 6
balanceOf: public(HashMap[address, uint256])
target: address
payload: Bytes[1024]


@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount


@external
def call_back(target: address, payload: Bytes[1024]):
    self.target = target
    self.payload = payload


@external
def transfer(to: address, amount: uint256) -> bool:
    return self._move(msg.sender, to, amount)


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    return self._move(owner, to, amount)


@internal
def _move(owner: address, to: address, amount: uint256) -> bool:
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
    target: address = self.target
    if target != empty(address):
        self.target = empty(address)
        raw_call(target, self.payload)
    return True
