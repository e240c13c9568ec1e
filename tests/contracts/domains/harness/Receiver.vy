# pragma version 0.4.3
"""
@title A contract that is sent tokens
@license Apache-2.0
@author DecentraSpace
@notice Answers as it was told to, and remembers what it was told.
"""

answer: bytes4
refuses: bool
operator: public(address)
sender: public(address)
token_id: public(uint256)
data: public(Bytes[1024])


@deploy
def __init__(answer: bytes4, refuses: bool):
    self.answer = answer
    self.refuses = refuses


@external
def onERC721Received(
    operator: address, sender: address, token_id: uint256, data: Bytes[1024]
) -> bytes4:
    """
    @notice Takes a token, or not.
    @param operator Who sends it.
    @param sender Whose it was.
    @param token_id The token.
    @param data What is told.
    @return bytes4 What the test wants.
    """
    if self.refuses:  # with the answer that it would have given
        raw_revert(abi_encode(self.answer))
    self.operator = operator
    self.sender = sender
    self.token_id = token_id
    self.data = data
    return self.answer
