# pragma version 0.4.3
"""
@title The packed account word
@license Apache-2.0
@author DecentraSpace
@notice The one storage word of a prepaid account, and the arithmetic of its streaming burn.
@dev Layout, lowest bits first:

        field        bits  unit
        paid           60  nano credit       refundable
        granted        52  nano credit       not refundable, spent first
        rate           36  nano credit / s   what streams away
        updated_at     32  unix seconds      the second that paid and granted are true at
        spent_today    37  micro credit      taken by metered charges on the day of `updated_at`
        lowered         1                    a lower limit waits for the next day
        per_day        37  micro credit      what metered charges may take on that day
        more            1                    Credits keeps a second word of this account
                      ---
                      256

     A word of zero is an account that was never touched: nothing in it, the default limit. A
     touched account's word is never zero, since its `updated_at` isn't.
     The balance at a time is `paid + granted - rate * elapsed`, never below 0. Nothing divides
     except the second of depletion, so nothing rounds: accruing to `a` and then to `b` equals
     accruing to `b`.
     A dry account keeps in `updated_at` the second it ran dry, until it is topped up or its rate
     becomes 0: accruing it again changes nothing.
     What adds to `paid` or takes from it needs no accruing before, since granted credit burns
     first, then paid: an account that isn't dry may keep an older `updated_at`.

     Bounds, each checked where its field grows: 1.15e9 credits paid, 4.5e6 granted, 68.7 credits
     a second, the year 2106, 137,438 credits a day. So each field stays in its own bits, whole
     words are added and subtracted, and in between nothing overflows: `rate * elapsed` stays
     below 2**68.
"""


struct Account:
    paid: uint256
    granted: uint256
    rate: uint256
    updated_at: uint256
    spent_today: uint256
    lowered: bool
    per_day: uint256


GRANTED_AT: constant(uint256) = 60
RATE_AT: constant(uint256) = 112
UPDATED_AT: constant(uint256) = 148
SPENT_AT: constant(uint256) = 180
LOWERED_AT: constant(uint256) = 217
PER_DAY_AT: constant(uint256) = 218

PAID_MASK: constant(uint256) = 2**60 - 1
GRANTED_MASK: constant(uint256) = 2**52 - 1
BALANCE_MASK: constant(uint256) = 2**RATE_AT - 1  # paid and granted
RATE_MASK: constant(uint256) = 2**36 - 1
TIME_MASK: constant(uint256) = 2**32 - 1
MICRO_MASK: constant(uint256) = 2**37 - 1
# `spent_today` and `lowered`: what a new day sets to 0.
OF_DAY: constant(uint256) = (2**38 - 1) << SPENT_AT
LOWERED: constant(uint256) = 1 << LOWERED_AT
MORE: constant(uint256) = 1 << 255

NANO_PER_MICRO: constant(uint256) = 10**3
DEFAULT_PER_DAY: constant(uint256) = 10**6  # micro credit: one credit a day
DAY: constant(uint256) = 86_400  # seconds
NEW: constant(uint256) = DEFAULT_PER_DAY << PER_DAY_AT  # what a word of zero stands for


@internal
@pure
def _unpack(word: uint256) -> Account:
    """
    @dev Reads an account word.
    @param word The packed word, not 0.
    @return Account Its fields, as they were at `updated_at`.
    """
    return Account(
        paid=word & PAID_MASK,
        granted=(word >> GRANTED_AT) & GRANTED_MASK,
        rate=(word >> RATE_AT) & RATE_MASK,
        updated_at=(word >> UPDATED_AT) & TIME_MASK,
        spent_today=(word >> SPENT_AT) & MICRO_MASK,
        lowered=word & LOWERED != 0,
        per_day=(word >> PER_DAY_AT) & MICRO_MASK,
    )


@internal
@pure
def _balance(word: uint256) -> uint256:
    """
    @dev What there was at `updated_at`.
    @param word The packed word.
    @return uint256 nano credit, below 2**61.
    """
    return unsafe_add(word & PAID_MASK, (word >> GRANTED_AT) & GRANTED_MASK)


@internal
@pure
def _accrue(word: uint256, now: uint256) -> uint256:
    """
    @dev Burns the stream up to a time: granted credit first, then paid, never below 0.
    @param word The packed word as it was at its `updated_at`.
    @param now The unix second to accrue to, not before `updated_at`.
    @return uint256 The word at `now`, or at the second it ran dry if that came first.
    """
    assert now <= TIME_MASK, "Credits: time too large"
    rate: uint256 = (word >> RATE_AT) & RATE_MASK
    elapsed: uint256 = now - ((word >> UPDATED_AT) & TIME_MASK)
    if rate == 0:
        return unsafe_add(word, elapsed << UPDATED_AT)
    granted: uint256 = (word >> GRANTED_AT) & GRANTED_MASK
    balance: uint256 = unsafe_add(word & PAID_MASK, granted)
    burned: uint256 = unsafe_mul(rate, elapsed)
    if burned >= balance:  # it ran dry, at this second or before
        burned = balance
        elapsed = unsafe_sub(unsafe_add(balance, rate), 1) // rate
    from_granted: uint256 = min(burned, granted)
    left: uint256 = unsafe_add(word, elapsed << UPDATED_AT)
    left = unsafe_sub(left, from_granted << GRANTED_AT)
    return unsafe_sub(left, unsafe_sub(burned, from_granted))


@internal
@pure
def _is_dry(word: uint256, now: uint256) -> bool:
    """
    @dev Whether a stream has used all there was.
    @param word The packed word, accrued or not.
    @param now The unix second, not before `updated_at`.
    @return bool Whether it has.
    """
    rate: uint256 = (word >> RATE_AT) & RATE_MASK
    elapsed: uint256 = now - ((word >> UPDATED_AT) & TIME_MASK)
    return rate != 0 and unsafe_mul(rate, elapsed) >= self._balance(word)


@internal
@pure
def _depletes_at(word: uint256) -> uint256:
    """
    @dev The first second at which the balance is 0.
    @param word The packed word, accrued or not.
    @return uint256 A unix second; 2**256 - 1 where nothing streams.
    """
    rate: uint256 = (word >> RATE_AT) & RATE_MASK
    if rate == 0:
        return max_value(uint256)
    lasts: uint256 = unsafe_sub(unsafe_add(self._balance(word), rate), 1) // rate
    return unsafe_add((word >> UPDATED_AT) & TIME_MASK, lasts)


@internal
@pure
def _has_ended(word: uint256, now: uint256, grace: uint256) -> bool:
    """
    @dev Whether the account stayed dry for the whole grace period, so that its epoch is over.
    @param word The packed word, accrued or not.
    @param now The unix second.
    @param grace Seconds from depletion until what ran has ended, below 2**31.
    @return bool Whether it did.
    """
    return now >= grace and unsafe_sub(now, grace) >= self._depletes_at(word)


@internal
@pure
def _is_new_day(word: uint256, now: uint256) -> bool:
    """
    @dev Whether `spent_today` and `lowered`, where there is any of it, are of another UTC day.
    @param word The packed word, before it is accrued.
    @param now The unix second.
    @return bool Whether they are.
    """
    return word & OF_DAY != 0 and ((word >> UPDATED_AT) & TIME_MASK) // DAY != now // DAY


@internal
@pure
def _add_paid(word: uint256, amount: uint256) -> uint256:
    """
    @dev Refuses what doesn't fit.
    @param word The packed word.
    @param amount nano credit, below 2**255.
    @return uint256 The word with more paid credit.
    """
    assert unsafe_add(word & PAID_MASK, amount) <= PAID_MASK, "Credits: paid too large"
    return unsafe_add(word, amount)


@internal
@pure
def _add_granted(word: uint256, amount: uint256) -> uint256:
    """
    @dev Refuses what doesn't fit.
    @param word The packed word, accrued.
    @param amount nano credit, below 2**255.
    @return uint256 The word with more granted credit.
    """
    granted: uint256 = (word >> GRANTED_AT) & GRANTED_MASK
    assert unsafe_add(granted, amount) <= GRANTED_MASK, "Credits: granted too large"
    return unsafe_add(word, amount << GRANTED_AT)


@internal
@pure
def _take(word: uint256, amount: uint256) -> uint256:
    """
    @dev Takes credit, granted first.
    @param word The packed word, accrued.
    @param amount nano credit, at most the balance.
    @return uint256 The word with less credit.
    """
    from_granted: uint256 = min(amount, (word >> GRANTED_AT) & GRANTED_MASK)
    left: uint256 = unsafe_sub(word, from_granted << GRANTED_AT)
    return unsafe_sub(left, unsafe_sub(amount, from_granted))


@internal
@pure
def _charge(word: uint256, asked: uint256, now: uint256) -> uint256:
    """
    @dev Burns the stream up to a time and takes a metered charge: never more than is left then,
         nor than the day's limit leaves. Written out, since a batch pays for each call in it.
    @param word The packed word, of this day.
    @param asked micro credit, below 2**96.
    @param now The unix second, not before `updated_at`.
    @return uint256 The word at `now`, with the charge in `spent_today`; the word as it was where
            the account ran dry before.
    """
    granted: uint256 = (word >> GRANTED_AT) & GRANTED_MASK
    balance: uint256 = unsafe_add(word & PAID_MASK, granted)
    elapsed: uint256 = unsafe_sub(now, (word >> UPDATED_AT) & TIME_MASK)
    taken: uint256 = unsafe_mul((word >> RATE_AT) & RATE_MASK, elapsed)
    if taken > balance:
        return word
    left: uint256 = unsafe_sub((word >> PER_DAY_AT) & MICRO_MASK, (word >> SPENT_AT) & MICRO_MASK)
    charged: uint256 = min(min(asked, left), unsafe_sub(balance, taken) // NANO_PER_MICRO)
    taken = unsafe_add(taken, unsafe_mul(charged, NANO_PER_MICRO))
    from_granted: uint256 = min(taken, granted)
    # Above paid credit, all changes in one sum.
    changes: uint256 = unsafe_add(elapsed << UPDATED_AT, charged << SPENT_AT)
    changes = unsafe_sub(changes, from_granted << GRANTED_AT)
    return unsafe_sub(unsafe_add(word, changes), unsafe_sub(taken, from_granted))


@internal
@pure
def _at(word: uint256, now: uint256) -> uint256:
    """
    @dev Ends a depletion: what streams, streams again from now on.
    @param word The packed word, accrued.
    @param now The unix second it was accrued to.
    @return uint256 The word, true at `now`.
    """
    return (word & ~(TIME_MASK << UPDATED_AT)) | (now << UPDATED_AT)


@internal
@pure
def _limited(word: uint256, per_day: uint256) -> uint256:
    """
    @dev The word of another day's limit; refuses one that doesn't fit.
    @param word The packed word.
    @param per_day micro credit.
    @return uint256 The word under that limit, with none waiting.
    """
    assert per_day <= MICRO_MASK, "Credits: limit too large"
    return (word & ~((MICRO_MASK << PER_DAY_AT) | LOWERED)) | (per_day << PER_DAY_AT)
