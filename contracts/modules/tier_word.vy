# pragma version 0.4.3
"""
@title The packed tier word
@license Apache-2.0
@author DecentraSpace
@notice What a tier asks and gives, in one storage word; its name stands beside it.
@dev Layout, lowest bits first:

        field        bits  unit
        rate           36  nano credit / s   0 for tier 0
        discount       14  basis points      off the price of paid services
        services       20                    how many an account may have at once
        storage        60  bytes             allowance
        traffic        60  bytes a month     allowance
        offered         1
                      ---
                      191

     A word of zero is a tier that was never set: it allows no service.
"""


struct Terms:
    rate: uint256
    discount: uint256
    services: uint256
    storage: uint256
    traffic: uint256
    offered: bool


RATE_MASK: constant(uint256) = 2**36 - 1
DISCOUNT_AT: constant(uint256) = 36
DISCOUNT_MASK: constant(uint256) = 2**14 - 1
SERVICES_AT: constant(uint256) = 50
SERVICES_MASK: constant(uint256) = 2**20 - 1
STORAGE_AT: constant(uint256) = 70
TRAFFIC_AT: constant(uint256) = 130
BYTES_MASK: constant(uint256) = 2**60 - 1
OFFERED: constant(uint256) = 1 << 190

MOST_DISCOUNT: constant(uint256) = 9_000  # basis points: nothing paid becomes free


@internal
@pure
def _unpack(word: uint256) -> Terms:
    """
    @dev Reads a tier word.
    @param word The packed word; 0 is a tier that was never set.
    @return Terms Its terms.
    """
    return Terms(
        rate=word & RATE_MASK,
        discount=(word >> DISCOUNT_AT) & DISCOUNT_MASK,
        services=(word >> SERVICES_AT) & SERVICES_MASK,
        storage=(word >> STORAGE_AT) & BYTES_MASK,
        traffic=(word >> TRAFFIC_AT) & BYTES_MASK,
        offered=word & OFFERED != 0,
    )


@internal
@pure
def _pack(terms: Terms) -> uint256:
    """
    @dev Writes a tier word; a field that doesn't fit reverts.
    @param terms The fields.
    @return uint256 The packed word.
    """
    assert terms.rate <= RATE_MASK, "Hosting: rate too large"
    assert terms.discount <= MOST_DISCOUNT, "Hosting: discount too large"
    assert terms.services <= SERVICES_MASK, "Hosting: too many services"
    assert terms.storage <= BYTES_MASK, "Hosting: storage too large"
    assert terms.traffic <= BYTES_MASK, "Hosting: traffic too large"
    packed: uint256 = (
        terms.rate
        | (terms.discount << DISCOUNT_AT)
        | (terms.services << SERVICES_AT)
        | (terms.storage << STORAGE_AT)
        | (terms.traffic << TRAFFIC_AT)
    )
    return packed | OFFERED if terms.offered else packed
