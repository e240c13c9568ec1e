"""Tells accounts what comes, from a week before their credit is used up to the removal.

An account's own: one of the runways, the nearest; or that it lapsed, and what is left of the
contract's grace. A service's: that it is over and when its content goes. By the mirror's head,
since telling harms nobody; what is removed goes by final blocks alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any

from flask import current_app

from api.db import utc_now, writing
from api.holds.models import Hold
from api.http.schemas import bad_cursor, decode_cursor, encode_cursor, from_unix, rfc3339
from api.mirror import MirrorView, open_mirror
from api.notices import repository
from api.notices.models import NoticeKind
from api.notices.repository import Ended, Told
from api.notices.schemas import Notices, notice_out
from api.problems import Problem
from api.settings import ApiSettings
from indexer import reads
from indexer.rules import Account

ACCOUNT = "account"
_HOUR, _DAY = 3_600, 86_400
_RUNWAYS = (
    (_HOUR, NoticeKind.RUNWAY_1H),
    (_DAY, NoticeKind.RUNWAY_1D),
    (7 * _DAY, NoticeKind.RUNWAY_7D),
)
_ENDS = ((_DAY, NoticeKind.ENDS_1D), (7 * _DAY, NoticeKind.ENDS_7D))

Conditions = dict[Told, Mapping[str, Any]]


def write_notices() -> int:
    """Tells what holds and was not told, closes what holds no more; how much was new."""
    new, after = 0, ""
    while True:
        with writing():
            try:
                mirror = open_mirror()
            except Problem:  # there is no mirror yet
                return new
            page = repository.list_addresses(after)
            if not page:
                return new
            new += _tell(mirror, page)
        after = page[-1]


def tell_removed(mirror: MirrorView, holds: Collection[Hold]) -> None:
    """That content of services that are over was removed, in the transaction that does it."""
    services = {hold.service_id for hold in holds}
    views = reads.read_service_view(mirror.connection, services) if services else []
    removed_at = rfc3339(utc_now())
    repository.add(
        {
            Told(view.service.owner, NoticeKind.REMOVED, str(view.service.id)): {
                "removed_at": removed_at
            }
            for view in views
        }
    )


def list_notices(address: str, cursor: str | None, limit: int) -> Notices:
    """A page of what an account was told."""
    below = None
    if cursor is not None:
        text = decode_cursor(cursor)[0]
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise bad_cursor()
        below = int(text)
    rows = repository.list_notices(address, below, limit + 1)
    page = rows[:limit]
    return Notices(
        items=[notice_out(row) for row in page],
        next_cursor=encode_cursor(page[-1].id) if len(rows) > limit else None,
    )


def account_conditions(
    account: Account, now: int, grace: int
) -> Iterator[tuple[NoticeKind, dict[str, str]]]:
    """What an account is to know at a second; `grace` is Credits', in seconds."""
    depletes_at = account.depletes_at
    if depletes_at is None or account.has_ended(now, grace):
        return
    if now < depletes_at:
        for seconds, kind in _RUNWAYS:
            if depletes_at - now <= seconds:
                yield kind, {"depletes_at": rfc3339(from_unix(depletes_at))}
                return
        return
    details = {
        "depleted_at": rfc3339(from_unix(depletes_at)),
        "ends_at": rfc3339(from_unix(depletes_at + grace)),
    }
    yield NoticeKind.LAPSED, details
    for seconds, kind in _ENDS:
        if depletes_at + grace - now <= seconds:
            yield kind, details
            return


def _tell(mirror: MirrorView, page: list[str]) -> int:
    accounts = reads.read_accounts(mirror.connection, page)
    holding: Conditions = {}
    for address in page:
        account = accounts[address].account
        for kind, details in account_conditions(account, mirror.now, mirror.terms.grace):
            holding[Told(address, kind, ACCOUNT)] = details
    ended = repository.list_ended(page)
    for found in ended:
        holding |= _of_ended(found)
    told = repository.list_open(page)
    # What was removed stays told for as long as the service is over.
    still = {Told(found.owner, NoticeKind.REMOVED, str(found.service_id)) for found in ended}
    repository.close([told[key] for key in told.keys() - holding.keys() - still])
    return repository.add({key: holding[key] for key in holding.keys() - told.keys()})


def _of_ended(found: Ended) -> Conditions:
    if not found.holds:
        return {}
    settings: ApiSettings = current_app.config["DSPACE"]
    removal_at = found.since + timedelta(days=settings.grace_days)
    details = {"state": found.state, "removal_at": rfc3339(removal_at)}
    subject = str(found.service_id)
    conditions: Conditions = {Told(found.owner, NoticeKind.ENDED, subject): details}
    if removal_at - utc_now() <= timedelta(days=1):
        conditions[Told(found.owner, NoticeKind.REMOVAL_1D, subject)] = details
    return conditions
