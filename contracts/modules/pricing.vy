# pragma version 0.4.3
"""
@title Prices of names
@license Apache-2.0
@author DecentraSpace
@notice What a label costs for a time, the premium of a name that has just become free, and
        whether names can be registered at all.
@dev A change of prices is announced: it counts from NOTICE later. A registration pays the price
     of its commitment's second or of its own, whichever is less, so nobody who has committed to
     a name pays more than it cost then. (The premium only falls.) That takes that the word still
     tells the prices of a commitment's second: for SETTLED, which is as long as a commitment
     lives, a change that has come to count can't be followed by another.
     Prices, the coming ones and the switch stand in one word, lowest bits first:

        field        bits  unit
        before     3 x 37  micro credit a year, for 3, 4, and 5 or more characters
        after      3 x 37  micro credit a year, from `changes_at` on
        changes_at     32  unix seconds
        closed          1
                      ---
                      255
"""

from contracts.modules import roles

uses: roles


event PricesSet:
    before: uint256[3]
    prices: uint256[3]
    changes_at: uint256


event RegisteringSet:
    open: bool


PRICE_BITS: constant(uint256) = 37
PRICE_MASK: constant(uint256) = 2**37 - 1
PRICES_BITS: constant(uint256) = 111
PRICES_MASK: constant(uint256) = 2**111 - 1
CHANGES_AT: constant(uint256) = 222
CLOSED_AT: constant(uint256) = 254

DAY: constant(uint256) = 86_400  # seconds
YEAR: constant(uint256) = 365 * DAY
NOTICE: constant(uint256) = 2 * DAY
SETTLED: constant(uint256) = DAY
NANO_PER_MICRO: constant(uint256) = 10**3
SHORTEST: constant(uint256) = 3  # characters: of the first price
LONGEST: constant(uint256) = 5  # characters: of the last price, and beyond

PREMIUM_DAYS: constant(uint256) = 21
PREMIUM_START: constant(uint256) = 10**17  # nano credit: a hundred million credits
PREMIUM_END: constant(uint256) = PREMIUM_START >> PREMIUM_DAYS  # so that it ends at 0

word: uint256


@deploy
def __init__(prices: uint256[3]):
    """
    @param prices nano credit a year, for 3, 4, and 5 or more characters; they count at once.
    """
    self._write(prices, prices, block.timestamp, False)


@external
def set_prices(prices: uint256[3]):
    """
    @notice Announces what names will cost: it counts in two days. For the admin.
    @param prices nano credit a year, for 3, 4, and 5 or more characters, whole micro credits.
    """
    roles._check_admin()
    word: uint256 = self.word
    changes_at: uint256 = (word >> CHANGES_AT) & (2**32 - 1)
    if word & PRICES_MASK != (word >> PRICES_BITS) & PRICES_MASK:
        assert (
            block.timestamp < changes_at or block.timestamp > changes_at + SETTLED
        ), "Domains: prices just changed"
    self._write(self._prices(), prices, block.timestamp + NOTICE, self._is_closed(word))


@external
def set_registering(open: bool):
    """
    @notice Stops or allows new registrations; renewals and transfers always go on. For pausers.
    @param open Whether names can be registered.
    """
    roles._check_role(roles.Role.PAUSER)
    word: uint256 = self.word & (2**CLOSED_AT - 1)
    if not open:
        word |= 1 << CLOSED_AT
    self.word = word
    log RegisteringSet(open=open)


@external
@view
def prices() -> (uint256[3], uint256[3], uint256):
    """
    @notice What names cost, and what they will.
    @return uint256[3] nano credit a year for 3, 4, and 5 or more characters, now.
    @return uint256[3] The same from `changes_at` on.
    @return uint256 changes_at, a unix second; past where no change is coming.
    """
    word: uint256 = self.word
    return (
        self._prices(),
        self._unpacked(word >> PRICES_BITS),
        (word >> CHANGES_AT) & (2**32 - 1),
    )


@external
@view
def registering() -> bool:
    """
    @notice Whether names can be registered now.
    @return bool Whether they can.
    """
    return not self._is_closed(self.word)


@internal
def _write(before: uint256[3], after: uint256[3], changes_at: uint256, closed: bool):
    self.word = (
        self._packed(before)
        | (self._packed(after) << PRICES_BITS)
        | (changes_at << CHANGES_AT)
        | (convert(closed, uint256) << CLOSED_AT)
    )
    log PricesSet(before=before, prices=after, changes_at=changes_at)


@internal
@view
def _prices() -> uint256[3]:
    word: uint256 = self.word
    if block.timestamp >= (word >> CHANGES_AT) & (2**32 - 1):
        word >>= PRICES_BITS
    return self._unpacked(word)


@internal
@pure
def _cost(word: uint256, length: uint256, duration: uint256, at: uint256) -> uint256:
    """
    @dev Rounded up: a second of a name is never free.
    @param word The module's word, read by the caller.
    @param length The label's, in characters, at least 3.
    @param duration Seconds, in the bounds of `Domains`.
    @param at The unix second whose prices count: now, or not before the last change but one.
    @return uint256 nano credit.
    """
    # Nothing overflows: a length is at least 3, a price below 2**47, a duration below 2**29.
    price_at: uint256 = unsafe_mul(unsafe_sub(min(length, LONGEST), SHORTEST), PRICE_BITS)
    if at >= (word >> CHANGES_AT) & (2**32 - 1):
        price_at = unsafe_add(price_at, PRICES_BITS)
    per_year: uint256 = unsafe_mul((word >> price_at) & PRICE_MASK, NANO_PER_MICRO)
    return unsafe_add(unsafe_mul(per_year, duration), YEAR - 1) // YEAR


@internal
@view
def _premium(freed_at: uint256) -> uint256:
    """
    @dev Halves every day, falls in a straight line in between, and is 0 after 21 days.
    @param freed_at The unix second at which the name became free; 0 for one that was never
           registered.
    @return uint256 nano credit.
    """
    if freed_at == 0:
        return 0
    elapsed: uint256 = block.timestamp - freed_at
    if elapsed >= PREMIUM_DAYS * DAY:
        return 0
    at_dawn: uint256 = PREMIUM_START >> (elapsed // DAY)
    fallen: uint256 = (at_dawn >> 1) * (elapsed % DAY) // DAY
    return at_dawn - fallen - PREMIUM_END


@internal
@pure
def _is_closed(word: uint256) -> bool:
    return word >> CLOSED_AT == 1


@internal
@pure
def _packed(prices: uint256[3]) -> uint256:
    packed: uint256 = 0
    for i: uint256 in range(3):
        assert prices[i] != 0, "Domains: price of nothing"
        assert prices[i] % NANO_PER_MICRO == 0, "Domains: not whole micro credits"
        micro: uint256 = prices[i] // NANO_PER_MICRO
        assert micro <= PRICE_MASK, "Domains: price too large"
        packed |= micro << (PRICE_BITS * i)
    return packed


@internal
@pure
def _unpacked(packed: uint256) -> uint256[3]:
    prices: uint256[3] = empty(uint256[3])
    for i: uint256 in range(3):
        prices[i] = ((packed >> (PRICE_BITS * i)) & PRICE_MASK) * NANO_PER_MICRO
    return prices
