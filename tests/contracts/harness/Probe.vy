# pragma version 0.4.3
"""
@title Everything that the views say of some accounts and some services, in one call
"""

from contracts import Credits
from contracts import Hosting
from contracts.modules import service_word
from contracts.modules import tenant_word

MOST: constant(uint256) = 128


struct AccountSeen:
    paid: uint256
    granted: uint256
    rate: uint256
    updated_at: uint256
    spent_today: uint256
    per_day: uint256
    balance: uint256
    depletes_at: uint256
    epoch: uint256
    refundable: uint256
    by_hosting: uint256
    by_meter: uint256
    tier: uint256
    tenant: tenant_word.Tenant


struct ServiceSeen:
    stored: service_word.Service
    state: uint256
    streams: uint256


@external
@view
def see(
    credits: address,
    hosting: address,
    meter: address,
    accounts: DynArray[address, 4],
    ids: DynArray[uint256, MOST],
) -> (DynArray[AccountSeen, 4], DynArray[ServiceSeen, MOST]):
    bank: Credits.__interface__ = Credits.__interface__(credits)
    host: Hosting.__interface__ = Hosting.__interface__(hosting)
    seen: DynArray[AccountSeen, 4] = []
    for account: address in accounts:
        it: AccountSeen = empty(AccountSeen)
        (
            it.paid, it.granted, it.rate, it.updated_at, it.spent_today, it.per_day
        ) = staticcall bank.account_of(account)
        it.balance = staticcall bank.balance_of(account)
        it.depletes_at = staticcall bank.depletes_at(account)
        it.epoch = staticcall bank.epoch_of(account)
        it.refundable = staticcall bank.refundable_of(account)
        it.by_hosting = staticcall bank.rate_by(hosting, account)
        it.by_meter = staticcall bank.rate_by(meter, account)
        it.tier = staticcall host.tier_of(account)
        it.tenant = staticcall host.tenant_of(account)
        seen.append(it)
    services: DynArray[ServiceSeen, MOST] = []
    for id: uint256 in ids:
        services.append(
            ServiceSeen(
                stored=staticcall host.service_of(id),
                state=staticcall host.state_of(id),
                streams=staticcall host.streams(id),
            )
        )
    return seen, services
