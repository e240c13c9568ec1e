# pragma version 0.4.3
"""
@title Hosting
@license Apache-2.0
@author DecentraSpace
@notice The services that accounts run, and the plans they run on.
@dev A service is one storage word. Its state machine, and nothing else is legal:

        start    ->  active
        pause        active             -> paused
        resume       paused             -> active
        suspend      active, paused     -> suspended     (moderator)
        unsuspend    suspended          -> paused        (moderator)
        stop         any but stopped    -> stopped

     An active service of a rate streams that rate from its owner's account; in any other stored
     state it streams nothing. It keeps the rate that it was started at.
     `lapsed`, `expired` and the end of an epoch are never written: `state_of` derives them. Once
     its owner's epoch is over, a paid service has ended, paused or not: nothing moves it again.
"""

from contracts.interfaces import ICredits
from contracts.interfaces import IHosting
from contracts.modules import plan_word
from contracts.modules import roles
from contracts.modules import service_word

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


# ---------------------------------------------------------------- events


event PlanSet:
    plan: indexed(uint256)
    name: String[32]
    kind: uint256
    rate: uint256
    free_period: uint256
    offered: bool


event ServiceStarted:
    service: indexed(uint256)
    owner: indexed(address)
    plan: uint256
    state: uint256
    rate: uint256
    epoch: uint256
    expires_at: uint256
    reference: bytes32


event ServiceChanged:
    service: indexed(uint256)
    owner: indexed(address)
    plan: uint256
    state: uint256
    rate: uint256
    epoch: uint256
    expires_at: uint256


event ServiceSuspended:
    service: indexed(uint256)
    owner: indexed(address)
    plan: uint256
    state: uint256
    rate: uint256
    epoch: uint256
    expires_at: uint256
    reason: String[128]


# ---------------------------------------------------------------- constants and storage


# Kinds of plan.
STATIC_SITE: constant(uint256) = 1
STORAGE: constant(uint256) = 2
FUNCTION_SITE: constant(uint256) = 3

# Stored states.
ACTIVE: constant(uint256) = 1
PAUSED: constant(uint256) = 2
SUSPENDED: constant(uint256) = 3
STOPPED: constant(uint256) = 4
# Derived states.
LAPSED: constant(uint256) = 5
EXPIRED: constant(uint256) = 6

CREDITS: public(immutable(address))

plan_names: HashMap[uint256, String[32]]
plan_words: HashMap[uint256, uint256]
services: HashMap[uint256, uint256]
service_count: public(uint256)


@deploy
def __init__(credits: address):
    """
    @notice The deployer becomes the admin.
    @param credits The 20-byte address of Credits, which must register this contract as a meter.
    """
    roles.__init__()
    CREDITS = credits


# ---------------------------------------------------------------- services


@external
def start(plan: uint256, reference: bytes32, max_rate: uint256) -> uint256:
    """
    @notice Starts a service of a plan for the caller.
    @param plan The plan's number.
    @param reference 32 bytes of the caller's own, kept in the event.
    @param max_rate The highest price accepted, in nano credit a second: guards against a price
           that changes before the transaction is taken.
    @return uint256 The service's number.
    """
    offer: plan_word.Terms = plan_word._unpack(self.plan_words[plan])
    assert offer.offered, "Hosting: plan not offered"
    assert offer.rate <= max_rate, "Hosting: price above max_rate"
    service: service_word.Service = service_word.Service(
        owner=msg.sender, plan=plan, state=ACTIVE, rate=offer.rate, epoch=0, expires_at=0
    )
    if offer.free_period != 0:
        service.expires_at = block.timestamp + offer.free_period
    self._stream(service)
    if service.rate != 0:
        service.epoch = staticcall ICredits(CREDITS).epoch_of(msg.sender)
    id: uint256 = self.service_count + 1
    self.service_count = id
    self.services[id] = service_word._pack(service)
    log ServiceStarted(
        service=id,
        owner=service.owner,
        plan=service.plan,
        state=service.state,
        rate=service.rate,
        epoch=service.epoch,
        expires_at=service.expires_at,
        reference=reference,
    )
    return id


@external
def pause(id: uint256):
    """
    @notice Stops serving and streaming; what it holds is kept.
    @param id The number of an active service of the caller.
    """
    service: service_word.Service = self._owned(id)
    assert service.state == ACTIVE, "Hosting: not active"
    self._unstream(service)
    service.state = PAUSED
    self._save(id, service)


@external
def resume(id: uint256):
    """
    @notice Serves and streams again, at the rate that the service was started at.
    @param id The number of a paused service of the caller.
    """
    service: service_word.Service = self._owned(id)
    assert service.state == PAUSED, "Hosting: not paused"
    self._stream(service)
    service.state = ACTIVE
    self._save(id, service)


@external
def stop(id: uint256):
    """
    @notice Ends a service for good.
    @param id The number of a service of the caller that has not ended.
    """
    service: service_word.Service = self._owned(id)
    if service.state == ACTIVE:
        self._unstream(service)
    service.state = STOPPED
    self._save(id, service)


@external
def renew_free(id: uint256):
    """
    @notice Gives a free service its plan's whole free period again, from now.
    @dev Refused once the plan is no longer offered free: how a free plan comes to its end.
    @param id The number of a free service of the caller that has not ended.
    """
    service: service_word.Service = self._owned(id)
    assert service.rate == 0, "Hosting: not a free service"
    offer: plan_word.Terms = plan_word._unpack(self.plan_words[service.plan])
    assert offer.offered and offer.free_period != 0, "Hosting: plan not offered"
    service.expires_at = block.timestamp + offer.free_period
    self._save(id, service)


# ---------------------------------------------------------------- moderation


@external
def suspend(id: uint256, reason: String[128]):
    """
    @notice Takes a service off the air and stops its stream. For moderators.
    @param id The number of an active or paused service.
    @param reason What its owner and its visitors are told.
    """
    roles._check_role(roles.Role.MODERATOR)
    service: service_word.Service = self._living(id)
    assert service.state != SUSPENDED, "Hosting: already suspended"
    if service.state == ACTIVE:
        self._unstream(service)
    service.state = SUSPENDED
    self.services[id] = service_word._pack(service)
    log ServiceSuspended(
        service=id,
        owner=service.owner,
        plan=service.plan,
        state=service.state,
        rate=service.rate,
        epoch=service.epoch,
        expires_at=service.expires_at,
        reason=reason,
    )


@external
def unsuspend(id: uint256):
    """
    @notice Gives a suspended service back to its owner, paused. For moderators.
    @param id The number of a suspended service.
    """
    roles._check_role(roles.Role.MODERATOR)
    service: service_word.Service = self._living(id)
    assert service.state == SUSPENDED, "Hosting: not suspended"
    service.state = PAUSED
    self._save(id, service)


# ---------------------------------------------------------------- views


@external
@view
def service_of(id: uint256) -> service_word.Service:
    """
    @notice A service as it is stored; `state_of` tells what it amounts to now.
    @param id The service's number.
    @return Service owner, plan, state (1 active, 2 paused, 3 suspended, 4 stopped), rate (nano
            credit a second), epoch, expires_at (unix seconds, 0 for never).
    """
    return self._service(id)


@external
@view
def state_of(id: uint256) -> uint256:
    """
    @notice What a service amounts to now.
    @param id The service's number.
    @return uint256 1 active, 2 paused, 3 suspended, 4 stopped, 5 lapsed, 6 expired.
    """
    service: service_word.Service = self._service(id)
    if self._has_ended(service):
        return STOPPED
    if service.state != ACTIVE:
        return service.state
    if service.expires_at != 0 and block.timestamp >= service.expires_at:
        return EXPIRED
    if service.rate != 0 and staticcall ICredits(CREDITS).balance_of(service.owner) == 0:
        return LAPSED
    return ACTIVE


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


# ---------------------------------------------------------------- admin


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
    @notice Sets a plan. Services that run already keep their rate; a plan keeps its kind.
    @param plan The plan's number, 1 to 4095.
    @param name Its name.
    @param kind 1 static site, 2 storage, 3 function site.
    @param rate nano credit a second; 0 is free.
    @param free_period Seconds that a free service runs until it is renewed; 0 on a paid plan.
    @param offered Whether it can be started.
    """
    roles._check_admin()
    assert plan != 0 and plan < 2**12, "Hosting: plan out of range"
    assert kind >= STATIC_SITE and kind <= FUNCTION_SITE, "Hosting: unknown kind"
    assert (rate == 0) == (free_period != 0), "Hosting: free means a period"
    word: uint256 = self.plan_words[plan]
    assert word == 0 or kind == plan_word._unpack(word).kind, "Hosting: kind is fixed"
    self.plan_names[plan] = name
    self.plan_words[plan] = plan_word._pack(
        plan_word.Terms(kind=kind, rate=rate, free_period=free_period, offered=offered)
    )
    log PlanSet(
        plan=plan, name=name, kind=kind, rate=rate, free_period=free_period, offered=offered
    )


# ---------------------------------------------------------------- internal


@internal
def _save(id: uint256, service: service_word.Service):
    self.services[id] = service_word._pack(service)
    log ServiceChanged(
        service=id,
        owner=service.owner,
        plan=service.plan,
        state=service.state,
        rate=service.rate,
        epoch=service.epoch,
        expires_at=service.expires_at,
    )


@internal
def _stream(service: service_word.Service):
    if service.rate != 0:
        extcall ICredits(CREDITS).adjust_rate(service.owner, convert(service.rate, int256))


@internal
def _unstream(service: service_word.Service):
    if service.rate != 0:
        extcall ICredits(CREDITS).adjust_rate(service.owner, -convert(service.rate, int256))


@internal
@view
def _owned(id: uint256) -> service_word.Service:
    service: service_word.Service = self._living(id)
    assert service.owner == msg.sender, "Hosting: not your service"
    return service


@internal
@view
def _living(id: uint256) -> service_word.Service:
    service: service_word.Service = self._service(id)
    assert not self._has_ended(service), "Hosting: service has ended"
    return service


@internal
@view
def _service(id: uint256) -> service_word.Service:
    word: uint256 = self.services[id]
    assert word != 0, "Hosting: no such service"
    return service_word._unpack(word)


@internal
@view
def _has_ended(service: service_word.Service) -> bool:
    if service.state == STOPPED:
        return True
    if service.rate == 0:
        return False
    return service.epoch < staticcall ICredits(CREDITS).epoch_of(service.owner)
