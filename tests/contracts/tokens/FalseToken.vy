# pragma version 0.4.3
"""
@title A token that says False instead of reverting, once it was told to refuse
"""

decimals: public(constant(uint8)) = 6
balanceOf: public(HashMap[address, uint256])
refuses: public(bool)


@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount


@external
def refuse(refuses: bool):
    self.refuses = refuses


@external
def transfer(to: address, amount: uint256) -> bool:
    return self._move(msg.sender, to, amount)


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    return self._move(owner, to, amount)


@internal
def _move(owner: address, to: address, amount: uint256) -> bool:
    if self.refuses:
        return False
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
    return True
