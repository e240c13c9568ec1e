# pragma version 0.4.3
"""
@title Credits
@license Apache-2.0
@author DecentraSpace
@notice The prepaid account: credit bought with one stable ERC-20, streamed away by what runs.
@dev 1 credit = 1 whole unit of the asset, kept in full reserve; amounts are nano credit
     (10**-9) unless a name says otherwise. The layout and the arithmetic of an account stand in
     `modules/account_word.vy`; every event that changes an account holds its resulting word.

     Reserve, after every call:
        asset held * SCALE >= sum of paid over all stored words + earned
     with equality but for asset that was sent here without `buy`. Paid credit that burned is
     `earned` when its account is touched; it is in the sum until then.

     At depletion the stream stops by itself. A top-up before `depletes_at + GRACE` brings
     everything back. From then on the account's epoch counts one more: what ran in the older
     epoch has ended, and a late top-up doesn't pay for it. The first touch writes that down.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed

from contracts.interfaces import ICredits
from contracts.modules import account_word
from contracts.modules import roles

implements: ICredits

initializes: roles

exports: (
    roles.accept_admin,
    roles.admin,
    roles.propose_admin,
    roles.proposed_admin,
    roles.roles_of,
    roles.set_roles,
)


# ---------------------------------------------------------------- events


event CreditsDeployed:
    asset: indexed(address)
    scale: uint256
    grace: uint256


event Bought:
    account: indexed(address)
    buyer: indexed(address)
    amount: uint256
    word: uint256


event Refunded:
    account: indexed(address)
    to: indexed(address)
    amount: uint256
    word: uint256


event RateAdjusted:
    account: indexed(address)
    meter: indexed(address)
    delta: int256
    word: uint256


event Spent:
    account: indexed(address)
    meter: indexed(address)
    amount: uint256
    reference: bytes32
    word: uint256


event LimitSet:
    account: indexed(address)
    per_day: uint256
    word: uint256


event EpochEnded:
    account: indexed(address)
    epoch: uint256
    depleted_at: uint256
    word: uint256


event MeterSet:
    meter: indexed(address)
    registered: bool


event EarnedWithdrawn:
    to: indexed(address)
    amount: uint256
    earned: uint256


# ---------------------------------------------------------------- constants and storage


PERMIT: constant(Bytes[4]) = method_id(
    "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
)
NANO_DECIMALS: constant(uint8) = 9
NANO_PER_MICRO: constant(uint256) = 10**3
MAX_GRACE: constant(uint256) = 2**31  # seconds: no sum of times overflows

ASSET: public(immutable(address))
SCALE: public(immutable(uint256))  # nano credit in one base unit of the asset
GRACE: public(immutable(uint256))  # seconds from depletion until what ran has ended

words: HashMap[address, uint256]
epochs: HashMap[address, uint256]
limits: HashMap[address, uint256]  # micro credit a day: a lowered limit, until its day has come
meters: public(HashMap[address, bool])
former_meters: HashMap[address, bool]  # taken off: may still lower rates
earned: public(uint256)  # nano credit: paid credit that was burned and not yet withdrawn


@deploy
def __init__(asset: address, grace: uint256):
    """
    @notice The deployer becomes the admin.
    @param asset The ERC-20 that credit is bought with, of at most 9 decimals.
    @param grace Seconds from depletion until what ran has ended, below 2**31.
    """
    roles.__init__()
    assert grace < MAX_GRACE, "Credits: grace too long"
    decimals: uint8 = staticcall IERC20Detailed(asset).decimals()
    assert decimals <= NANO_DECIMALS, "Credits: too many decimals"
    ASSET = asset
    SCALE = 10 ** convert(NANO_DECIMALS - decimals, uint256)
    GRACE = grace
    log CreditsDeployed(asset=asset, scale=SCALE, grace=grace)


# ---------------------------------------------------------------- money in and out


@external
@nonreentrant
def buy(amount: uint256, account: address) -> uint256:
    """
    @notice Buys credit for any account with the asset, pulled from the caller.
    @param amount Base units of the asset.
    @param account The 20-byte address that receives the credit.
    @return uint256 The credit bought, in nano credit.
    """
    return self._buy(amount, account)


@external
@nonreentrant
def buy_with_permit(
    amount: uint256, account: address, deadline: uint256, v: uint8, r: bytes32, s: bytes32
) -> uint256:
    """
    @notice Buys credit by a signed EIP-2612 permit of the caller, in one transaction.
    @dev A permit that someone else has already sent in has done its work: only the allowance
         that results counts, so a front-run permit harms nobody.
    @param amount Base units of the asset, and of the permit.
    @param account The 20-byte address that receives the credit.
    @param deadline The permit's last unix second.
    @param v The permit signature's recovery byte.
    @param r The permit signature's r.
    @param s The permit signature's s.
    @return uint256 The credit bought, in nano credit.
    """
    _permitted: bool = raw_call(
        ASSET,
        abi_encode(msg.sender, self, amount, deadline, v, r, s, method_id=PERMIT),
        revert_on_failure=False,
    )
    return self._buy(amount, account)


@external
@nonreentrant
def refund(amount: uint256, to: address):
    """
    @notice Takes the caller's own paid credit out again, as the asset.
    @dev What the day's limit still allows to be charged stays, so that a refund can't race a
         settlement. Granted credit counts towards what stays; it is charged first.
    @param amount nano credit: a whole number of the asset's base units.
    @param to The 20-byte address that receives the asset.
    """
    account: account_word.Account = self._touch(msg.sender)
    assert amount <= account.paid, "Credits: more than paid credit"
    assert amount <= self._refundable(account), "Credits: limit still chargeable"
    account.paid -= amount
    word: uint256 = self._store(msg.sender, account)
    log Refunded(account=msg.sender, to=to, amount=amount, word=word)
    self._pay_out(amount, to)


@external
def set_limit(per_day: uint256):
    """
    @notice Sets what metered charges may take from the caller's account in a day.
    @dev A higher limit counts at once; a lower one from the next day, so that what was used today
         can still be charged. A dry account's day is the one it ran dry on: once that is over, a
         lower limit counts at once, for there is nothing left that was used under the old one.
    @param per_day micro credit; 0 refuses every metered charge.
    """
    account: account_word.Account = self._touch(msg.sender)
    account.lowered = per_day < account.per_day
    if account.lowered:
        self.limits[msg.sender] = per_day
    else:
        account.per_day = per_day
    word: uint256 = self._store(msg.sender, account)
    log LimitSet(account=msg.sender, per_day=per_day, word=word)


# ---------------------------------------------------------------- meters


@external
def adjust_rate(account: address, delta: int256):
    """
    @notice Changes what an account streams away a second. For registered meters only.
    @dev A meter that was taken off may still lower rates: whoever started something there can
         always stop it.
    @param account The 20-byte address of the account.
    @param delta nano credit a second, added to the rate.
    """
    if not self.meters[msg.sender]:
        assert self.former_meters[msg.sender] and delta < 0, "Credits: not a meter"
    changed: account_word.Account = self._touch(account)
    if delta >= 0:
        assert changed.paid + changed.granted > 0, "Credits: no credit"
        changed.rate += convert(delta, uint256)
    else:
        decrease: uint256 = convert(-delta, uint256)
        assert decrease <= changed.rate, "Credits: rate below zero"
        changed.rate -= decrease
    if changed.rate == 0:
        changed.updated_at = block.timestamp  # nothing streams, so nothing is dry
    word: uint256 = self._store(account, changed)
    log RateAdjusted(account=account, meter=msg.sender, delta=delta, word=word)


@external
def spend(account: address, amount: uint256, reference: bytes32):
    """
    @notice Takes credit from an account at once: granted first, then paid. For registered meters
            only, on behalf of the account's own call there.
    @dev No metered charge, so the day's limit doesn't count. A dry account has nothing to spend,
         so no epoch can be found ended here.
    @param account The 20-byte address of the account that pays.
    @param amount nano credit, not 0.
    @param reference 32 bytes that tell what for, kept in the event.
    """
    assert self.meters[msg.sender], "Credits: not a meter"
    assert amount != 0, "Credits: nothing to spend"
    word: uint256 = self.words[account]
    if word & account_word.OF_DAY_MASK != 0:
        word = account_word._pack(self._load(account))  # as a new day wants it
    left: uint256 = account_word._spend(word, amount, block.timestamp)
    self.words[account] = left
    from_paid: uint256 = unsafe_sub(
        word & account_word.PAID_MASK, left & account_word.PAID_MASK
    )
    if from_paid != 0:
        self.earned += from_paid
    log Spent(account=account, meter=msg.sender, amount=amount, reference=reference, word=left)


# ---------------------------------------------------------------- views


@external
@view
def account_of(
    account: address,
) -> (uint256, uint256, uint256, uint256, uint256, uint256):
    """
    @notice An account as of now.
    @param account The 20-byte address.
    @return uint256 paid, in nano credit.
    @return uint256 granted, in nano credit.
    @return uint256 rate, in nano credit a second; a depleted account keeps its rate in grace.
    @return uint256 updated_at, the unix second that all of it is true at: now, or the second
            that the account ran dry.
    @return uint256 spent_today, in micro credit.
    @return uint256 per_day, in micro credit: the limit that counts today.
    """
    current: account_word.Account = self._current(account)
    return (
        current.paid,
        current.granted,
        current.rate,
        current.updated_at,
        current.spent_today,
        current.per_day,
    )


@external
@view
def balance_of(account: address) -> uint256:
    """
    @notice What an account has now, paid and granted together.
    @param account The 20-byte address.
    @return uint256 nano credit.
    """
    current: account_word.Account = self._current(account)
    return current.paid + current.granted


@external
@view
def depletes_at(account: address) -> uint256:
    """
    @notice The first second at which the account's balance is 0 if nothing changes.
    @param account The 20-byte address.
    @return uint256 A unix second, past for a depleted account; 2**256 - 1 where nothing streams.
    """
    return account_word._depletes_at(self._current(account))


@external
@view
def epoch_of(account: address) -> uint256:
    """
    @notice How often the account ran dry and stayed so beyond the grace period, as of now.
    @param account The 20-byte address.
    @return uint256 A count.
    """
    stored: account_word.Account = account_word._unpack(self.words[account])
    if account_word._has_ended(stored, block.timestamp, GRACE):
        return self.epochs[account] + 1
    return self.epochs[account]


@external
@view
def refundable_of(account: address) -> uint256:
    """
    @notice The most that `refund` would pay out to the account now.
    @param account The 20-byte address.
    @return uint256 nano credit, a whole number of the asset's base units.
    """
    return self._refundable(self._current(account))


# ---------------------------------------------------------------- admin


@external
def set_meter(meter: address, registered: bool):
    """
    @notice Registers a contract that may change rates, or takes it off: then it may only lower
            what runs already.
    @param meter The 20-byte address of the contract.
    @param registered Whether it may.
    """
    roles._check_admin()
    if self.meters[meter] and not registered:
        self.former_meters[meter] = True
    self.meters[meter] = registered
    log MeterSet(meter=meter, registered=registered)


@external
@nonreentrant
def withdraw_earned(amount: uint256, to: address):
    """
    @notice Pays out paid credit that was burned, as the asset.
    @param amount nano credit: a whole number of the asset's base units, at most `earned`.
    @param to The 20-byte address that receives the asset.
    """
    roles._check_admin()
    assert amount <= self.earned, "Credits: more than earned"
    self.earned -= amount
    log EarnedWithdrawn(to=to, amount=amount, earned=self.earned)
    self._pay_out(amount, to)


# ---------------------------------------------------------------- internal


@internal
def _buy(amount: uint256, account: address) -> uint256:
    """
    @dev The asset comes first: the account is read after the only call to a foreign contract.
    """
    assert amount != 0, "Credits: nothing to buy"
    assert amount < 2**account_word.PAID_BITS, "Credits: paid too large"
    assert account != empty(address), "Credits: buy for nobody"
    self._pull(amount)
    credits: uint256 = amount * SCALE
    changed: account_word.Account = self._touch(account)
    changed.paid += credits
    changed.updated_at = block.timestamp  # ends a depletion: the stream starts again now
    word: uint256 = self._store(account, changed)
    log Bought(account=account, buyer=msg.sender, amount=credits, word=word)
    return credits


@internal
def _pull(amount: uint256):
    """
    @dev Pulls asset from the caller; a token that keeps a part of it for itself is refused.
    """
    held: uint256 = staticcall IERC20(ASSET).balanceOf(self)
    assert extcall IERC20(ASSET).transferFrom(
        msg.sender, self, amount, default_return_value=True
    ), "Credits: transfer failed"
    assert (
        staticcall IERC20(ASSET).balanceOf(self) >= held + amount
    ), "Credits: transfer fell short"


@internal
def _pay_out(amount: uint256, to: address):
    """
    @dev Sends asset. Everything is written before it is called.
    @param amount nano credit.
    """
    assert amount != 0, "Credits: nothing to pay out"
    assert amount % SCALE == 0, "Credits: not whole asset units"
    assert to != empty(address) and to != self, "Credits: no such receiver"
    assert extcall IERC20(ASSET).transfer(
        to, amount // SCALE, default_return_value=True
    ), "Credits: transfer failed"


@internal
def _touch(account: address) -> account_word.Account:
    """
    @dev The account as of now, ready to be changed: what burned is earned, and an epoch that
         has ended is written down.
    """
    stored: account_word.Account = self._load(account)
    accrued: account_word.Account = account_word._accrue(stored, block.timestamp)
    if stored.paid != accrued.paid:
        self.earned += stored.paid - accrued.paid
    if account_word._has_ended(accrued, block.timestamp, GRACE):
        depleted_at: uint256 = accrued.updated_at
        accrued.rate = 0
        accrued.updated_at = block.timestamp
        epoch: uint256 = self.epochs[account] + 1
        self.epochs[account] = epoch
        log EpochEnded(
            account=account,
            epoch=epoch,
            depleted_at=depleted_at,
            word=account_word._pack(accrued),
        )
    return accrued


@internal
@view
def _load(account: address) -> account_word.Account:
    """
    @dev The account as it was written, under the limit of today.
    """
    stored: account_word.Account = account_word._unpack(self.words[account])
    if not account_word._is_same_day(stored.updated_at, block.timestamp):
        stored.spent_today = 0
        if stored.lowered:
            stored.lowered = False
            stored.per_day = self.limits[account]
    return stored


@internal
def _store(account: address, changed: account_word.Account) -> uint256:
    """
    @dev Writes an account; what `_touch` gave out is stored by its caller, always.
    """
    word: uint256 = account_word._pack(changed)
    self.words[account] = word
    return word


@internal
@view
def _current(account: address) -> account_word.Account:
    """
    @dev The account as `_touch` would leave it, with nothing written.
    """
    accrued: account_word.Account = account_word._accrue(self._load(account), block.timestamp)
    if account_word._has_ended(accrued, block.timestamp, GRACE):
        accrued.rate = 0
        accrued.updated_at = block.timestamp
    return accrued


@internal
@view
def _refundable(account: account_word.Account) -> uint256:
    """
    @dev What is left when all that today's limit still allows was charged. `spent_today` is never
         above `per_day`: a limit falls only where a new day has set `spent_today` to 0.
    """
    balance: uint256 = account.paid + account.granted
    allowance: uint256 = (account.per_day - account.spent_today) * NANO_PER_MICRO
    chargeable: uint256 = min(allowance, balance)
    refundable: uint256 = min(balance - chargeable, account.paid)
    return refundable - refundable % SCALE
