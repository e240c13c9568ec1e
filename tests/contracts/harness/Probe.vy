# pragma version 0.4.3
"""
@title Everything that the views say of some accounts and all services, in one call
"""

from contracts import Credits
from contracts import Hosting
from contracts.modules import service_word

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


struct ServiceSeen:
    stored: service_word.Service
    state: uint256


@external
@view
def see(
    credits: address, hosting: address, accounts: DynArray[address, 4]
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
        seen.append(it)
    services: DynArray[ServiceSeen, MOST] = []
    count: uint256 = staticcall host.service_count()
    for i: uint256 in range(count, bound=MOST):
        services.append(
            ServiceSeen(
                stored=staticcall host.service_of(i + 1), state=staticcall host.state_of(i + 1)
            )
        )
    return seen, services
