# pragma version 0.4.3
"""
@title The packed tenant word
@license Apache-2.0
@author DecentraSpace
@notice What Hosting knows of an account, in one storage word: its tier, as it was when the
        account took it, and how many services it has.
@dev Layout, lowest bits first:

        field        bits  unit
        tier            8                    0 for none taken
        rate           36  nano credit / s   what the tier streams
        discount       14  basis points      on services that are started
        allowed        20                    services at once, when last looked up
        free           20                    free services not stopped
        paid           20                    paid services of `epoch` not stopped
        epoch          32                    of the account, that all but `free` counts in
                      ---
                      150

     A word of zero is an account without a tier and without services.
     Once an epoch is over, the tier and the paid services of it have ended.
"""


struct Tenant:
    tier: uint256
    rate: uint256
    discount: uint256
    allowed: uint256
    free: uint256
    paid: uint256
    epoch: uint256


RATE_AT: constant(uint256) = 8
DISCOUNT_AT: constant(uint256) = 44
ALLOWED_AT: constant(uint256) = 58
FREE_AT: constant(uint256) = 78
PAID_AT: constant(uint256) = 98
EPOCH_AT: constant(uint256) = 118

TIER_MASK: constant(uint256) = 2**8 - 1
RATE_MASK: constant(uint256) = 2**36 - 1
DISCOUNT_MASK: constant(uint256) = 2**14 - 1
COUNT_MASK: constant(uint256) = 2**20 - 1
ONE_FREE: constant(uint256) = 1 << FREE_AT
ONE_PAID: constant(uint256) = 1 << PAID_AT


@internal
@pure
def _unpack(word: uint256) -> Tenant:
    """
    @dev Reads a tenant word.
    @param word The packed word.
    @return Tenant Its fields.
    """
    return Tenant(
        tier=word & TIER_MASK,
        rate=(word >> RATE_AT) & RATE_MASK,
        discount=(word >> DISCOUNT_AT) & DISCOUNT_MASK,
        allowed=(word >> ALLOWED_AT) & COUNT_MASK,
        free=(word >> FREE_AT) & COUNT_MASK,
        paid=(word >> PAID_AT) & COUNT_MASK,
        epoch=word >> EPOCH_AT,
    )


@internal
@pure
def _in_epoch(word: uint256, epoch: uint256) -> uint256:
    """
    @dev What is left of a tenant in an epoch: of an older one only the free services.
    @param word The packed word.
    @param epoch The account's epoch as of now.
    @return uint256 The packed word, of that epoch.
    """
    if word >> EPOCH_AT == epoch:
        return word
    return (word & (COUNT_MASK << FREE_AT)) | (epoch << EPOCH_AT)


@internal
@pure
def _subscribed(
    word: uint256, tier: uint256, rate: uint256, discount: uint256, allowed: uint256
) -> uint256:
    """
    @dev Gives a tenant another tier.
    @param word The packed word, of the current epoch.
    @param tier The tier's number.
    @param rate nano credit a second that it streams.
    @param discount Basis points.
    @param allowed Services at once.
    @return uint256 The packed word.
    """
    return (
        ((word >> FREE_AT) << FREE_AT)
        | tier
        | (rate << RATE_AT)
        | (discount << DISCOUNT_AT)
        | (allowed << ALLOWED_AT)
    )


@internal
@pure
def _services(word: uint256) -> uint256:
    """
    @dev How many services a tenant has.
    @param word The packed word, of the current epoch.
    @return uint256 A count.
    """
    return unsafe_add((word >> FREE_AT) & COUNT_MASK, (word >> PAID_AT) & COUNT_MASK)
