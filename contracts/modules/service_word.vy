# pragma version 0.4.3
"""
@title The packed service word
@license Apache-2.0
@author DecentraSpace
@notice The one storage word of a service.
@dev Layout, lowest bits first:

        field        bits  unit
        owner         160  the 20-byte address
        rate           36  nano credit / s   its price before the discount; 0 for a free one
        terms          32  a free one: expires_at, unix seconds, 0 for never
                           a paid one: discount, basis points of the rate
        plan           12
        epoch          12                    its owner's, when it was started; 0 for a free one
        state           4                    never 0
                      ---
                      256

     A word of zero is a service that was never started.
     Active, a paid service streams `rate - discount`: whole nano credit, in its owner's favour,
     and at least 1.
     `rate`, `plan` and `discount` are in bounds by `Hosting.set_plan` and `set_tier`; 4,095 epochs
     of an account take at least as many grace periods.
"""


struct Service:
    owner: address
    plan: uint256
    state: uint256
    rate: uint256
    discount: uint256
    epoch: uint256
    expires_at: uint256


ACTIVE: constant(uint256) = 1
PAUSED: constant(uint256) = 2
SUSPENDED: constant(uint256) = 3
STOPPED: constant(uint256) = 4

OWNER_MASK: constant(uint256) = 2**160 - 1
RATE_AT: constant(uint256) = 160
RATE_MASK: constant(uint256) = 2**36 - 1
TERMS_AT: constant(uint256) = 196
TERMS_MASK: constant(uint256) = 2**32 - 1
PLAN_AT: constant(uint256) = 228
PLAN_MASK: constant(uint256) = 2**12 - 1
EPOCH_AT: constant(uint256) = 240
EPOCH_MASK: constant(uint256) = 2**12 - 1
STATE_AT: constant(uint256) = 252

ACTIVE_TO_PAUSED: constant(uint256) = (PAUSED - ACTIVE) << STATE_AT  # added to a word

WHOLE: constant(uint256) = 10_000  # basis points


@internal
@pure
def _unpack(word: uint256) -> Service:
    """
    @dev Reads a service word.
    @param word The packed word of a service that was started.
    @return Service Its fields.
    """
    rate: uint256 = (word >> RATE_AT) & RATE_MASK
    terms: uint256 = (word >> TERMS_AT) & TERMS_MASK
    return Service(
        owner=convert(word & OWNER_MASK, address),
        plan=(word >> PLAN_AT) & PLAN_MASK,
        state=word >> STATE_AT,
        rate=rate,
        discount=0 if rate == 0 else terms,
        epoch=(word >> EPOCH_AT) & EPOCH_MASK,
        expires_at=terms if rate == 0 else 0,
    )


@internal
@pure
def _started(
    owner: address, plan: uint256, rate: uint256, terms: uint256, epoch: uint256
) -> uint256:
    """
    @dev The word of an active service.
    @param owner The 20-byte address of its owner.
    @param plan The plan's number.
    @param rate nano credit a second, before the discount.
    @param terms The second of expiry of a free one, the discount of a paid one.
    @param epoch The owner's.
    @return uint256 The packed word.
    """
    assert epoch <= EPOCH_MASK, "Hosting: epoch too large"
    assert terms <= TERMS_MASK, "Hosting: time too large"
    return (
        convert(owner, uint256)
        | (rate << RATE_AT)
        | (terms << TERMS_AT)
        | (plan << PLAN_AT)
        | (epoch << EPOCH_AT)
        | (ACTIVE << STATE_AT)
    )


@internal
@pure
def _in_state(word: uint256, state: uint256) -> uint256:
    """
    @dev Moves a service.
    @param word The packed word.
    @param state The state it goes to.
    @return uint256 The packed word.
    """
    return (word & (2**STATE_AT - 1)) | (state << STATE_AT)


@internal
@pure
def _streams(word: uint256) -> uint256:
    """
    @dev What a service streams while it is active.
    @param word The packed word.
    @return uint256 nano credit a second; 0 for a free one.
    """
    rate: uint256 = (word >> RATE_AT) & RATE_MASK
    discount: uint256 = (word >> TERMS_AT) & TERMS_MASK
    if rate == 0 or discount == 0:
        return rate
    return self._discounted(rate, discount)


@internal
@pure
def _discounted(rate: uint256, discount: uint256) -> uint256:
    """
    @dev A price less its discount, rounded down, but never to nothing.
    @param rate nano credit a second, not 0, below 2**36.
    @param discount Basis points, at most WHOLE.
    @return uint256 nano credit a second.
    """
    left: uint256 = unsafe_mul(rate, unsafe_sub(WHOLE, discount)) // WHOLE
    return max(left, 1)
