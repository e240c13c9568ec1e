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
        (unused)        1
                      ---
                      256

     A word of zero is an account that was never touched: nothing in it, the default limit. A
     touched account's word is never zero, since its `updated_at` isn't.
     The balance at a time is `paid + granted - rate * elapsed`, never below 0. Nothing divides
     except the second of depletion, so nothing rounds: accruing to `a` and then to `b` equals
     accruing to `b`.
     A dry account keeps in `updated_at` the second it ran dry, until it is topped up or its rate
     becomes 0: accruing it again changes nothing.

     Bounds, checked once, where a word is written (`_pack`): 1.15e9 credits paid, 4.5e6 granted,
     68.7 credits a second, the year 2106, 137,438 credits a day. In between nothing overflows:
     `rate * elapsed` stays below 2**68.
"""

struct Account:
    paid: uint256
    granted: uint256
    rate: uint256
    updated_at: uint256
    spent_today: uint256
    lowered: bool
    per_day: uint256


PAID_BITS: constant(uint256) = 60
GRANTED_BITS: constant(uint256) = 52
RATE_BITS: constant(uint256) = 36
TIME_BITS: constant(uint256) = 32
MICRO_BITS: constant(uint256) = 37

GRANTED_AT: constant(uint256) = 60
RATE_AT: constant(uint256) = 112
UPDATED_AT: constant(uint256) = 148
SPENT_AT: constant(uint256) = 180
LOWERED_AT: constant(uint256) = 217
PER_DAY_AT: constant(uint256) = 218

PAID_MASK: constant(uint256) = 2**PAID_BITS - 1
# `spent_today` and `lowered`: what a new day sets to 0.
OF_DAY_MASK: constant(uint256) = (2 ** (MICRO_BITS + 1) - 1) << SPENT_AT

DEFAULT_PER_DAY: constant(uint256) = 10**6  # micro credit: one credit a day
DAY: constant(uint256) = 86_400  # seconds


@internal
@pure
def _unpack(word: uint256) -> Account:
    """
    @dev Reads an account word.
    @param word The packed word; 0 is an account that was never touched.
    @return Account Its fields, as they were at `updated_at`.
    """
    if word == 0:
        return Account(
            paid=0,
            granted=0,
            rate=0,
            updated_at=0,
            spent_today=0,
            lowered=False,
            per_day=DEFAULT_PER_DAY,
        )
    return Account(
        paid=word & (2**PAID_BITS - 1),
        granted=(word >> GRANTED_AT) & (2**GRANTED_BITS - 1),
        rate=(word >> RATE_AT) & (2**RATE_BITS - 1),
        updated_at=(word >> UPDATED_AT) & (2**TIME_BITS - 1),
        spent_today=(word >> SPENT_AT) & (2**MICRO_BITS - 1),
        lowered=(word >> LOWERED_AT) & 1 == 1,
        per_day=word >> PER_DAY_AT,
    )


@internal
@pure
def _pack(account: Account) -> uint256:
    """
    @dev Writes an account word; a field that doesn't fit reverts.
    @param account The fields.
    @return uint256 The packed word.
    """
    assert account.paid < 2**PAID_BITS, "Credits: paid too large"
    assert account.granted < 2**GRANTED_BITS, "Credits: granted too large"
    assert account.rate < 2**RATE_BITS, "Credits: rate too large"
    assert account.updated_at < 2**TIME_BITS, "Credits: time too large"
    assert account.spent_today < 2**MICRO_BITS, "Credits: spent too large"
    assert account.per_day < 2**MICRO_BITS, "Credits: limit too large"
    return (
        account.paid
        | (account.granted << GRANTED_AT)
        | (account.rate << RATE_AT)
        | (account.updated_at << UPDATED_AT)
        | (account.spent_today << SPENT_AT)
        | (convert(account.lowered, uint256) << LOWERED_AT)
        | (account.per_day << PER_DAY_AT)
    )


@internal
@pure
def _accrue(account: Account, now: uint256) -> Account:
    """
    @dev Burns the stream up to a time: granted credit first, then paid, never below 0.
    @param account The account as it was at its `updated_at`.
    @param now The unix second to accrue to, not before `updated_at`.
    @return Account The account at `now`, or at the second it ran dry if that came first.
    """
    accrued: Account = account
    accrued.updated_at = now
    balance: uint256 = account.paid + account.granted
    burned: uint256 = account.rate * (now - account.updated_at)
    if account.rate != 0 and burned >= balance:  # it ran dry, at this second or before
        burned = balance
        accrued.updated_at = self._depletes_at(account)
    from_granted: uint256 = min(burned, account.granted)
    accrued.granted -= from_granted
    accrued.paid -= burned - from_granted
    return accrued


@internal
@pure
def _depletes_at(account: Account) -> uint256:
    """
    @dev The first second at which the balance is 0.
    @param account The account as it was at its `updated_at`.
    @return uint256 A unix second; 2**256 - 1 where nothing streams.
    """
    if account.rate == 0:
        return max_value(uint256)
    balance: uint256 = account.paid + account.granted
    return account.updated_at + (balance + account.rate - 1) // account.rate


@internal
@pure
def _has_ended(account: Account, now: uint256, grace: uint256) -> bool:
    """
    @dev Whether the account stayed dry for the whole grace period, so that its epoch is over.
    @param account The account, accrued or not.
    @param now The unix second.
    @param grace Seconds from depletion until what ran has ended.
    @return bool Whether it did.
    """
    return account.rate != 0 and now >= self._depletes_at(account) + grace


@internal
@pure
def _is_same_day(a: uint256, b: uint256) -> bool:
    """
    @dev Whether `spent_today` and `lowered` of one time still count at another.
    @param a A unix second.
    @param b A unix second.
    @return bool Whether both are of the same UTC day.
    """
    return a // DAY == b // DAY


@internal
@pure
def _spend(word: uint256, amount: uint256, now: uint256) -> uint256:
    """
    @dev Burns the stream up to a time and takes an amount beside it, granted credit first. What
         isn't all there is refused, so it is never an account that ran dry.
    @param word The packed word, of this day.
    @param amount nano credit, not 0.
    @param now The unix second, not before `updated_at`.
    @return uint256 The packed word at `now`.
    """
    assert now < 2**TIME_BITS, "Credits: time too large"
    granted: uint256 = (word >> GRANTED_AT) & (2**GRANTED_BITS - 1)
    balance: uint256 = unsafe_add(word & PAID_MASK, granted)  # below 2**61
    elapsed: uint256 = now - ((word >> UPDATED_AT) & (2**TIME_BITS - 1))
    # Below 2**68: the product of 36 bits and 32.
    burned: uint256 = unsafe_mul((word >> RATE_AT) & (2**RATE_BITS - 1), elapsed)
    assert (
        burned <= balance and amount <= unsafe_sub(balance, burned)
    ), "Credits: not enough credit"
    taken: uint256 = unsafe_add(burned, amount)
    from_granted: uint256 = min(taken, granted)
    # Each field stays in its own bits: time goes to `now`, and nothing is taken that isn't there.
    left: uint256 = unsafe_add(word, elapsed << UPDATED_AT)
    left = unsafe_sub(left, from_granted << GRANTED_AT)
    return unsafe_sub(left, unsafe_sub(taken, from_granted))
