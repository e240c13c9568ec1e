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
        started        32                    how many services of it were ever started
                      ---
                      108

     A word of zero is a plan that was never set: it isn't offered.
"""


struct Terms:
    kind: uint256
    rate: uint256
    free_period: uint256
    offered: bool


RATE_MASK: constant(uint256) = 2**36 - 1
FREE_PERIOD_AT: constant(uint256) = 36
FREE_PERIOD_MASK: constant(uint256) = 2**31 - 1
KIND_AT: constant(uint256) = 67
OFFERED: constant(uint256) = 1 << 75
STARTED_AT: constant(uint256) = 76
MOST_STARTED: constant(uint256) = 10**7


@internal
@pure
def _unpack(word: uint256) -> Terms:
    """
    @dev Reads a plan word.
    @param word The packed word; 0 is a plan that was never set.
    @return Terms Its terms.
    """
    return Terms(
        kind=(word >> KIND_AT) & (2**8 - 1),
        rate=word & RATE_MASK,
        free_period=(word >> FREE_PERIOD_AT) & FREE_PERIOD_MASK,
        offered=word & OFFERED != 0,
    )


@internal
@pure
def _set(word: uint256, terms: Terms) -> uint256:
    """
    @dev Writes a plan's terms; a field that doesn't fit reverts.
    @param word The packed word before, whose count is kept.
    @param terms The fields; the kind is one that `Hosting` knows.
    @return uint256 The packed word.
    """
    assert terms.rate <= RATE_MASK, "Hosting: rate too large"
    assert terms.free_period <= FREE_PERIOD_MASK, "Hosting: period too long"
    packed: uint256 = (
        terms.rate
        | (terms.free_period << FREE_PERIOD_AT)
        | (terms.kind << KIND_AT)
        | ((word >> STARTED_AT) << STARTED_AT)
    )
    return packed | OFFERED if terms.offered else packed


@internal
@pure
def _started(word: uint256) -> uint256:
    """
    @dev How many services of the plan were ever started.
    @param word The packed word.
    @return uint256 A count.
    """
    return word >> STARTED_AT
