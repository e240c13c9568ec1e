# pragma version 0.4.3
"""
@title TestFeed
@license Apache-2.0
@author DecentraSpace
@notice The development chain's price feed: credits for one ether, set by anyone.
@dev A stand-in for Chainlink's AggregatorV3, never deployed where money is.
"""

from contracts.interfaces import IAggregatorV3

implements: IAggregatorV3


event AnswerUpdated:
    current: indexed(int256)
    round_id: indexed(uint256)
    updated_at: uint256


DECIMALS: constant(uint8) = 8

answer: public(int256)
updated_at: public(uint256)  # unix seconds; 0 for always now
round_id: uint80


@deploy
def __init__(answer: int256):
    """
    @param answer Credits for one ether, with 8 decimals.
    """
    self._set(answer, 0)


@external
def set_answer(answer: int256, updated_at: uint256 = 0):
    """
    @notice Sets the price.
    @param answer Credits for one ether, with 8 decimals.
    @param updated_at The unix second that it claims to be of; 0 for always now.
    """
    self._set(answer, updated_at)


@external
@view
def decimals() -> uint8:
    """
    @notice The answer's decimals.
    @return uint8 8.
    """
    return DECIMALS


@external
@view
def latestRoundData() -> (uint80, int256, uint256, uint256, uint80):
    """
    @notice The last answer, as AggregatorV3 gives it.
    @return uint80 The round.
    @return int256 The answer.
    @return uint256 The unix second that the round started at.
    @return uint256 The unix second that the answer is of.
    @return uint80 The round that it was answered in.
    """
    updated_at: uint256 = self.updated_at
    if updated_at == 0:
        updated_at = block.timestamp
    return (self.round_id, self.answer, updated_at, updated_at, self.round_id)


@internal
def _set(answer: int256, updated_at: uint256):
    self.answer = answer
    self.updated_at = updated_at
    self.round_id += 1
    log AnswerUpdated(
        current=answer, round_id=convert(self.round_id, uint256), updated_at=updated_at
    )
