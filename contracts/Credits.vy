# pragma version 0.4.3
"""
@title Credits
@license Apache-2.0
@author DecentraSpace
@notice The prepaid account: credit bought with one stable ERC-20 or with ether, streamed away by
        what runs, charged for what was metered, and taken out again.
@dev 1 credit = 1 whole unit of the asset, kept in full reserve; amounts are nano credit
     (10**-9) unless a name says otherwise. The layout and the arithmetic of an account stand in
     `modules/account_word.vy`; every event that changes an account holds its resulting word.

     Reserve, after every call:
        asset held * SCALE = paid of all accounts, accrued to now + what of it burned since each
                             word was written + earned() + float
     and more only by asset that was sent here without a call. Paid credit that burned or was
     charged is earned once its account is touched.

     At depletion the stream stops by itself. A top-up before `depletes_at + GRACE` brings
     everything back. From then on the account's epoch counts one more: what ran in the older
     epoch has ended, and a late top-up doesn't pay for it. The first touch writes that down.

     No role can move, freeze or keep in what an account has paid. Granted credit can be frozen
     and forfeited by its reference. The day's limit bounds what is charged after use.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed

from contracts.interfaces import IAggregatorV3
from contracts.interfaces import ICredits
from contracts.modules import account_word
from contracts.modules import grant_word
from contracts.modules import meter_word
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


event EtherSold:
    account: indexed(address)
    wei_amount: uint256
    amount: uint256
    price: uint256
    float: uint256
    wei_held: uint256


event Refunded:
    account: indexed(address)
    to: indexed(address)
    amount: uint256
    word: uint256


event LimitSet:
    account: indexed(address)
    per_day: uint256
    word: uint256


event Granted:
    account: indexed(address)
    reference: indexed(bytes32)
    amount: uint256
    word: uint256


event GrantFrozen:
    account: indexed(address)
    reference: indexed(bytes32)
    amount: uint256
    word: uint256


event GrantUnfrozen:
    account: indexed(address)
    reference: indexed(bytes32)
    amount: uint256
    word: uint256


event GrantForfeited:
    account: indexed(address)
    reference: indexed(bytes32)
    amount: uint256
    word: uint256


event Settled:
    sequence: indexed(uint256)
    root: indexed(bytes32)
    charges: DynArray[uint256, MOST_CHARGES]
    words: DynArray[uint256, MOST_CHARGES]


event RateAdjusted:
    account: indexed(address)
    meter: address
    delta: int256
    word: uint256


event Spent:
    account: indexed(address)
    meter: address
    amount: uint256
    reference: bytes32
    word: uint256


event EpochEnded:
    account: indexed(address)
    epoch: uint256
    depleted_at: uint256
    word: uint256


event MeterSet:
    meter: indexed(address)
    registered: bool
    counts_at: uint256


event BuyingSet:
    open: bool


event GrantCapSet:
    per_day: uint256


event FeedSet:
    feed: indexed(address)
    max_age: uint256


event FloatChanged:
    by: indexed(address)
    delta: int256
    float: uint256


event EtherWithdrawn:
    to: indexed(address)
    amount: uint256
    wei_held: uint256


event EarnedWithdrawn:
    to: indexed(address)
    amount: uint256
    earned: uint256


# ---------------------------------------------------------------- constants and storage


PERMIT: constant(Bytes[4]) = method_id(
    "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
)
NANO_DECIMALS: constant(uint8) = 9
MAX_GRACE: constant(uint256) = 2**31  # seconds: no sum of times overflows
DAY: constant(uint256) = 86_400  # seconds

# A batch's arrays stand in memory: each more costs every batch some gas.
MOST_CHARGES: constant(uint256) = 200
ACCOUNT_AT: constant(uint256) = 96  # in a charge: account << 96 | micro credit
MICRO_MASK: constant(uint256) = 2**96 - 1
ACCOUNT_MASK: constant(uint256) = max_value(uint256) - MICRO_MASK
CHARGED_AT: constant(uint256) = 48  # in a settled charge: account << 96 | charged << 48 | asked
ASKED_MASK: constant(uint256) = 2**48 - 1  # micro credit: more than any account can hold

MOST_METERS: constant(uint256) = 16
# How long before a new meter counts, so that whoever doesn't trust it can leave; but for the
# first day, when nobody has anything here yet.
METER_NOTICE: constant(uint256) = 2 * DAY
OPENING: constant(uint256) = DAY

MOST_FEED_DECIMALS: constant(uint8) = 18
MOST_PRICE: constant(uint256) = 2**96
NANO_PER_CREDIT: constant(uint256) = 10**9
WEI_PER_ETHER: constant(uint256) = 10**18

ASSET: public(immutable(address))
SCALE: public(immutable(uint256))  # nano credit in one base unit of the asset
GRACE: public(immutable(uint256))  # seconds from depletion until what ran has ended
OPENED_AT: public(immutable(uint256))  # unix second of deployment

words: HashMap[address, uint256]
# Of the few accounts that need a second word (account_word.MORE): epoch, lowest 32 bits, and what
# meters besides the first one stream, nano credit a second.
rests: HashMap[address, uint256]
limits: HashMap[address, uint256]  # micro credit a day: a lowered limit, until its day has come

meter_words: HashMap[address, uint256]
meters: DynArray[address, MOST_METERS]  # all that ever were
# meter -> account -> what a meter besides the first one streams: nano credit a second, 36 bits,
# above it the epoch that it counts in.
shares: HashMap[address, HashMap[address, uint256]]

earned_apart: uint256  # nano credit: burned or charged where no meter looked on

grants: HashMap[bytes32, uint256]
grant_cap: public(uint256)  # nano credit a day
granted_day: uint256  # the day of `granted_today`, << 128, and `granted_today`, nano credit

next_sequence: public(uint256)

buying_closed: bool
float: public(uint256)  # nano credit: asset that ether is sold for
feed: public(address)
feed_max_age: public(uint256)  # seconds
feed_unit: uint256  # 10 to the feed's decimals


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
    SCALE = 10**convert(NANO_DECIMALS - decimals, uint256)
    GRACE = grace
    OPENED_AT = block.timestamp
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
@payable
@nonreentrant
def buy_with_ether(account: address, min_credits: uint256) -> uint256:
    """
    @notice Buys credit for any account with ether, at the price feed's last answer.
    @dev The asset behind it comes from the operator's float; the ether stays for the operator.
    @param account The 20-byte address that receives the credit.
    @param min_credits The least credit accepted, in nano credit: guards against a price that
           moves before the transaction is taken.
    @return uint256 The credit bought, in nano credit.
    """
    self._check_sale(account)
    price: uint256 = self._price()
    credits: uint256 = msg.value * price // WEI_PER_ETHER
    assert credits != 0, "Credits: nothing to buy"
    assert credits >= min_credits, "Credits: below min_credits"
    float: uint256 = self.float
    assert credits <= float, "Credits: float is short"
    float = unsafe_sub(float, credits)
    self.float = float
    self._credit(account, credits)
    log EtherSold(
        account=account,
        wei_amount=msg.value,
        amount=credits,
        price=price,
        float=float,
        wei_held=self.balance,
    )
    return credits


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
    word: uint256 = self.words[msg.sender]
    current: uint256 = self._current(msg.sender, word)
    assert amount <= current & account_word.PAID_MASK, "Credits: more than paid credit"
    assert amount <= self._refundable(current), "Credits: limit still chargeable"
    # There is paid credit, so the account isn't dry, and its word may stay as old as it is.
    word = unsafe_sub(word, amount)
    self.words[msg.sender] = word
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
    word: uint256 = self._touch(msg.sender)
    if per_day < (word >> account_word.PER_DAY_AT) & account_word.MICRO_MASK:
        word |= account_word.LOWERED
        self.limits[msg.sender] = per_day
    else:
        word = account_word._limited(word, per_day)
    self.words[msg.sender] = word
    log LimitSet(account=msg.sender, per_day=per_day, word=word)


# ---------------------------------------------------------------- grants


@external
def grant(account: address, amount: uint256, reference: bytes32):
    """
    @notice Gives an account credit that can't be refunded, for a payment made elsewhere. For
            granters. A reference can be used once, for ever; all grants of a day have a cap.
    @param account The 20-byte address that receives the credit.
    @param amount nano credit.
    @param reference 32 bytes that name the payment.
    """
    roles._check_role(roles.Role.GRANTER)
    assert account != empty(address), "Credits: grant to nobody"
    assert amount != 0, "Credits: nothing to grant"
    assert self.grants[reference] == 0, "Credits: reference used"
    self._count_grant(amount)
    word: uint256 = account_word._add_granted(self._touch(account), amount)
    word = account_word._at(word, block.timestamp)
    self.words[account] = word
    self.grants[reference] = grant_word._pack(account, amount, grant_word.GIVEN)
    log Granted(account=account, reference=reference, amount=amount, word=word)


@external
def freeze(reference: bytes32):
    """
    @notice Sets aside what is left of a grant whose payment is disputed. For granters.
    @dev Never paid credit: at most the account's granted credit goes.
    @param reference The grant's 32 bytes.
    """
    roles._check_role(roles.Role.GRANTER)
    self._freeze(reference)


@external
def unfreeze(reference: bytes32):
    """
    @notice Gives back what was set aside of a grant. For granters.
    @param reference The grant's 32 bytes.
    """
    roles._check_role(roles.Role.GRANTER)
    grant: uint256 = self.grants[reference]
    assert grant_word._state(grant) == grant_word.FROZEN, "Credits: grant not frozen"
    account: address = grant_word._account(grant)
    amount: uint256 = grant_word._amount(grant)
    word: uint256 = account_word._add_granted(self._touch(account), amount)
    if amount != 0:
        word = account_word._at(word, block.timestamp)
    self.words[account] = word
    self.grants[reference] = grant_word._pack(account, amount, grant_word.GIVEN)
    log GrantUnfrozen(account=account, reference=reference, amount=amount, word=word)


@external
def forfeit(reference: bytes32):
    """
    @notice Takes what is left of a grant away for good: its payment was reversed. For granters.
    @param reference The grant's 32 bytes; it is frozen first where it isn't.
    """
    roles._check_role(roles.Role.GRANTER)
    if grant_word._state(self.grants[reference]) != grant_word.FROZEN:
        self._freeze(reference)
    grant: uint256 = self.grants[reference]
    account: address = grant_word._account(grant)
    amount: uint256 = grant_word._amount(grant)
    self.grants[reference] = grant_word._pack(account, amount, grant_word.FORFEITED)
    log GrantForfeited(
        account=account, reference=reference, amount=amount, word=self.words[account]
    )


# ---------------------------------------------------------------- metered charges


@external
def settle(sequence: uint256, root: bytes32, charges: DynArray[uint256, MOST_CHARGES]):
    """
    @notice Charges accounts for what they used. For settlers.
    @dev Each account pays what is asked, but never more than it has, nor than its limit leaves
         for the day: no entry can make the batch fail, or be refused because of another. What an
         account doesn't pay now isn't owed.
    @param sequence The batch's number: that of `next_sequence`, so each comes once and in order.
    @param root The Merkle root of the usage lines behind the batch.
    @param charges One entry a charge: account << 96 | micro credit.
    """
    roles._check_role(roles.Role.SETTLER)
    assert sequence == self.next_sequence, "Credits: not the next sequence"
    self.next_sequence = sequence + 1
    settled: DynArray[uint256, MOST_CHARGES] = []
    words: DynArray[uint256, MOST_CHARGES] = []
    earned: uint256 = 0
    assert block.timestamp <= account_word.TIME_MASK, "Credits: time too large"
    midnight: uint256 = unsafe_sub(block.timestamp, block.timestamp % DAY)
    for charge: uint256 in charges:
        account: address = convert(charge >> ACCOUNT_AT, address)
        asked: uint256 = min(charge & MICRO_MASK, ASKED_MASK)
        stored: uint256 = self.words[account]
        today: uint256 = stored
        if (stored >> account_word.UPDATED_AT) & account_word.TIME_MASK < midnight:
            if stored & account_word.OF_DAY != 0:
                today = self._open_day(account, stored)
        word: uint256 = account_word._charge(today, asked, block.timestamp)
        charged: uint256 = unsafe_sub(
            (word >> account_word.SPENT_AT) & account_word.MICRO_MASK,
            (today >> account_word.SPENT_AT) & account_word.MICRO_MASK,
        )
        if charged == 0:
            word = stored  # nothing to write
        else:
            self.words[account] = word
            earned = unsafe_add(
                earned,
                unsafe_sub(stored & account_word.PAID_MASK, word & account_word.PAID_MASK),
            )
        settled.append((charge & ACCOUNT_MASK) | (charged << CHARGED_AT) | asked)
        words.append(word)
    if earned != 0:
        self.earned_apart += earned
    log Settled(sequence=sequence, root=root, charges=settled, words=words)


# ---------------------------------------------------------------- meters


@external
def adjust_rate(account: address, delta: int256) -> uint256:
    """
    @notice Changes what an account streams away a second. For registered meters only, and only
            by as much as the caller itself started there.
    @dev A meter that was taken off may still lower rates: whoever started something there can
         always stop it.
    @param account The 20-byte address of the account.
    @param delta nano credit a second, added to the rate.
    @return uint256 The account's epoch.
    """
    meter: uint256 = self.meter_words[msg.sender]
    stored: uint256 = self.words[account]
    # As `_accrued`, without the price of calling it.
    word: uint256 = account_word._accrue(stored, block.timestamp)
    if stored & account_word.OF_DAY != 0 or word & account_word.BALANCE_MASK == 0:
        word = self._turned(account, stored, word)
    burned: uint256 = unsafe_sub(stored & account_word.PAID_MASK, word & account_word.PAID_MASK)
    rate: uint256 = (word >> account_word.RATE_AT) & account_word.RATE_MASK
    if delta >= 0:
        assert meter_word._counts(meter, block.timestamp), "Credits: not a meter"
        assert word & account_word.BALANCE_MASK != 0, "Credits: no credit"
        increase: uint256 = convert(delta, uint256)
        assert increase <= unsafe_sub(account_word.RATE_MASK, rate), "Credits: rate too large"
        word = unsafe_add(word, increase << account_word.RATE_AT)
        if meter & meter_word.FIRST == 0:
            word = self._raise_share(account, increase, word)
    else:
        assert meter != 0, "Credits: not a meter"
        # No rate is that large, so whatever passes here can be negated.
        assert delta > -(2**36), "Credits: more than it started"
        decrease: uint256 = convert(unsafe_sub(0, delta), uint256)
        share: uint256 = rate
        if word & account_word.MORE != 0 or meter & meter_word.FIRST == 0:
            share = self._share(msg.sender, account, rate, word, meter_word._is_first(meter))
        if decrease > share:
            assert share != 0, "Credits: nothing streams"
            raise "Credits: more than it started"
        if meter & meter_word.FIRST == 0:
            self._lower_share(account, decrease)
        word = unsafe_sub(word, decrease << account_word.RATE_AT)
        if decrease == rate:
            word = account_word._at(word, block.timestamp)  # nothing streams, nothing is dry
    self.words[account] = word
    if burned != 0:
        self.meter_words[msg.sender] = unsafe_add(meter, burned)
    log RateAdjusted(account=account, meter=msg.sender, delta=delta, word=word)
    if word & account_word.MORE == 0:
        return 0
    return self.rests[account] & (2**32 - 1)


@external
def spend(account: address, amount: uint256, reference: bytes32):
    """
    @notice Takes credit from an account at once: granted first, then paid. For registered meters
            only, on behalf of the account's own call there.
    @dev No metered charge, so the day's limit doesn't count.
    @param account The 20-byte address of the account that pays.
    @param amount nano credit, not 0.
    @param reference 32 bytes that tell what for, kept in the event.
    """
    meter: uint256 = self.meter_words[msg.sender]
    assert meter_word._counts(meter, block.timestamp), "Credits: not a meter"
    assert amount != 0, "Credits: nothing to spend"
    stored: uint256 = self.words[account]
    word: uint256 = self._accrued(account, stored)
    assert amount <= account_word._balance(word), "Credits: not enough credit"
    word = account_word._take(word, amount)
    self.words[account] = word
    earned: uint256 = unsafe_sub(stored & account_word.PAID_MASK, word & account_word.PAID_MASK)
    if earned != 0:
        self.meter_words[msg.sender] = unsafe_add(meter, earned)
    log Spent(account=account, meter=msg.sender, amount=amount, reference=reference, word=word)


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
    current: account_word.Account = account_word._unpack(
        self._current(account, self.words[account])
    )
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
def word_of(account: address) -> uint256:
    """
    @notice An account as it is stored: the word of its last event.
    @param account The 20-byte address.
    @return uint256 The packed word; 0 for an account that was never touched.
    """
    return self.words[account]


@external
@view
def balance_of(account: address) -> uint256:
    """
    @notice What an account has now, paid and granted together.
    @param account The 20-byte address.
    @return uint256 nano credit.
    """
    return account_word._balance(self._current(account, self.words[account]))


@external
@view
def depletes_at(account: address) -> uint256:
    """
    @notice The first second at which the account's balance is 0 if nothing changes.
    @param account The 20-byte address.
    @return uint256 A unix second, past for a depleted account; 2**256 - 1 where nothing streams.
    """
    return account_word._depletes_at(self._current(account, self.words[account]))


@external
@view
def epoch_of(account: address) -> uint256:
    """
    @notice How often the account ran dry and stayed so beyond the grace period, as of now.
    @param account The 20-byte address.
    @return uint256 A count.
    """
    word: uint256 = self.words[account]
    epoch: uint256 = self._epoch(account, word)
    if account_word._has_ended(word, block.timestamp, GRACE):
        return unsafe_add(epoch, 1)
    return epoch


@external
@view
def refundable_of(account: address) -> uint256:
    """
    @notice The most that `refund` would pay out to the account now.
    @param account The 20-byte address.
    @return uint256 nano credit, a whole number of the asset's base units.
    """
    return self._refundable(self._current(account, self.words[account]))


@external
@view
def rate_by(meter: address, account: address) -> uint256:
    """
    @notice What of an account's rate one meter started, and so may lower.
    @param meter The 20-byte address of the meter.
    @param account The 20-byte address.
    @return uint256 nano credit a second.
    """
    known: uint256 = self.meter_words[meter]
    if known == 0:
        return 0
    current: uint256 = self._current(account, self.words[account])
    rate: uint256 = (current >> account_word.RATE_AT) & account_word.RATE_MASK
    if rate == 0:
        return 0
    return self._share(meter, account, rate, current, meter_word._is_first(known))


@external
@view
def grant_of(reference: bytes32) -> (address, uint256, uint256):
    """
    @notice A grant.
    @param reference Its 32 bytes.
    @return address The 20-byte address of its account; zero for an unused reference.
    @return uint256 nano credit: what was given; once it was frozen, what was set aside.
    @return uint256 Its state: 0 unused, 1 given, 2 frozen, 3 forfeited.
    """
    grant: uint256 = self.grants[reference]
    return grant_word._account(grant), grant_word._amount(grant), grant_word._state(grant)


@external
@view
def granted_today() -> uint256:
    """
    @notice What was granted on this UTC day, of `grant_cap`.
    @return uint256 nano credit.
    """
    return self._granted_today()


@external
@view
def meter_of(meter: address) -> (bool, uint256):
    """
    @notice Whether a contract is registered as a meter, and from when on it counts.
    @param meter The 20-byte address of the contract.
    @return bool Whether it is registered.
    @return uint256 A unix second.
    """
    word: uint256 = self.meter_words[meter]
    return meter_word._is_registered(word), meter_word._counts_at(word)


@external
@view
def earned() -> uint256:
    """
    @notice Paid credit that was burned, charged or spent, and not yet withdrawn.
    @return uint256 nano credit.
    """
    return self._earned()


@external
@view
def buying() -> bool:
    """
    @notice Whether credit can be bought now.
    @return bool Whether it can.
    """
    return not self.buying_closed


@external
@view
def credits_for(wei_amount: uint256) -> uint256:
    """
    @notice What `buy_with_ether` would give now, if the float has it.
    @param wei_amount wei.
    @return uint256 nano credit.
    """
    return wei_amount * self._price() // WEI_PER_ETHER


# ---------------------------------------------------------------- operators


@external
def set_buying(open: bool):
    """
    @notice Stops or allows buying; refunds, charges and all else go on. For pausers.
    @param open Whether credit can be bought.
    """
    roles._check_role(roles.Role.PAUSER)
    self.buying_closed = not open
    log BuyingSet(open=open)


@external
def set_meter(meter: address, registered: bool):
    """
    @notice Registers a contract that may change rates and spend, or takes it off: then it may
            only lower what it started. For the admin.
    @dev A new meter counts two days later, but for the first day of this contract.
    @param meter The 20-byte address of the contract.
    @param registered Whether it may.
    """
    roles._check_admin()
    assert meter != empty(address), "Credits: meter of nobody"
    word: uint256 = self.meter_words[meter]
    if word == 0:
        assert registered, "Credits: not a meter"
        assert len(self.meters) < MOST_METERS, "Credits: too many meters"
        word = meter_word._opened(len(self.meters) == 0)
        self.meters.append(meter)
    counts_at: uint256 = meter_word._counts_at(word)
    if registered and not meter_word._is_registered(word):
        counts_at = block.timestamp
        if block.timestamp >= OPENED_AT + OPENING:
            counts_at += METER_NOTICE
    self.meter_words[meter] = meter_word._set(word, registered, counts_at)
    log MeterSet(meter=meter, registered=registered, counts_at=counts_at)


@external
def set_grant_cap(per_day: uint256):
    """
    @notice Bounds what all granters together can grant in a UTC day. For the admin.
    @param per_day nano credit; 0 stops grants.
    """
    roles._check_admin()
    self.grant_cap = per_day
    log GrantCapSet(per_day=per_day)


@external
def set_feed(feed: address, max_age: uint256):
    """
    @notice Sets the price feed that ether is bought at. For the admin.
    @param feed The 20-byte address of an AggregatorV3 of credits an ether; zero for none.
    @param max_age Seconds after which an answer is refused.
    """
    roles._check_admin()
    if feed != empty(address):
        decimals: uint8 = staticcall IAggregatorV3(feed).decimals()
        assert decimals <= MOST_FEED_DECIMALS, "Credits: too many decimals"
        self.feed_unit = 10**convert(decimals, uint256)
    self.feed = feed
    self.feed_max_age = max_age
    log FeedSet(feed=feed, max_age=max_age)


@external
@nonreentrant
def add_float(amount: uint256):
    """
    @notice Gives asset that ether is sold for, pulled from the caller.
    @param amount Base units of the asset.
    """
    assert amount != 0, "Credits: nothing to add"
    self._pull(amount)
    added: uint256 = amount * SCALE
    self.float += added
    log FloatChanged(by=msg.sender, delta=convert(added, int256), float=self.float)


@external
@nonreentrant
def withdraw_float(amount: uint256, to: address):
    """
    @notice Pays asset of the float out. For the admin.
    @param amount nano credit: a whole number of the asset's base units, at most `float`.
    @param to The 20-byte address that receives the asset.
    """
    roles._check_admin()
    assert amount <= self.float, "Credits: more than the float"
    self.float -= amount
    log FloatChanged(by=msg.sender, delta=-convert(amount, int256), float=self.float)
    self._pay_out(amount, to)


@external
@nonreentrant
def withdraw_ether(amount: uint256, to: address):
    """
    @notice Pays out ether that credit was bought with. For the admin.
    @param amount wei.
    @param to The 20-byte address that receives it.
    """
    roles._check_admin()
    assert amount != 0 and amount <= self.balance, "Credits: more than the ether"
    assert to != empty(address) and to != self, "Credits: no such receiver"
    log EtherWithdrawn(to=to, amount=amount, wei_held=self.balance - amount)
    raw_call(to, b"", value=amount)


@external
@nonreentrant
def withdraw_earned(amount: uint256, to: address):
    """
    @notice Pays out paid credit that was burned, charged or spent, as the asset. For the admin.
    @param amount nano credit: a whole number of the asset's base units, at most `earned`.
    @param to The 20-byte address that receives the asset.
    """
    roles._check_admin()
    earned: uint256 = self._earned()
    assert amount <= earned, "Credits: more than earned"
    for meter: address in self.meters:
        self.meter_words[meter] = meter_word._emptied(self.meter_words[meter])
    earned = unsafe_sub(earned, amount)
    self.earned_apart = earned
    log EarnedWithdrawn(to=to, amount=amount, earned=earned)
    self._pay_out(amount, to)


# ---------------------------------------------------------------- internal


@internal
def _buy(amount: uint256, account: address) -> uint256:
    """
    @dev The asset comes first: the account is read after the only call to a foreign contract.
    """
    self._check_sale(account)
    assert amount != 0, "Credits: nothing to buy"
    assert amount <= account_word.PAID_MASK, "Credits: paid too large"
    self._pull(amount)
    credits: uint256 = amount * SCALE
    self._credit(account, credits)
    return credits


@internal
@view
def _check_sale(account: address):
    assert not self.buying_closed, "Credits: buying is paused"
    assert account != empty(address), "Credits: buy for nobody"


@internal
def _credit(account: address, credits: uint256):
    """
    @dev Adds paid credit. An account that isn't dry needs no accruing for it.
    """
    word: uint256 = self.words[account]
    if word == 0 or account_word._is_dry(word, block.timestamp):
        word = account_word._at(self._touch(account), block.timestamp)
    word = account_word._add_paid(word, credits)
    self.words[account] = word
    log Bought(account=account, buyer=msg.sender, amount=credits, word=word)


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
@view
def _price() -> uint256:
    """
    @dev nano credit for one ether, by the feed; refuses an answer that is old or makes no sense.
    """
    feed: address = self.feed
    assert feed != empty(address), "Credits: no price feed"
    round_id: uint80 = 0
    answer: int256 = 0
    started_at: uint256 = 0
    updated_at: uint256 = 0
    answered_in: uint80 = 0
    (round_id, answer, started_at, updated_at, answered_in) = staticcall IAggregatorV3(
        feed
    ).latestRoundData()
    assert answer > 0 and updated_at != 0, "Credits: no price"
    assert updated_at <= block.timestamp, "Credits: price of the future"
    assert block.timestamp - updated_at <= self.feed_max_age, "Credits: price is stale"
    price: uint256 = convert(answer, uint256)
    assert price < MOST_PRICE, "Credits: price too large"
    return price * NANO_PER_CREDIT // self.feed_unit


@internal
def _count_grant(amount: uint256):
    """
    @dev Holds the day's grants under their cap.
    """
    assert amount <= account_word.GRANTED_MASK, "Credits: granted too large"
    today: uint256 = self._granted_today() + amount
    assert today <= self.grant_cap, "Credits: above the grant cap"
    self.granted_day = ((block.timestamp // DAY) << 128) | today


@internal
@view
def _granted_today() -> uint256:
    counted: uint256 = self.granted_day
    if counted >> 128 != block.timestamp // DAY:
        return 0
    return counted & (2**128 - 1)


@internal
def _freeze(reference: bytes32):
    """
    @dev Takes what is left of a given grant out of its account.
    """
    grant: uint256 = self.grants[reference]
    assert grant != 0, "Credits: no such grant"
    assert grant_word._state(grant) == grant_word.GIVEN, "Credits: grant not given"
    account: address = grant_word._account(grant)
    word: uint256 = self._touch(account)
    granted: uint256 = (word >> account_word.GRANTED_AT) & account_word.GRANTED_MASK
    amount: uint256 = min(grant_word._amount(grant), granted)
    word = unsafe_sub(word, amount << account_word.GRANTED_AT)
    self.words[account] = word
    self.grants[reference] = grant_word._pack(account, amount, grant_word.FROZEN)
    log GrantFrozen(account=account, reference=reference, amount=amount, word=word)


@internal
def _touch(account: address) -> uint256:
    """
    @dev The account's word as of now, ready to be changed and to be stored by the caller; what
         burned is earned.
    """
    stored: uint256 = self.words[account]
    word: uint256 = self._accrued(account, stored)
    burned: uint256 = unsafe_sub(stored & account_word.PAID_MASK, word & account_word.PAID_MASK)
    if burned != 0:
        self.earned_apart += burned
    return word


@internal
def _accrued(account: address, stored: uint256) -> uint256:
    """
    @dev A stored word as of now; an epoch that is over is written down. What of it burned is for
         the caller to book.
    """
    word: uint256 = account_word._accrue(stored, block.timestamp)
    if stored & account_word.OF_DAY != 0 or word & account_word.BALANCE_MASK == 0:
        return self._turned(account, stored, word)
    return word


@internal
def _turned(account: address, stored: uint256, accrued: uint256) -> uint256:
    """
    @dev What `_accrued` does where more than the stream may have changed the account: a new day
         came, its epoch ended, or it is new.
    """
    word: uint256 = accrued
    if stored == 0:
        return word | account_word.NEW
    if account_word._is_new_day(stored, block.timestamp):
        word = self._open_day(account, word)
    if word & account_word.BALANCE_MASK == 0:
        word = self._end_epoch(account, word)
    return word


@internal
def _end_epoch(account: address, accrued: uint256) -> uint256:
    """
    @dev Writes an epoch down that is over; any other empty account stays as it is.
    """
    if not account_word._has_ended(accrued, block.timestamp, GRACE):
        return accrued
    epoch: uint256 = unsafe_add(self._epoch(account, accrued), 1)
    self.rests[account] = epoch
    word: uint256 = self._ended(accrued) | account_word.MORE
    log EpochEnded(
        account=account,
        epoch=epoch,
        depleted_at=(accrued >> account_word.UPDATED_AT) & account_word.TIME_MASK,
        word=word,
    )
    return word


@internal
@view
def _current(account: address, stored: uint256) -> uint256:
    """
    @dev A stored word as `_accrued` would give it, with nothing written.
    """
    word: uint256 = stored
    if stored == 0:
        word = account_word.NEW
    is_new_day: bool = account_word._is_new_day(word, block.timestamp)
    word = account_word._accrue(word, block.timestamp)
    if is_new_day:
        word = self._open_day(account, word)
    if account_word._has_ended(word, block.timestamp, GRACE):
        word = self._ended(word)
    return word


@internal
@view
def _ended(accrued: uint256) -> uint256:
    """
    @dev A word whose epoch is over: nothing streams any more.
    """
    return account_word._at(
        accrued & ~(account_word.RATE_MASK << account_word.RATE_AT), block.timestamp
    )


@internal
@view
def _open_day(account: address, accrued: uint256) -> uint256:
    """
    @dev Nothing is spent yet, and a lowered limit counts.
    """
    word: uint256 = accrued & ~(account_word.MICRO_MASK << account_word.SPENT_AT)
    if word & account_word.LOWERED == 0:
        return word
    return account_word._limited(word, self.limits[account])


@internal
@view
def _epoch(account: address, word: uint256) -> uint256:
    """
    @dev The epoch that was last written down.
    """
    if word & account_word.MORE == 0:
        return 0
    return self.rests[account] & (2**32 - 1)


@internal
@view
def _refundable(current: uint256) -> uint256:
    """
    @dev What is left when all that today's limit still allows was charged. `spent_today` is never
         above `per_day`: a limit falls only where a new day has set `spent_today` to 0.
    """
    balance: uint256 = account_word._balance(current)
    limit: uint256 = (current >> account_word.PER_DAY_AT) & account_word.MICRO_MASK
    spent: uint256 = (current >> account_word.SPENT_AT) & account_word.MICRO_MASK
    chargeable: uint256 = min((limit - spent) * account_word.NANO_PER_MICRO, balance)
    refundable: uint256 = min(balance - chargeable, current & account_word.PAID_MASK)
    return refundable - refundable % SCALE


@internal
@view
def _share(
    meter: address, account: address, rate: uint256, word: uint256, is_first: bool
) -> uint256:
    """
    @dev What of an account's rate a meter started, in nano credit a second. The first meter's is
         all that the others didn't start, so an account that it alone serves needs no second word.
    """
    if word & account_word.MORE == 0:
        return rate if is_first else 0
    rest: uint256 = self.rests[account]
    if is_first:
        return rate - (rest >> 32)
    share: uint256 = self.shares[meter][account]
    if share >> 36 != rest & (2**32 - 1):
        return 0  # of an epoch that is over
    return share & account_word.RATE_MASK


@internal
def _raise_share(account: address, increase: uint256, word: uint256) -> uint256:
    """
    @dev Counts what a meter besides the first one starts; gives the word, which now says so.
    """
    rest: uint256 = 0
    if word & account_word.MORE != 0:
        rest = self.rests[account]
    share: uint256 = self._share(msg.sender, account, account_word.RATE_MASK, word, False)
    self.shares[msg.sender][account] = ((rest & (2**32 - 1)) << 36) | (share + increase)
    self.rests[account] = rest + (increase << 32)
    return word | account_word.MORE


@internal
def _lower_share(account: address, decrease: uint256):
    """
    @dev Counts what a meter besides the first one stops; it has started that much.
    """
    self.shares[msg.sender][account] -= decrease
    self.rests[account] -= decrease << 32


@internal
@view
def _earned() -> uint256:
    earned: uint256 = self.earned_apart
    for meter: address in self.meters:
        earned += meter_word._earned(self.meter_words[meter])
    return earned
