# pragma version 0.4.3
"""
@title Hosting
@license Apache-2.0
@author DecentraSpace
@notice The tiers that accounts take, the plans on offer, and the services that run on them.
@dev A service is one storage word. Its state machine, and nothing else is legal:

        start    ->  active
        pause        active             -> paused
        resume       paused             -> active
        suspend      active, paused     -> suspended     (moderator)
        unsuspend    suspended          -> paused        (moderator)
        stop         any but stopped    -> stopped

     An active service streams its price from its owner's account; in any other stored state it
     streams nothing. It keeps the price that it was started at, until its owner takes the plan's
     new one; only the discount follows the owner's tier (`reprice`).
     `lapsed`, `expired` and the end of an epoch are never written: `state_of` derives them. Once
     its owner's epoch is over, a paid service has ended, paused or not: nothing moves it again.
     A service's number is that of its plan times 10**7 and a count: 20000017 is the seventeenth
     of plan 2.
"""

from contracts.interfaces import ICredits
from contracts.interfaces import IHosting
from contracts.modules import plan_word
from contracts.modules import roles
from contracts.modules import service_word
from contracts.modules import tenant_word
from contracts.modules import tier_word

implements: IHosting

initializes: roles

exports: (
    roles.accept_admin,
    roles.admin,
    roles.propose_admin,
    roles.proposed_admin,
    roles.roles_of,
    roles.set_roles,
)


# ---------------------------------------------------------------- types


struct Plan:
    name: String[32]
    kind: uint256
    rate: uint256
    free_period: uint256
    offered: bool


struct Tier:
    name: String[32]
    rate: uint256
    discount: uint256
    services: uint256
    storage: uint256
    traffic: uint256
    offered: bool


# ---------------------------------------------------------------- events


event TierSet:
    tier: indexed(uint256)
    name: String[32]
    rate: uint256
    discount: uint256
    services: uint256
    storage: uint256
    traffic: uint256
    offered: bool


event PlanSet:
    plan: indexed(uint256)
    name: String[32]
    kind: uint256
    rate: uint256
    free_period: uint256
    offered: bool


event Subscribed:
    account: indexed(address)
    tier: indexed(uint256)
    rate: uint256
    discount: uint256
    services: uint256
    epoch: uint256


event ServiceStarted:
    service: indexed(uint256)
    owner: indexed(address)
    word: uint256
    reference: bytes32


event ServiceChanged:
    service: indexed(uint256)
    owner: indexed(address)
    word: uint256


event ServiceTransferred:
    service: indexed(uint256)
    owner: indexed(address)
    sender: indexed(address)
    word: uint256


event ServiceSuspended:
    service: indexed(uint256)
    owner: indexed(address)
    word: uint256
    reason: String[128]


# ---------------------------------------------------------------- constants and storage


# Kinds of plan.
STATIC_SITE: constant(uint256) = 1
STORAGE: constant(uint256) = 2
FUNCTION_SITE: constant(uint256) = 3

# Derived states, beside the stored ones of `modules/service_word.vy`.
LAPSED: constant(uint256) = 5
EXPIRED: constant(uint256) = 6

MOST_PLANS: constant(uint256) = 2**12
MOST_TIERS: constant(uint256) = 2**8
NANO_PER_MICRO: constant(uint256) = 10**3
DAY: constant(uint256) = 86_400  # seconds

CREDITS: public(immutable(address))

plan_names: HashMap[uint256, String[32]]
plan_words: HashMap[uint256, uint256]
tier_names: HashMap[uint256, String[32]]
tier_words: HashMap[uint256, uint256]
services: HashMap[uint256, uint256]
tenants: HashMap[address, uint256]


@deploy
def __init__(credits: address):
    """
    @notice The deployer becomes the admin.
    @param credits The 20-byte address of Credits, which must register this contract as a meter.
    """
    assert credits.is_contract, "Hosting: no such contract"
    roles.__init__()
    CREDITS = credits


# ---------------------------------------------------------------- tiers


@external
def subscribe(tier: uint256, max_rate: uint256 = max_value(uint256)):
    """
    @notice Takes a tier, in place of the one that the caller has, or its new terms.
    @param tier The tier's number; 0 ends a subscription.
    @param max_rate The highest price accepted, in nano credit a second.
    """
    self._subscribe(tier, max_rate)


@external
def unsubscribe():
    """
    @notice Goes back to tier 0. What runs goes on; the discount ends with `reprice`.
    """
    self._subscribe(0, 0)


# ---------------------------------------------------------------- services


@external
def start(plan: uint256, reference: bytes32, max_rate: uint256) -> uint256:
    """
    @notice Starts a service of a plan for the caller.
    @param plan The plan's number.
    @param reference 32 bytes of the caller's own, kept in the event.
    @param max_rate The highest price accepted, after the discount, in nano credit a second:
           guards against a price that changes before the transaction is taken.
    @return uint256 The service's number.
    """
    offer: uint256 = self.plan_words[plan]
    assert offer & plan_word.OFFERED != 0, "Hosting: plan not offered"
    rate: uint256 = offer & plan_word.RATE_MASK
    epoch: uint256 = staticcall ICredits(CREDITS).epoch_of(msg.sender)
    tenant: uint256 = tenant_word._in_epoch(self.tenants[msg.sender], epoch)
    tenant = self._with_room(tenant)
    terms: uint256 = 0
    if rate == 0:
        tenant = unsafe_add(tenant, tenant_word.ONE_FREE)
        terms = block.timestamp + ((offer >> plan_word.FREE_PERIOD_AT) & plan_word.FREE_PERIOD_MASK)
        epoch = 0
    else:
        tenant = unsafe_add(tenant, tenant_word.ONE_PAID)
        terms = (tenant >> tenant_word.DISCOUNT_AT) & tenant_word.DISCOUNT_MASK
        streamed: uint256 = rate
        if terms != 0:
            streamed = service_word._discounted(rate, terms)
        assert streamed <= max_rate, "Hosting: price above max_rate"
        self._adjust_rate(msg.sender, convert(streamed, int256))
    self.tenants[msg.sender] = tenant
    count: uint256 = unsafe_add(offer >> plan_word.STARTED_AT, 1)
    assert count < plan_word.MOST_STARTED, "Hosting: plan is used up"
    self.plan_words[plan] = unsafe_add(offer, 1 << plan_word.STARTED_AT)
    id: uint256 = unsafe_add(unsafe_mul(plan, plan_word.MOST_STARTED), count)
    word: uint256 = service_word._started(msg.sender, plan, rate, terms, epoch)
    self.services[id] = word
    log ServiceStarted(service=id, owner=msg.sender, word=word, reference=reference)
    return id


@external
def pause(id: uint256):
    """
    @notice Stops serving and streaming; what it holds is kept.
    @param id The number of an active service of the caller.
    """
    word: uint256 = self._mine(id)
    if word >> service_word.STATE_AT != service_word.ACTIVE:
        self._living(id)  # a reason of its own
        raise "Hosting: not active"
    streamed: uint256 = service_word._streams(word)
    if streamed != 0:
        epoch: uint256 = self._adjust_rate(msg.sender, unsafe_sub(0, convert(streamed, int256)))
        assert (
            epoch == (word >> service_word.EPOCH_AT) & service_word.EPOCH_MASK
        ), "Hosting: service has ended"
    word = unsafe_add(word, service_word.ACTIVE_TO_PAUSED)
    self.services[id] = word
    log ServiceChanged(service=id, owner=msg.sender, word=word)


@external
def resume(id: uint256):
    """
    @notice Serves and streams again, at the price that the service was started at.
    @param id The number of a paused service of the caller.
    """
    word: uint256 = self._mine(id)
    if word >> service_word.STATE_AT != service_word.PAUSED:
        self._living(id)  # a reason of its own
        raise "Hosting: not paused"
    streamed: uint256 = service_word._streams(word)
    if streamed != 0:
        epoch: uint256 = self._adjust_rate(msg.sender, convert(streamed, int256))
        assert (
            epoch == (word >> service_word.EPOCH_AT) & service_word.EPOCH_MASK
        ), "Hosting: service has ended"
    word = unsafe_sub(word, service_word.ACTIVE_TO_PAUSED)
    self.services[id] = word
    log ServiceChanged(service=id, owner=msg.sender, word=word)


@external
def stop(id: uint256):
    """
    @notice Ends a service for good.
    @param id The number of a service of the caller that has not ended.
    """
    word: uint256 = self._owned(id)
    if word >> service_word.STATE_AT == service_word.ACTIVE:
        self._unstream(msg.sender, word)
    self._leave(msg.sender, word)
    self._save(id, msg.sender, service_word._in_state(word, service_word.STOPPED))


@external
def transfer(id: uint256, to: address):
    """
    @notice Gives a service to another account; what it streams is streamed from there.
    @dev The receiver isn't asked, so its limit bounds what may come: with the service, all that
         it streams in a day stays within its limit a day. A limit of 0 takes nothing.
    @param id The number of an active or paused service of the caller.
    @param to The 20-byte address that receives it.
    """
    word: uint256 = self._owned(id)
    state: uint256 = word >> service_word.STATE_AT
    assert state != service_word.SUSPENDED, "Hosting: suspended"
    assert to != empty(address) and to != msg.sender, "Hosting: no such receiver"
    if state == service_word.ACTIVE:
        self._unstream(msg.sender, word)
    self._leave(msg.sender, word)
    moved: uint256 = self._join(to, word)
    if state == service_word.ACTIVE:
        self._stream(to, moved)
    self._check_receiver(to)
    self.services[id] = moved
    log ServiceTransferred(service=id, owner=to, sender=msg.sender, word=moved)


@external
def renew_free(id: uint256):
    """
    @notice Gives a free service its plan's whole free period again, from now.
    @dev Refused once the plan is no longer offered free: how a free plan comes to its end.
    @param id The number of a free service of the caller that has not ended.
    """
    word: uint256 = self._owned(id)
    assert (
        word & (service_word.RATE_MASK << service_word.RATE_AT) == 0
    ), "Hosting: not a free service"
    plan: uint256 = (word >> service_word.PLAN_AT) & service_word.PLAN_MASK
    offer: plan_word.Terms = plan_word._unpack(self.plan_words[plan])
    assert offer.offered and offer.rate == 0, "Hosting: plan not offered"
    self._save(id, msg.sender, self._with_terms(word, block.timestamp + offer.free_period))


@external
def take_rate(id: uint256, max_rate: uint256):
    """
    @notice Takes the plan's price of today, and the discount of the caller's tier, for a service
            that runs already.
    @param id The number of a paid service of the caller that has not ended.
    @param max_rate The highest price accepted, after the discount, in nano credit a second.
    """
    word: uint256 = self._owned(id)
    assert (
        word & (service_word.RATE_MASK << service_word.RATE_AT) != 0
    ), "Hosting: not a paid service"
    plan: uint256 = (word >> service_word.PLAN_AT) & service_word.PLAN_MASK
    offer: plan_word.Terms = plan_word._unpack(self.plan_words[plan])
    assert offer.offered and offer.rate != 0, "Hosting: plan not offered"
    assert word >> service_word.STATE_AT != service_word.SUSPENDED, "Hosting: suspended"
    repriced: uint256 = word & ~(service_word.RATE_MASK << service_word.RATE_AT)
    repriced |= offer.rate << service_word.RATE_AT
    repriced = self._with_terms(repriced, self._discount_of(msg.sender))
    assert service_word._streams(repriced) <= max_rate, "Hosting: price above max_rate"
    self._reprice(id, msg.sender, word, repriced)


@external
def reprice(id: uint256):
    """
    @notice Gives a paid service the discount of its owner's tier, whether more or less. Anyone
            may: the owner after subscribing, the operator after the owner has unsubscribed.
    @param id The number of a paid service that has not ended.
    """
    word: uint256 = self._living(id)
    assert (
        word & (service_word.RATE_MASK << service_word.RATE_AT) != 0
    ), "Hosting: not a paid service"
    assert word >> service_word.STATE_AT != service_word.SUSPENDED, "Hosting: suspended"
    owner: address = convert(word & service_word.OWNER_MASK, address)
    repriced: uint256 = self._with_terms(word, self._discount_of(owner))
    assert repriced != word, "Hosting: nothing to reprice"
    self._reprice(id, owner, word, repriced)


# ---------------------------------------------------------------- moderation


@external
def suspend(id: uint256, reason: String[128]):
    """
    @notice Takes a service off the air and stops its stream. For moderators.
    @param id The number of an active or paused service.
    @param reason What its owner and its visitors are told.
    """
    roles._check_role(roles.Role.MODERATOR)
    word: uint256 = self._living(id)
    state: uint256 = word >> service_word.STATE_AT
    assert state != service_word.SUSPENDED, "Hosting: already suspended"
    owner: address = convert(word & service_word.OWNER_MASK, address)
    if state == service_word.ACTIVE:
        self._unstream(owner, word)
    word = service_word._in_state(word, service_word.SUSPENDED)
    self.services[id] = word
    log ServiceSuspended(service=id, owner=owner, word=word, reason=reason)


@external
def unsuspend(id: uint256):
    """
    @notice Gives a suspended service back to its owner, paused. For moderators.
    @param id The number of a suspended service.
    """
    roles._check_role(roles.Role.MODERATOR)
    word: uint256 = self._living(id)
    assert word >> service_word.STATE_AT == service_word.SUSPENDED, "Hosting: not suspended"
    owner: address = convert(word & service_word.OWNER_MASK, address)
    self._save(id, owner, service_word._in_state(word, service_word.PAUSED))


# ---------------------------------------------------------------- views


@external
@view
def service_of(id: uint256) -> service_word.Service:
    """
    @notice A service as it is stored; `state_of` tells what it amounts to now.
    @param id The service's number.
    @return Service owner, plan, state (1 active, 2 paused, 3 suspended, 4 stopped), rate (nano
            credit a second, before the discount), discount (basis points), epoch, expires_at
            (unix seconds, 0 for never).
    """
    return service_word._unpack(self._service(id))


@external
@view
def state_of(id: uint256) -> uint256:
    """
    @notice What a service amounts to now.
    @param id The service's number.
    @return uint256 1 active, 2 paused, 3 suspended, 4 stopped, 5 lapsed, 6 expired.
    """
    word: uint256 = self._service(id)
    if self._has_ended(word):
        return service_word.STOPPED
    service: service_word.Service = service_word._unpack(word)
    if service.state != service_word.ACTIVE:
        return service.state
    if service.expires_at != 0 and block.timestamp >= service.expires_at:
        return EXPIRED
    if service.rate != 0 and staticcall ICredits(CREDITS).balance_of(service.owner) == 0:
        return LAPSED
    return service_word.ACTIVE


@external
@view
def streams(id: uint256) -> uint256:
    """
    @notice What a service streams while it is active: its price after the discount.
    @param id The service's number.
    @return uint256 nano credit a second.
    """
    return service_word._streams(self._service(id))


@external
@view
def tier_of(account: address) -> uint256:
    """
    @notice The tier that an account has now: the one it took, while it has credit.
    @param account The 20-byte address.
    @return uint256 The tier's number; 0 also for a lapsed one.
    """
    tenant: uint256 = self.tenants[account]
    if tenant >> tenant_word.EPOCH_AT != staticcall ICredits(CREDITS).epoch_of(account):
        return 0
    if staticcall ICredits(CREDITS).balance_of(account) == 0:
        return 0
    return tenant & tenant_word.TIER_MASK


@external
@view
def tenant_of(account: address) -> tenant_word.Tenant:
    """
    @notice What Hosting keeps of an account, as of now.
    @param account The 20-byte address.
    @return Tenant tier, rate (nano credit a second), discount (basis points), allowed (services
            at once; looked up again when they are used up), free and paid (services not stopped),
            epoch.
    """
    return tenant_word._unpack(self._tenant(account))


@external
@view
def tier_terms(tier: uint256) -> Tier:
    """
    @notice A tier's terms, for whoever takes it now.
    @param tier The tier's number.
    @return Tier name, rate (nano credit a second), discount (basis points off paid services),
            services (at once), storage (bytes), traffic (bytes a month), offered.
    """
    terms: tier_word.Terms = tier_word._unpack(self.tier_words[tier])
    return Tier(
        name=self.tier_names[tier],
        rate=terms.rate,
        discount=terms.discount,
        services=terms.services,
        storage=terms.storage,
        traffic=terms.traffic,
        offered=terms.offered,
    )


@external
@view
def plan_of(plan: uint256) -> Plan:
    """
    @notice A plan.
    @param plan The plan's number.
    @return Plan name, kind (1 static site, 2 storage, 3 function site; 0 for a plan that was
            never set), rate (nano credit a second), free_period (seconds), offered.
    """
    terms: plan_word.Terms = plan_word._unpack(self.plan_words[plan])
    return Plan(
        name=self.plan_names[plan],
        kind=terms.kind,
        rate=terms.rate,
        free_period=terms.free_period,
        offered=terms.offered,
    )


@external
@view
def started_of(plan: uint256) -> uint256:
    """
    @notice How many services of a plan were ever started: numbered from plan * 10**7 + 1 on.
    @param plan The plan's number.
    @return uint256 A count.
    """
    return plan_word._started(self.plan_words[plan])


# ---------------------------------------------------------------- admin


@external
def set_tier(
    tier: uint256,
    name: String[32],
    rate: uint256,
    discount: uint256,
    services: uint256,
    storage: uint256,
    traffic: uint256,
    offered: bool,
):
    """
    @notice Sets a tier. For the admin. Whoever has it keeps the price and the discount that they
            took it at.
    @param tier The tier's number, 0 to 255; 0 is what every account has that took no other.
    @param name Its name.
    @param rate nano credit a second; 0 for tier 0 alone.
    @param discount Basis points off the price of paid services, at most 9000.
    @param services How many services an account may have at once.
    @param storage Bytes of storage allowed.
    @param traffic Bytes of traffic allowed a month.
    @param offered Whether it can be taken.
    """
    roles._check_admin()
    assert tier < MOST_TIERS, "Hosting: tier out of range"
    assert (rate == 0) == (tier == 0), "Hosting: tier 0 is the free one"
    assert tier != 0 or discount == 0, "Hosting: tier 0 has no discount"
    self.tier_names[tier] = name
    self.tier_words[tier] = tier_word._pack(
        tier_word.Terms(
            rate=rate,
            discount=discount,
            services=services,
            storage=storage,
            traffic=traffic,
            offered=offered,
        )
    )
    log TierSet(
        tier=tier,
        name=name,
        rate=rate,
        discount=discount,
        services=services,
        storage=storage,
        traffic=traffic,
        offered=offered,
    )


@external
def set_plan(
    plan: uint256,
    name: String[32],
    kind: uint256,
    rate: uint256,
    free_period: uint256,
    offered: bool,
):
    """
    @notice Sets a plan. For the admin. Services that run keep their price; a plan keeps its kind.
    @param plan The plan's number, 1 to 4095.
    @param name Its name.
    @param kind 1 static site, 2 storage, 3 function site.
    @param rate nano credit a second; 0 is free.
    @param free_period Seconds that a free service runs until it is renewed; 0 on a paid plan.
    @param offered Whether it can be started.
    """
    roles._check_admin()
    assert plan != 0 and plan < MOST_PLANS, "Hosting: plan out of range"
    assert kind >= STATIC_SITE and kind <= FUNCTION_SITE, "Hosting: unknown kind"
    assert (rate == 0) == (free_period != 0), "Hosting: free means a period"
    word: uint256 = self.plan_words[plan]
    assert word == 0 or kind == plan_word._unpack(word).kind, "Hosting: kind is fixed"
    self.plan_names[plan] = name
    self.plan_words[plan] = plan_word._set(
        word, plan_word.Terms(kind=kind, rate=rate, free_period=free_period, offered=offered)
    )
    log PlanSet(
        plan=plan, name=name, kind=kind, rate=rate, free_period=free_period, offered=offered
    )


# ---------------------------------------------------------------- internal


@internal
def _subscribe(tier: uint256, max_rate: uint256):
    """
    @dev Moves the caller's stream by the difference of the tiers.
    """
    terms: tier_word.Terms = empty(tier_word.Terms)
    if tier != 0:
        assert tier < MOST_TIERS, "Hosting: tier not offered"
        terms = tier_word._unpack(self.tier_words[tier])
        assert terms.offered, "Hosting: tier not offered"
        assert terms.rate <= max_rate, "Hosting: price above max_rate"
    tenant: uint256 = self._tenant(msg.sender)
    before: uint256 = (tenant >> tenant_word.RATE_AT) & tenant_word.RATE_MASK
    assert tier != 0 or tenant & tenant_word.TIER_MASK != 0, "Hosting: not subscribed"
    if terms.rate != before:
        self._adjust_rate(msg.sender, convert(terms.rate, int256) - convert(before, int256))
    self.tenants[msg.sender] = tenant_word._subscribed(
        tenant, tier, terms.rate, terms.discount, terms.services
    )
    log Subscribed(
        account=msg.sender,
        tier=tier,
        rate=terms.rate,
        discount=terms.discount,
        services=terms.services,
        epoch=tenant >> tenant_word.EPOCH_AT,
    )


@internal
@view
def _tenant(account: address) -> uint256:
    """
    @dev An account's word, of its epoch as of now.
    """
    return tenant_word._in_epoch(
        self.tenants[account], staticcall ICredits(CREDITS).epoch_of(account)
    )


@internal
@view
def _discount_of(account: address) -> uint256:
    return (self._tenant(account) >> tenant_word.DISCOUNT_AT) & tenant_word.DISCOUNT_MASK


@internal
@view
def _with_room(tenant: uint256) -> uint256:
    """
    @dev Refuses one service too many. What the tier allows is looked up again only when it is
         used up.
    """
    count: uint256 = tenant_word._services(tenant)
    if count < (tenant >> tenant_word.ALLOWED_AT) & tenant_word.COUNT_MASK:
        return tenant
    tier: uint256 = self.tier_words[tenant & tenant_word.TIER_MASK]
    allowed: uint256 = (tier >> tier_word.SERVICES_AT) & tier_word.SERVICES_MASK
    assert count < allowed, "Hosting: too many services"
    return (tenant & ~(tenant_word.COUNT_MASK << tenant_word.ALLOWED_AT)) | (
        allowed << tenant_word.ALLOWED_AT
    )


@internal
def _join(account: address, word: uint256) -> uint256:
    """
    @dev Counts a service in with an account; gives its word, now of that owner and epoch.
    """
    tenant: uint256 = self._with_room(self._tenant(account))
    epoch: uint256 = 0
    if word & (service_word.RATE_MASK << service_word.RATE_AT) == 0:
        self.tenants[account] = unsafe_add(tenant, tenant_word.ONE_FREE)
    else:
        self.tenants[account] = unsafe_add(tenant, tenant_word.ONE_PAID)
        epoch = tenant >> tenant_word.EPOCH_AT
        assert epoch <= service_word.EPOCH_MASK, "Hosting: epoch too large"
    kept: uint256 = word & ~(
        service_word.OWNER_MASK | (service_word.EPOCH_MASK << service_word.EPOCH_AT)
    )
    return kept | convert(account, uint256) | (epoch << service_word.EPOCH_AT)


@internal
def _leave(account: address, word: uint256):
    """
    @dev Counts a living service out.
    """
    tenant: uint256 = self._tenant(account)
    if word & (service_word.RATE_MASK << service_word.RATE_AT) == 0:
        self.tenants[account] = tenant - tenant_word.ONE_FREE
    else:
        self.tenants[account] = tenant - tenant_word.ONE_PAID


@internal
@view
def _check_receiver(account: address):
    """
    @dev Whether all that an account streams now stays within its limit a day.
    """
    paid: uint256 = 0
    granted: uint256 = 0
    rate: uint256 = 0
    updated_at: uint256 = 0
    spent_today: uint256 = 0
    per_day: uint256 = 0
    (paid, granted, rate, updated_at, spent_today, per_day) = staticcall ICredits(
        CREDITS
    ).account_of(account)
    assert per_day != 0, "Hosting: receiver takes nothing"
    assert rate * DAY <= per_day * NANO_PER_MICRO, "Hosting: above receiver's limit"


@internal
def _save(id: uint256, owner: address, word: uint256):
    self.services[id] = word
    log ServiceChanged(service=id, owner=owner, word=word)


@internal
def _reprice(id: uint256, owner: address, before: uint256, after: uint256):
    """
    @dev Moves the stream of an active service by the difference.
    """
    if before >> service_word.STATE_AT == service_word.ACTIVE:
        delta: int256 = convert(service_word._streams(after), int256) - convert(
            service_word._streams(before), int256
        )
        if delta != 0:
            self._adjust_rate(owner, delta)
    self._save(id, owner, after)


@internal
def _adjust_rate(account: address, delta: int256) -> uint256:
    """
    @dev Changes what an account streams; gives its epoch. Credits was seen to be a contract when
         this one was made.
    """
    return extcall ICredits(CREDITS).adjust_rate(account, delta, skip_contract_check=True)


@internal
def _stream(owner: address, word: uint256):
    streamed: uint256 = service_word._streams(word)
    if streamed != 0:
        self._adjust_rate(owner, convert(streamed, int256))


@internal
def _unstream(owner: address, word: uint256):
    streamed: uint256 = service_word._streams(word)
    if streamed != 0:
        self._adjust_rate(owner, -convert(streamed, int256))


@internal
@pure
def _with_terms(word: uint256, terms: uint256) -> uint256:
    """
    @dev Sets when a free service expires, or a paid one's discount.
    """
    assert terms <= service_word.TERMS_MASK, "Hosting: time too large"
    return (word & ~(service_word.TERMS_MASK << service_word.TERMS_AT)) | (
        terms << service_word.TERMS_AT
    )


@internal
@view
def _mine(id: uint256) -> uint256:
    """
    @dev A service of the caller, which may have ended: asking Credits here would cost a second
         call.
    """
    word: uint256 = self.services[id]
    if word & service_word.OWNER_MASK != convert(msg.sender, uint256):
        assert word != 0, "Hosting: no such service"
        raise "Hosting: not your service"
    return word


@internal
@view
def _owned(id: uint256) -> uint256:
    word: uint256 = self._mine(id)
    assert not self._has_ended(word), "Hosting: service has ended"
    return word


@internal
@view
def _living(id: uint256) -> uint256:
    word: uint256 = self._service(id)
    assert not self._has_ended(word), "Hosting: service has ended"
    return word


@internal
@view
def _service(id: uint256) -> uint256:
    word: uint256 = self.services[id]
    assert word != 0, "Hosting: no such service"
    return word


@internal
@view
def _has_ended(word: uint256) -> bool:
    if word >> service_word.STATE_AT == service_word.STOPPED:
        return True
    if word & (service_word.RATE_MASK << service_word.RATE_AT) == 0:
        return False
    owner: address = convert(word & service_word.OWNER_MASK, address)
    epoch: uint256 = (word >> service_word.EPOCH_AT) & service_word.EPOCH_MASK
    return epoch < staticcall ICredits(CREDITS).epoch_of(owner)
