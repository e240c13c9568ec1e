# pragma version 0.4.3
"""
@title The packed plan word
@license Apache-2.0
@author DecentraSpace
@notice What a plan asks and gives, in one storage word, so that a start reads one; its name
        stands beside it.
@dev Layout, lowest bits first:

        field        bits  unit
        rate           36  nano credit / s   0 is free
        free_period    31  seconds           of a free plan; 0 on a paid one
        kind            8                    never 0
        offered         1
                      ---
                       76

     A word of zero is a plan that was never set: it isn't offered.
"""

struct Terms:
    kind: uint256
    rate: uint256
    free_period: uint256
    offered: bool


FREE_PERIOD_AT: constant(uint256) = 36
KIND_AT: constant(uint256) = 67
OFFERED_AT: constant(uint256) = 75


@internal
@pure
def _unpack(word: uint256) -> Terms:
    """
    @dev Reads a plan word.
    @param word The packed word; 0 is a plan that was never set.
    @return Terms Its fields.
    """
    return Terms(
        kind=(word >> KIND_AT) & (2**8 - 1),
        rate=word & (2**36 - 1),
        free_period=(word >> FREE_PERIOD_AT) & (2**31 - 1),
        offered=(word >> OFFERED_AT) == 1,
    )


@internal
@pure
def _pack(terms: Terms) -> uint256:
    """
    @dev Writes a plan word; a field that doesn't fit reverts.
    @param terms The fields; the kind is one that `Hosting` knows.
    @return uint256 The packed word.
    """
    assert terms.rate < 2**36, "Hosting: rate too large"
    assert terms.free_period < 2**31, "Hosting: period too long"
    return (
        terms.rate
        | (terms.free_period << FREE_PERIOD_AT)
        | (terms.kind << KIND_AT)
        | (convert(terms.offered, uint256) << OFFERED_AT)
    )
