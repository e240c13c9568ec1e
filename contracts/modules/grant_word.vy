# pragma version 0.4.3
"""
@title The packed grant word
@license Apache-2.0
@author DecentraSpace
@notice What became of a grant, in one storage word under its reference.
@dev Layout, lowest bits first:

        field        bits  unit
        account       160  the 20-byte address
        amount         52  nano credit       what was given; once frozen, what was set aside
        state           2                    0 never given
                      ---
                      214

        grant      ->  given
        freeze         given            -> frozen
        unfreeze       frozen           -> given
        forfeit        given, frozen    -> forfeited

     A word of zero is a reference that was never used.
"""

GIVEN: constant(uint256) = 1
FROZEN: constant(uint256) = 2
FORFEITED: constant(uint256) = 3

AMOUNT_AT: constant(uint256) = 160
STATE_AT: constant(uint256) = 212


@internal
@pure
def _pack(account: address, amount: uint256, state: uint256) -> uint256:
    """
    @dev Writes a grant word.
    @param account The 20-byte address.
    @param amount nano credit, below 2**52.
    @param state One of the states.
    @return uint256 The packed word.
    """
    return convert(account, uint256) | (amount << AMOUNT_AT) | (state << STATE_AT)


@internal
@pure
def _account(word: uint256) -> address:
    return convert(word & (2**160 - 1), address)


@internal
@pure
def _amount(word: uint256) -> uint256:
    return (word >> AMOUNT_AT) & (2**52 - 1)


@internal
@pure
def _state(word: uint256) -> uint256:
    return word >> STATE_AT
