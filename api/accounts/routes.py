"""Accounts over HTTP."""

from __future__ import annotations

from flask import Blueprint

from api.accounts import service
from api.accounts.schemas import AccountOut, Ledger
from api.http.access import PUBLIC, current_caller, scope
from api.http.operation import operation
from api.http.schemas import PageQuery, parse_address
from api.mirror import open_mirror
from api.problems import FieldError, invalid

blueprint = Blueprint("accounts", __name__, url_prefix="/v1")


@blueprint.get("/account")
@operation(
    access=scope("account:read"),
    tag="account",
    returns=(200, AccountOut),
    problems=["mirror-not-ready"],
)
def show_own_account() -> AccountOut:
    """The caller's own account, as of now.

    Balances, rates and times follow the contract to the second: what streams is taken off already.
    """
    return service.show_account(open_mirror(), current_caller().address)


@blueprint.get("/accounts/<address>")
@operation(
    access=PUBLIC,
    tag="account",
    returns=(200, AccountOut),
    problems=["validation-failed", "mirror-not-ready"],
)
def show_account(address: str) -> AccountOut:
    """Any account, as of now: what stands on the chain is public."""
    try:
        known = parse_address(address)
    except ValueError as error:
        raise invalid(FieldError("address", str(error))) from None
    return service.show_account(open_mirror(), known)


@blueprint.get("/account/ledger")
@operation(
    access=scope("account:read"),
    tag="account",
    query=PageQuery,
    returns=(200, Ledger),
    problems=["mirror-not-ready"],
)
def list_ledger(query: PageQuery) -> Ledger:
    """The account's on-chain history, newest first, each entry with its transaction."""
    return service.list_ledger(open_mirror(), current_caller().address, query.cursor, query.limit)
