# pragma version 0.4.3
"""
@title A token that turns hostile when it is told to: refuses, takes a fee, or calls back
"""

decimals: public(constant(uint8)) = 6
HONEST: constant(uint256) = 0
REFUSES: constant(uint256) = 1
TAKES_A_FEE: constant(uint256) = 2
CALLS_BACK: constant(uint256) = 3

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
mood: public(uint256)
payload: Bytes[256]


@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return True


@external
def turn(mood: uint256, payload: Bytes[256]):
    self.mood = mood
    self.payload = payload


@external
def transfer(to: address, amount: uint256) -> bool:
    return self._move(msg.sender, to, amount)


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self.allowance[owner][msg.sender] -= amount
    return self._move(owner, to, amount)


@internal
def _move(owner: address, to: address, amount: uint256) -> bool:
    if self.mood == REFUSES:
        return False
    fee: uint256 = 1 if self.mood == TAKES_A_FEE and amount != 0 else 0
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount - fee
    if self.mood == CALLS_BACK:
        _answer: bool = raw_call(msg.sender, self.payload, revert_on_failure=False)
    return True
