# pragma version 0.4.3
"""
@title The packed meter word
@license Apache-2.0
@author DecentraSpace
@notice What Credits knows of a contract that may change rates and spend, in one storage word; so
        that counting what was earned costs a meter no further read.
@dev Layout, lowest bits first:

        field        bits  unit
        earned         96  nano credit       burned and spent under this meter, not yet withdrawn
        counts_at      32  unix seconds      before it, a registered meter may nothing yet
        registered      1
        first           1                    the first meter of all
        known           1                    always 1
                      ---
                      131

     A word of zero is no meter. One that was taken off stays known: it may lower what it started.
"""

EARNED_MASK: constant(uint256) = 2**96 - 1
COUNTS_AT: constant(uint256) = 96
REGISTERED: constant(uint256) = 1 << 128
FIRST: constant(uint256) = 1 << 129
KNOWN: constant(uint256) = 1 << 130


@internal
@pure
def _opened(is_first: bool) -> uint256:
    """
    @dev The word of a contract that becomes a meter.
    @param is_first Whether it is the first of all.
    @return uint256 The packed word; not registered yet.
    """
    return KNOWN | FIRST if is_first else KNOWN


@internal
@pure
def _set(word: uint256, registered: bool, counts_at: uint256) -> uint256:
    """
    @dev Registers a meter or takes it off.
    @param word The packed word.
    @param registered Whether it may raise rates and spend.
    @param counts_at The unix second from which on it may.
    @return uint256 The packed word.
    """
    kept: uint256 = word & (EARNED_MASK | FIRST | KNOWN)
    if registered:
        kept |= REGISTERED
    return kept | (counts_at << COUNTS_AT)


@internal
@pure
def _counts(word: uint256, now: uint256) -> bool:
    """
    @dev Whether a meter may raise rates and spend.
    @param word The packed word.
    @param now The unix second.
    @return bool Whether it may.
    """
    return word & REGISTERED != 0 and now >= (word >> COUNTS_AT) & (2**32 - 1)


@internal
@pure
def _counts_at(word: uint256) -> uint256:
    return (word >> COUNTS_AT) & (2**32 - 1)


@internal
@pure
def _is_registered(word: uint256) -> bool:
    return word & REGISTERED != 0


@internal
@pure
def _is_first(word: uint256) -> bool:
    return word & FIRST != 0


@internal
@pure
def _earned(word: uint256) -> uint256:
    return word & EARNED_MASK


@internal
@pure
def _emptied(word: uint256) -> uint256:
    """
    @dev What was earned was moved elsewhere.
    @param word The packed word.
    @return uint256 The packed word, with nothing earned.
    """
    return word & ~EARNED_MASK
