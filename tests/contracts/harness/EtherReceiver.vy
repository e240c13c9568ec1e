# pragma version 0.4.3
"""
@title Takes ether, or refuses it, or calls something, once, in the middle of taking it
"""

refuses: public(bool)
target: address
payload: Bytes[1024]
amount: uint256  # wei sent along


@external
def refuse(refuses: bool):
    self.refuses = refuses


@external
def call_back(target: address, payload: Bytes[1024], amount: uint256):
    self.target = target
    self.payload = payload
    self.amount = amount


@external
@payable
def __default__():
    assert not self.refuses, "EtherReceiver: refused"
    target: address = self.target
    if target != empty(address):
        self.target = empty(address)
        raw_call(target, self.payload, value=self.amount)
